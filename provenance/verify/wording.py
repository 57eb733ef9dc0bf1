"""Sentences for findings.

Rules: absence is "no known mark found", never "authentic". A system is named as the origin
only under `TRACED`; everything weaker says "carries a mark assigned to". A public or
unsigned claim is "a claim that anybody can make", a public watermark "consistent with". Names
that a file gives stand between quotation marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provenance.model.evidence import (
    MATCHING,
    ContentMatchEvidence,
    Evidence,
    GridEvidence,
    ManifestEvidence,
    ManifestStatus,
    MarkerClass,
    MarkerEvidence,
    MatchStatus,
    RecordStatus,
    WatermarkEvidence,
    WatermarkStatus,
)
from provenance.model.ids import SystemRef
from provenance.model.trust import RevocationStatus, TimeSource, TimeStampStatus
from provenance.model.verdict import Verdict

_ASK_FOR_THE_POLICY: Final = "Ask whoever wrote the policy whether this signer is to be accepted."
_WITH_TRUST_LIST: Final = (
    "Verify again with the trust list that the signer claims to be on (--trust-list)."
)


def statement(
    verdict: Verdict,
    evidence: Evidence,
    mark: WatermarkEvidence | None,
    system: SystemRef | None,
    markers: tuple[MarkerEvidence, ...] = (),
) -> str:
    """What was found, in one sentence, or one for each class of markers."""
    match verdict:
        case Verdict.TRACED:
            return _traced(evidence, mark, system)
        case Verdict.CONFLICT:
            return f"The evidence contradicts itself. {_carries(mark)}".rstrip()
        case Verdict.OTHER_SYSTEM:
            return " ".join(_other_system(evidence, system, markers))
        case Verdict.INDETERMINATE:
            return f"Something was found or could not be checked. {_carries(mark)}".rstrip()
        case Verdict.NOT_FOUND:
            return "No known mark found. This says nothing about how the picture was made."


def moment_details(manifest: ManifestEvidence) -> list[str]:
    """When the signer's certificates were judged and on whose word; what the policy said."""
    parts, validity, stamp = [], manifest.validity, manifest.time_stamp
    if validity is not None and validity.source is TimeSource.TIME_STAMP:
        parts.append(
            f"signed at {stamp.time}, proven by a time stamp of {stamp.authority} "
            f"(anchored in {stamp.trust_list})"
        )
    elif validity is not None:
        if validity.source is TimeSource.CHOSEN:
            parts.append(f"certificates judged at {validity.at} (--at)")
        if validity.not_after:
            parts.append(f"certificate valid {validity.not_before} to {validity.not_after}")
        parts.append(validity.detail)
    if manifest.status.trusted and manifest.revocation is RevocationStatus.NOT_CHECKED:
        parts.append("revocation not checked")
    if manifest.policy is not None:
        word = "accepted" if manifest.policy.accepted else "refused"
        parts.append(f"{word} by policy {manifest.policy.policy}: {manifest.policy.reason}")
    return [part for part in parts if part]


def _traced(evidence: Evidence, mark: WatermarkEvidence | None, system: SystemRef | None) -> str:
    ways = []
    match = evidence.content_match
    if mark is not None and match is not None and match.status in MATCHING:
        shown = "that this picture matches"
        if match.status is MatchStatus.PARTIAL:
            shown = "of whose picture this one shows a part"
        ways.append(f"its mark {mark.mark_id} names a record {shown}")
    manifest = evidence.manifest
    if manifest.status is ManifestStatus.TRUSTED:
        unsafe = manifest.policy is not None and not manifest.trust_list
        worth = "intact (its signer is on no trust list)" if unsafe else "intact and trusted"
        ways.append(f"its C2PA manifest is {worth}")
    return f"Traced to {system or 'an unnamed signer'}: {', and '.join(ways)}."


def _other_system(
    evidence: Evidence, system: SystemRef | None, markers: tuple[MarkerEvidence, ...]
) -> Iterator[str]:
    """One sentence for each class, the classes apart."""
    if evidence.manifest.status is ManifestStatus.UNTRUSTED:
        yield (
            f"The file carries a manifest that names {system or 'an unnamed signer'}; its "
            "signer is unknown here, so this is a claim that anybody can make."
        )
    public = _names(markers, MarkerClass.PUBLIC_WATERMARK)
    if public:
        yield (
            f"The pixels are consistent with the public watermark of {public}, which anybody "
            "can embed."
        )
    if any(marker.kind is MarkerClass.UNSIGNED_METADATA for marker in markers):
        unsigned = _names(markers, MarkerClass.UNSIGNED_METADATA)
        says = f"points to {unsigned}" if unsigned else "says that AI was used and names no system"
        yield f"Unsigned metadata {says}; anybody can write or remove it."


