"""Evidence put together by hand, and the verdict that the design asks for.

`expected` is written from the documentation, as ordered rules over plain words. It shares
nothing with the code that it is held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from provenance.model import (
    Basis,
    ContentMatchEvidence,
    Evidence,
    GenerationClaim,
    ManifestEvidence,
    ManifestStatus,
    MarkerClass,
    MarkerEvidence,
    MarkId,
    MatchStatus,
    RecordEvidence,
    RecordKey,
    RecordState,
    RecordStatus,
    SignerInfo,
    SoftBinding,
    SystemRef,
    Verdict,
    WatermarkEvidence,
    WatermarkStatus,
)

OURS = SystemRef(77, "acme-images")
RECORD_ID = "3c1f2a52-0c4f-4a8e-9d0e-2f5b0a3f7d10"
MANIFEST_ID = f"urn:c2pa:{RECORD_ID}"
MARK_ID = MarkId(0xABCDEF012345)
PAYLOAD = bytes(range(12))
ALG = "org.example.mark.1"
SIGNER = SignerInfo(
    organization="Acme", common_name="acme-images", serial_number="1", algorithm="es256"
)
CAPTURE = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
THIRD = "Third Party"
ORACLE = "the oracle of the third party"
MARK_STATUSES = tuple(WatermarkStatus)
READ = (WatermarkStatus.READ_AUTHENTIC, WatermarkStatus.READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One combination of what the checks can say."""

    manifest: ManifestStatus = ManifestStatus.NONE
    mark: WatermarkStatus = WatermarkStatus.NONE
    record: RecordStatus = RecordStatus.NOT_ASKED
    match: MatchStatus | None = None
    same_payload: bool = True
    capture: bool = False
    marker: MarkerClass | None = None

    @property
    def possible(self) -> bool:
        """Only a record that was found can be compared with a picture."""
        return self.match is None or self.record is RecordStatus.FOUND

    def __str__(self) -> str:
        match = self.match.value if self.match else "no match"
        binding = "same payload" if self.same_payload else "other payload"
        origin = "capture" if self.capture else "generated"
        marker = self.marker.value if self.marker else "no marker"
        return f"{self.manifest}/{self.mark}/{self.record}/{match}/{binding}/{origin}/{marker}"


def cases(manifest: ManifestStatus) -> list[Case]:
    """Every combination for one status of the manifest."""
    axes = product(
        MARK_STATUSES,
        RecordStatus,
        (None, *MatchStatus),
        (True, False),
        (False, True),
        (None, *MarkerClass),
    )
    return [
        Case(
            manifest=manifest,
            mark=mark,
            record=record,
            match=match,
            same_payload=same_payload,
            capture=capture,
            marker=marker,
        )
        for mark, record, match, same_payload, capture, marker in axes
    ]


# --- evidence --------------------------------------------------------------------------


def manifest_of(case: Case) -> ManifestEvidence:
    """A manifest of this status; one that can be read states its soft binding and origin."""
    if not case.manifest.readable:
        return ManifestEvidence(status=case.manifest)
    generation = GenerationClaim(system=OURS, model="acme-1", model_version="", record_id=RECORD_ID)
    value = PAYLOAD if case.same_payload else b"another payload"
    return ManifestEvidence(
        status=case.manifest,
        manifest_id=MANIFEST_ID,
        signer=SIGNER,
        actions=("c2pa.created",),
        digital_source_types=(CAPTURE if case.capture else GENERATED,),
        soft_bindings=(SoftBinding(alg=ALG, value=value),),
        generation=None if case.capture else generation,
    )


def mark_of(status: WatermarkStatus, **changed: object) -> WatermarkEvidence:
    """A mark of this status; one that was read says whose it is."""
    known = status in READ
    word = known or status is WatermarkStatus.CANDIDATE
    fields: dict[str, object] = {
        "scheme": "example",
        "alg": ALG,
        "status": status,
        "system": OURS if known else None,
        "mark_id": MARK_ID if word else None,
        "payload": PAYLOAD if word else b"",
        "systems": (OURS.id,),
        "log10_p": -12.5 if known else 0.0,
        "log10_threshold": -8.0 if known else 0.0,
    }
    return WatermarkEvidence(**fields | changed)  # type: ignore[arg-type]


def record_of(status: RecordStatus, key: RecordKey = RecordKey.MARK) -> RecordEvidence:
    """The answer of the registry to the id of that kind."""
    if status not in (RecordStatus.FOUND, RecordStatus.VOID):
        return RecordEvidence(status=status)
    return RecordEvidence(
        status=status,
        key=key,
        record_id=RECORD_ID,
        manifest_id=MANIFEST_ID,
        mark_id=MARK_ID,
        system=OURS,
        state=RecordState.RELEASED if status is RecordStatus.FOUND else RecordState.VOID,
    )


def match_of(status: MatchStatus | None) -> ContentMatchEvidence | None:
    """The comparison with the record."""
    if status is None:
        return None
    return ContentMatchEvidence(
        status=status,
        distance=12,
        match_at_most=31,
        mismatch_at_least=85,
        quality=90,
        orientation="upright",
    )


