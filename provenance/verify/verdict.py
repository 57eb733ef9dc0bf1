"""From evidence to verdict: a pure function, and the only place where one is made.

Integrity, trust and match are three axes. The rules, in the order in which they apply:

1. Contradictions between sources are never resolved silently: `CONFLICT`.
2. A trusted manifest with an intact hard binding traces the image. So does a mark that was
   read, whose record was found and whose picture matches the record: `TRACED`.
3. A mark without record or match, a trace of a mark, or a manifest that is there but proves
   nothing: `INDETERMINATE`.
4. A manifest of an unknown signer is a claim that anybody can make, and so is every marker
   of another system: `OTHER_SYSTEM`. Markers decide nothing above this line.
5. A check that could not run is not an absence: `INDETERMINATE`.
6. Otherwise `NOT_FOUND`, which says nothing about how the picture was made.

The same evidence always gives the same finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from provenance.model.evidence import (
    Evidence,
    ManifestEvidence,
    ManifestStatus,
    MarkerClass,
    MarkerEvidence,
    MatchStatus,
    RecordKey,
    RecordStatus,
    WatermarkEvidence,
    WatermarkStatus,
)
from provenance.model.ids import SystemRef
from provenance.model.notes import Note, NoteCode
from provenance.model.report import Finding
from provenance.model.verdict import Basis, Reason, ReasonCode, Verdict
from provenance.verify.notes import (
    ingredient_notes,
    manifest_notes,
    mark_note,
    marker_note,
    match_notes,
    note,
    record_notes,
)
from provenance.verify.questions import (
    candidate,
    confirms,
    counting,
    names_the_record,
    unlisted,
    withdrawn,
)
from provenance.verify.sentences import limits, next_steps, statements

_MANIFEST_REASONS = {
    ManifestStatus.TRUSTED: ReasonCode.MANIFEST_TRUSTED,
    ManifestStatus.TRUSTED_CONTENT_CHANGED: ReasonCode.MANIFEST_CONTENT_CHANGED,
    ManifestStatus.UNTRUSTED: ReasonCode.MANIFEST_UNTRUSTED,
    ManifestStatus.INVALID: ReasonCode.MANIFEST_INVALID,
    ManifestStatus.EXPIRED: ReasonCode.MANIFEST_EXPIRED,
    ManifestStatus.REMOTE_ONLY: ReasonCode.MANIFEST_REMOTE_ONLY,
    ManifestStatus.UNREADABLE: ReasonCode.MANIFEST_UNREADABLE,
    ManifestStatus.NONE: ReasonCode.MANIFEST_NONE,
}
_RECORD_REASONS = {
    RecordStatus.FOUND: ReasonCode.RECORD_FOUND,
    RecordStatus.ABSENT: ReasonCode.RECORD_ABSENT,
    RecordStatus.VOID: ReasonCode.RECORD_VOID,
    RecordStatus.UNREACHABLE: ReasonCode.RECORD_UNREACHABLE,
    RecordStatus.NOT_ASKED: ReasonCode.RECORD_NOT_ASKED,
}
_MATCH_REASONS = {
    MatchStatus.MATCH: ReasonCode.CONTENT_MATCH,
    MatchStatus.PARTIAL: ReasonCode.CONTENT_PARTIAL,
    MatchStatus.MISMATCH: ReasonCode.CONTENT_MISMATCH,
    MatchStatus.NOT_COMPARABLE: ReasonCode.CONTENT_NOT_COMPARABLE,
}
_MARK_REASONS = {
    WatermarkStatus.READ_AUTHENTIC: ReasonCode.MARK_READ,
    WatermarkStatus.READ: ReasonCode.MARK_READ_UNVERIFIED,
    WatermarkStatus.TRACE: ReasonCode.MARK_TRACE,
    WatermarkStatus.NONE: ReasonCode.MARK_NONE,
    WatermarkStatus.NOT_APPLICABLE: ReasonCode.MARK_NOT_APPLICABLE,
    WatermarkStatus.NOT_CHECKED: ReasonCode.MARK_NOT_CHECKED,
}
_MARKER_REASONS = {
    MarkerClass.SIGNED: ReasonCode.MARKER_SIGNED,
    MarkerClass.PUBLIC_WATERMARK: ReasonCode.MARKER_PUBLIC_WATERMARK,
    MarkerClass.UNSIGNED_METADATA: ReasonCode.MARKER_UNSIGNED_METADATA,
}
#: Manifests that are there and leave the question open, unless a mark answers it.
_OPEN_MANIFESTS = frozenset(
    {
        ManifestStatus.TRUSTED_CONTENT_CHANGED,
        ManifestStatus.INVALID,
        ManifestStatus.EXPIRED,
        ManifestStatus.REMOTE_ONLY,
        ManifestStatus.UNREADABLE,
    }
)


def decide(evidence: Evidence) -> Finding:
    """The finding that this evidence supports, and never more."""
    case = _Case.of(evidence)
    conflicts = tuple(_conflicts(case))
    verdict, system = _judge(case, conflicts=bool(conflicts))
    reasons = (*conflicts, *_reasons(case))
    return Finding(
        verdict=verdict,
        system=system,
        basis=tuple(_basis(verdict, case)),
        statements=tuple(statements(verdict, evidence, case.mark, system, case.markers)),
        reasons=reasons,
        next_steps=tuple(next_steps(verdict, evidence, case.mark, system, case.markers)),
        limits=tuple(limits(verdict, evidence, case.mark)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """The evidence with the questions that several rules ask already answered."""

    evidence: Evidence
    mark: WatermarkEvidence | None  # the mark that counts: read, or a confirmed candidate
    markers: tuple[MarkerEvidence, ...]  # those that do not just repeat who made the picture

    @classmethod
    def of(cls, evidence: Evidence) -> _Case:
        read = [mark for mark in evidence.watermarks if mark.status.is_read]
        read.sort(key=lambda mark: not names_the_record(evidence, mark))  # the looked-up one first
        confirmed = [
            mark
            for mark in evidence.watermarks
            if mark.status is WatermarkStatus.CANDIDATE and confirms(evidence, mark)
        ]
        mark = next(iter(read or confirmed), None)
        known = {system.name for system in _systems(evidence, mark)}
        markers = tuple(m for m in evidence.markers if not _repeats(m, known))
        return cls(evidence=evidence, mark=mark, markers=markers)

    @property
    def manifest(self) -> ManifestEvidence:
        return self.evidence.manifest

    @property
    def mismatch(self) -> bool:
        match = self.evidence.content_match
        return match is not None and match.status is MatchStatus.MISMATCH


def _systems(evidence: Evidence, mark: WatermarkEvidence | None) -> Iterator[SystemRef]:
    """Whom the sources name that count for themselves; a marker may say the same again."""
    if mark is not None and mark.system is not None:
        yield mark.system
    if evidence.manifest.generation is not None:
        yield evidence.manifest.generation.system


def _repeats(marker: MarkerEvidence, known: set[str]) -> bool:
    """The marker says again what is known: our stamps write "system: model" into XMP, and that
    AI was used. Beside a system that is known, what names nobody adds nothing.
    """
    if not known:
        return False
    return not marker.system or any(
        marker.system == name or marker.system.startswith(f"{name}: ") for name in known
    )


# --- rule 1 ------------------------------------------------------------------------


def _conflicts(case: _Case) -> Iterator[Reason]:
    manifest, mark = case.manifest, case.mark
    systems = {m.system.id for m in case.evidence.watermarks if m.status.is_read and m.system}
    if len(systems) > 1:
        ids = ", ".join(str(number) for number in sorted(i for i in systems if i is not None))
        yield _reason(ReasonCode.CONFLICT_SEVERAL_SYSTEMS, note(NoteCode.SYSTEMS, ids=ids))
    if _mark_missing(case):
        yield _reason(ReasonCode.CONFLICT_MARK_MISSING)
    if mark is None:
        return
    if manifest.status is ManifestStatus.INVALID:
        codes = note(NoteCode.C2PA_CODES, codes=", ".join(manifest.failure))
        yield _reason(ReasonCode.CONFLICT_MANIFEST_INVALID, codes)
    if not manifest.status.readable:
        return
    for item, binding in product(counting(case.evidence, mark), manifest.soft_bindings):
        if binding.alg == item.alg and binding.value != item.payload:
            both = {"manifest": binding.value.hex(), "pixels": item.payload.hex()}
            yield _reason(ReasonCode.CONFLICT_SOFT_BINDING, note(NoteCode.BINDING, **both))
    if manifest.claims_capture:
        types = ", ".join(manifest.digital_source_types)
        yield _reason(ReasonCode.CONFLICT_CAPTURE, note(NoteCode.SOURCE_TYPES, types=types))
    elif _other_origin(case, mark):
        origin = manifest.generation.system if manifest.generation else manifest.claim_generator
        named = note(NoteCode.MANIFEST_ORIGIN, origin=str(origin))
        yield _reason(ReasonCode.CONFLICT_OTHER_SYSTEM, named)


def _mark_missing(case: _Case) -> bool:
    """An intact manifest of a known system names a mark that was looked for and is not there."""
    manifest = case.manifest
    if manifest.status is not ManifestStatus.TRUSTED or manifest.generation is None:
        return False
    declared = {binding.alg for binding in manifest.soft_bindings}
    return any(
        mark.alg in declared
        and mark.status is WatermarkStatus.NONE
        and manifest.generation.system.id in mark.systems
        for mark in case.evidence.watermarks
    )


def _other_origin(case: _Case, mark: WatermarkEvidence) -> bool:
    """The manifest says that the picture began elsewhere than the mark says."""
    manifest, record = case.manifest, case.evidence.record
    if manifest.generation is not None:
        if mark.system is not None and manifest.generation.system.id != mark.system.id:
            return True
        return record.status is RecordStatus.FOUND and (
            manifest.generation.record_id != record.record_id
        )
    ours_below = record.manifest_id in {item.manifest_id for item in manifest.ingredients}
    return manifest.claims_creation and not (record.manifest_id and ours_below)


# --- rules 2 to 6 ------------------------------------------------------------------


def _judge(case: _Case, *, conflicts: bool) -> tuple[Verdict, SystemRef | None]:
    evidence, manifest, mark = case.evidence, case.manifest, case.mark
    marked_by = mark.system if mark else None
    if conflicts or (case.mismatch and _mismatch_counts(case)):
        return Verdict.CONFLICT, marked_by or _manifest_system(manifest)
    if confirms(evidence, mark):
        return Verdict.TRACED, evidence.record.system or marked_by
    if manifest.status is ManifestStatus.TRUSTED:
        return Verdict.TRACED, _manifest_system(manifest)
    if mark is not None:
        return Verdict.INDETERMINATE, marked_by
    if candidate(evidence):
        return Verdict.INDETERMINATE, None
    statuses = {item.status for item in evidence.watermarks}
    if manifest.status in _OPEN_MANIFESTS or WatermarkStatus.TRACE in statuses:
        return Verdict.INDETERMINATE, None
    if manifest.status is ManifestStatus.UNTRUSTED:
        return Verdict.OTHER_SYSTEM, _manifest_system(manifest)
    if case.markers:
        return Verdict.OTHER_SYSTEM, _marker_system(case.markers)
    if WatermarkStatus.NOT_CHECKED in statuses:
        return Verdict.INDETERMINATE, None
    return Verdict.NOT_FOUND, None


def _mismatch_counts(case: _Case) -> bool:
    """A different picture contradicts only a source that really named the record."""
    trusted = case.manifest.status is ManifestStatus.TRUSTED
    return case.mark is not None or (trusted and _named_by_manifest(case))


def _named_by_manifest(case: _Case) -> bool:
    return case.manifest.generation is not None and case.evidence.record.key is RecordKey.MANIFEST


def _basis(verdict: Verdict, case: _Case) -> Iterator[Basis]:
    """The kinds of evidence that the verdict rests on, in the order of `Basis`."""
    manifest, evidence = case.manifest, case.evidence
    if verdict is Verdict.TRACED:
        if manifest.status is ManifestStatus.TRUSTED:
            yield Basis.METADATA
        if confirms(evidence, case.mark):
            yield from (Basis.WATERMARK, Basis.OTHER)
        return
    kinds = {marker.kind for marker in case.markers}
    if manifest.status is not ManifestStatus.NONE or kinds - {MarkerClass.PUBLIC_WATERMARK}:
        yield Basis.METADATA
    if MarkerClass.PUBLIC_WATERMARK in kinds or _pixels_speak(case):
        yield Basis.WATERMARK
    if case.mismatch and _mismatch_counts(case):
        yield Basis.OTHER


def _pixels_speak(case: _Case) -> bool:
    """A mark, a word that may be one, a trace, or the absence of a mark that has to be there."""
    statuses = {mark.status for mark in case.evidence.watermarks}
    found = case.mark is not None or candidate(case.evidence)
    return found or WatermarkStatus.TRACE in statuses or _mark_missing(case)


def _manifest_system(manifest: ManifestEvidence) -> SystemRef | None:
    """Whom the manifest names: its own statement if there is one, else its signer."""
    if manifest.generation is not None:
        return manifest.generation.system
    return SystemRef(None, manifest.signer.name) if manifest.signer else None


def _marker_system(markers: tuple[MarkerEvidence, ...]) -> SystemRef | None:
    """Whom the markers of the first class that names anybody agree on, else nobody."""
    for kind in MarkerClass:
        names = {marker.system for marker in markers if marker.kind is kind and marker.system}
        if names:
            return SystemRef(None, names.pop()) if len(names) == 1 else None
    return None


# --- reasons -----------------------------------------------------------------------


def _reason(code: ReasonCode, *notes: Note) -> Reason:
    return Reason(code=code, notes=notes)


def _reasons(case: _Case) -> Iterator[Reason]:
    evidence, manifest = case.evidence, case.manifest
    code = _MANIFEST_REASONS[manifest.status]
    if manifest.status is ManifestStatus.TRUSTED and unlisted(manifest):
        code = ReasonCode.MANIFEST_ACCEPTED
    elif withdrawn(manifest):
        code = ReasonCode.MANIFEST_WITHDRAWN
    yield _reason(code, *manifest_notes(manifest))
    if manifest.altered_ingredients:
        yield _reason(ReasonCode.INGREDIENT_ALTERED, *ingredient_notes(manifest))
    if manifest.ingredients_cut:
        yield _reason(ReasonCode.INGREDIENT_NOT_WALKED)
    recovered = evidence.recovered_manifest
    if recovered is not None:
        known = recovered.status.trusted
        code = ReasonCode.MANIFEST_RECOVERED if known else ReasonCode.MANIFEST_RECOVERED_UNPROVEN
        yield _reason(code, *manifest_notes(recovered))
    for mark in evidence.watermarks:
        yield _reason(_mark_reason(case, mark), mark_note(mark))
    if _record_was_named(case):
        record, match = evidence.record, evidence.content_match
        yield _reason(_RECORD_REASONS[record.status], *record_notes(record))
        if match is not None:
            yield _reason(_MATCH_REASONS[match.status], *match_notes(match))
    for marker in case.markers:
        yield _reason(_MARKER_REASONS[marker.kind], marker_note(marker))


def _mark_reason(case: _Case, mark: WatermarkEvidence) -> ReasonCode:
    if mark.status is not WatermarkStatus.CANDIDATE:
        return _MARK_REASONS[mark.status]
    if mark is case.mark:
        return ReasonCode.MARK_CANDIDATE_CONFIRMED
    open_word = candidate(case.evidence) and names_the_record(case.evidence, mark)
    return ReasonCode.MARK_CANDIDATE if open_word else ReasonCode.MARK_NONE


def _record_was_named(case: _Case) -> bool:
    """The registry's answer is a reason only where something credible named a record."""
    return case.mark is not None or _named_by_manifest(case) or candidate(case.evidence)