def _names(markers: tuple[MarkerEvidence, ...], kind: MarkerClass) -> str:
    names = dict.fromkeys(m.system for m in markers if m.kind is kind and m.system)
    return " and ".join(f'"{name}"' for name in names)


def _carries(mark: WatermarkEvidence | None) -> str:
    if mark is None or mark.system is None:
        return ""
    return f"The picture carries a mark assigned to {mark.system}."


def match_detail(match: ContentMatchEvidence) -> str:
    """The numbers that a content match rests on: of the grid, if it was compared, and of PDQ."""
    pdq = (
        f"PDQ distance {match.distance} of 256 ({match.orientation}); "
        f"same at most {match.match_at_most}, other from {match.mismatch_at_least}"
    )
    if not match.whole and match.distance > match.match_at_most:
        pdq = "PDQ does not apply: not the whole picture as it was issued"
    return f"{_grid_detail(match.grid)}; {pdq}" if match.grid else pdq


def _grid_detail(grid: GridEvidence) -> str:
    if not grid.offsets:
        return f"grid not compared: {grid.detail}"
    chance = f"chance 10^{grid.log10_p:.1f}, agreement {grid.agreement:.2f}"
    if grid.status in MATCHING:
        return f"grid {chance}; {grid.covered:.0%} of the issued picture recognised"
    return f"grid {chance}" + (f" ({grid.detail})" if grid.detail else "")


def next_step(
    verdict: Verdict,
    evidence: Evidence,
    mark: WatermarkEvidence | None,
    system: SystemRef | None,
    markers: tuple[MarkerEvidence, ...] = (),
) -> str:
    """What would settle an open question: whom to ask, and with which id."""
    if verdict is Verdict.TRACED:
        record = evidence.record.record_id or evidence.manifest.manifest_id
        return f"Ask {system or 'the signer'} for what it keeps under {record}."
    if verdict is Verdict.NOT_FOUND:
        return "None from this file alone."
    if verdict is Verdict.CONFLICT:
        return "Compare the sources one by one: provenance inspect."
    if verdict is Verdict.OTHER_SYSTEM:
        return " ".join(_ask_others(evidence, markers))
    return _open_question(evidence, mark)


def _ask_others(evidence: Evidence, markers: tuple[MarkerEvidence, ...]) -> Iterator[str]:
    manifest = evidence.manifest
    if manifest.policy is not None and not manifest.policy.accepted:
        yield _ASK_FOR_THE_POLICY
    elif manifest.status is ManifestStatus.UNTRUSTED:
        yield _WITH_TRUST_LIST
    oracles = dict.fromkeys(marker.oracle for marker in markers if marker.oracle)
    if oracles:
        yield f"Whom to ask: {' / '.join(oracles)}. Nothing was sent there."
    elif manifest.status is not ManifestStatus.UNTRUSTED:
        yield "Nobody is known who could confirm it; look for an earlier copy of the picture."


def _open_question(evidence: Evidence, mark: WatermarkEvidence | None) -> str:
    manifest = evidence.manifest
    if mark is not None and evidence.record.status is not RecordStatus.FOUND:
        return f"Ask {mark.system or 'the operator'} for its record of mark {mark.mark_id}."
    if mark is not None:
        return f"Ask {mark.system or 'the operator'} to compare record {evidence.record.record_id}."
    if manifest.status is ManifestStatus.REMOTE_ONLY:
        return f"The manifest is said to be at {manifest.remote_url}; it was not fetched."
    if manifest.policy is not None and not manifest.policy.accepted:
        return _ASK_FOR_THE_POLICY
    stamped = manifest.time_stamp.status is TimeStampStatus.UNTRUSTED
    if manifest.status is ManifestStatus.EXPIRED and manifest.time_stamp.unlisted_by_design:
        return "If something else dates the signature, verify as of that time (--at)."
    if manifest.status is ManifestStatus.EXPIRED and stamped:
        return "Verify again with the list of its time-stamping authority (--tsa-list)."
    if manifest.status is ManifestStatus.EXPIRED:
        return _WITH_TRUST_LIST
    unchecked = [m for m in evidence.watermarks if m.status is WatermarkStatus.NOT_CHECKED]
    if unchecked:
        return f"Make the check possible: {unchecked[0].detail}."
    return "Look for a better copy of the picture."