def marker_of(kind: MarkerClass, system: str = THIRD, oracle: str = ORACLE) -> MarkerEvidence:
    """A marker of this class."""
    return MarkerEvidence(
        marker="third-party",
        kind=kind,
        system=system,
        where="somewhere",
        excerpt="third",
        oracle=oracle,
    )


def _names(status: WatermarkStatus) -> bool:
    """A mark of this status carries an id; without one the manifest is asked."""
    return status in READ or status is WatermarkStatus.CANDIDATE


def evidence_of(case: Case) -> Evidence:
    """All of it."""
    mark = mark_of(case.mark)
    if case.mark is WatermarkStatus.CANDIDATE and case.record is RecordStatus.FOUND:
        mark = mark_of(case.mark, system=OURS)
    return Evidence(
        manifest=manifest_of(case),
        watermarks=(mark,),
        record=record_of(case.record, RecordKey.MARK if _names(case.mark) else RecordKey.MANIFEST),
        content_match=match_of(case.match),
        markers=(marker_of(case.marker),) if case.marker else (),
    )


# --- what the design asks for --------------------------------------------------------------


def _mark_counts(case: Case) -> bool:
    """A mark was read, or a word was confirmed by its record and the picture in it."""
    return case.mark in READ or (case.mark is WatermarkStatus.CANDIDATE and _confirmed(case))


def _confirmed(case: Case) -> bool:
    same = (MatchStatus.MATCH, MatchStatus.PARTIAL)
    return case.record is RecordStatus.FOUND and case.match in same


def _contradicts(case: Case) -> bool:
    """Sources that cannot all be right."""
    mismatch = case.match is MatchStatus.MISMATCH
    if _mark_counts(case):
        other_story = case.manifest.readable and (case.capture or not case.same_payload)
        return other_story or case.manifest is ManifestStatus.INVALID or mismatch
    names_our_record = case.manifest is ManifestStatus.TRUSTED and not case.capture
    asked_for_it = not _names(case.mark)  # an id in the pixels is looked up before it
    return names_our_record and (case.mark is WatermarkStatus.NONE or (mismatch and asked_for_it))


def _word_is_open(case: Case) -> bool:
    """A word names a record that is there, and no comparison says yes or no."""
    open_match = case.match in (None, MatchStatus.NOT_COMPARABLE)
    word = case.mark is WatermarkStatus.CANDIDATE
    return word and case.record is RecordStatus.FOUND and open_match


def expected_basis(case: Case) -> set[Basis]:
    """What the verdict may say that it rests on, in the words of the Code of Practice."""
    verdict = expected(case)
    counts = _mark_counts(case)
    if verdict is Verdict.NOT_FOUND:
        return set()
    if verdict is Verdict.TRACED:
        signed = {Basis.METADATA} if case.manifest is ManifestStatus.TRUSTED else set()
        compared = {Basis.WATERMARK, Basis.OTHER} if counts and _confirmed(case) else set()
        return signed | compared
    in_metadata = case.marker in (MarkerClass.SIGNED, MarkerClass.UNSIGNED_METADATA)
    # The mark that an intact manifest of ours names is looked for, and its absence is seen.
    missing = (
        case.manifest is ManifestStatus.TRUSTED
        and not case.capture
        and case.mark is WatermarkStatus.NONE
    )
    in_pixels = counts or missing or _word_is_open(case) or case.mark is WatermarkStatus.TRACE
    compared_with_record = verdict is Verdict.CONFLICT and case.match is MatchStatus.MISMATCH
    seen = {
        Basis.METADATA: in_metadata or case.manifest is not ManifestStatus.NONE,
        Basis.WATERMARK: in_pixels or case.marker is MarkerClass.PUBLIC_WATERMARK,
        Basis.OTHER: compared_with_record,
    }
    return {basis for basis, there in seen.items() if there}


def expected(case: Case) -> Verdict:
    """The verdict of the design page, rule by rule."""
    # 1. contradictions between sources are never resolved
    if _contradicts(case):
        return Verdict.CONFLICT
    # 2. an intact manifest of a known signer, or a mark with its record and its picture
    if case.manifest is ManifestStatus.TRUSTED or (_mark_counts(case) and _confirmed(case)):
        return Verdict.TRACED
    # 3. open questions: a mark, a word that might be one, a trace, a manifest that proves
    #    nothing
    if _mark_counts(case) or case.mark is WatermarkStatus.TRACE:
        return Verdict.INDETERMINATE
    word = case.mark is WatermarkStatus.CANDIDATE and case.record is RecordStatus.FOUND
    if word and case.match is not MatchStatus.MISMATCH:
        return Verdict.INDETERMINATE
    if case.manifest not in (ManifestStatus.NONE, ManifestStatus.UNTRUSTED):
        return Verdict.INDETERMINATE
    # 4. a claim that anybody can make; 5. a check that did not run; 6. nothing
    if case.manifest is ManifestStatus.UNTRUSTED or case.marker is not None:
        return Verdict.OTHER_SYSTEM
    unchecked = case.mark is WatermarkStatus.NOT_CHECKED
    return Verdict.INDETERMINATE if unchecked else Verdict.NOT_FOUND
