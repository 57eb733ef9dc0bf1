"""Sentences for findings.

Rules: absence is "no known mark found", never "authentic". A system is named as the origin
only under `TRACED`; everything weaker says "carries a mark assigned to". A public or
unsigned claim is "a claim that anybody can make".
"""

from __future__ import annotations

from provenance.model.evidence import (
    MATCHING,
    ContentMatchEvidence,
    Evidence,
    GridEvidence,
    ManifestStatus,
    MatchStatus,
    RecordStatus,
    WatermarkEvidence,
    WatermarkStatus,
)
from provenance.model.ids import SystemRef
from provenance.model.verdict import Verdict


def statement(
    verdict: Verdict,
    evidence: Evidence,
    mark: WatermarkEvidence | None,
    system: SystemRef | None,
) -> str:
    """What was found, in one sentence."""
    match verdict:
        case Verdict.TRACED:
            return _traced(evidence, mark, system)
        case Verdict.CONFLICT:
            return f"The evidence contradicts itself. {_carries(mark)}".rstrip()
        case Verdict.OTHER_SYSTEM:
            return (
                f"The file carries a manifest that names {system or 'an unnamed signer'}; its "
                "signer is unknown here, so this is a claim that anybody can make."
            )
        case Verdict.INDETERMINATE:
            return f"Something was found or could not be checked. {_carries(mark)}".rstrip()
        case Verdict.NOT_FOUND:
            return "No known mark found. This says nothing about how the picture was made."


def _traced(evidence: Evidence, mark: WatermarkEvidence | None, system: SystemRef | None) -> str:
    ways = []
    match = evidence.content_match
    if mark is not None and match is not None and match.status in MATCHING:
        shown = "that this picture matches"
        if match.status is MatchStatus.PARTIAL:
            shown = "of whose picture this one shows a part"
        ways.append(f"its mark {mark.mark_id} names a record {shown}")
    if evidence.manifest.status is ManifestStatus.TRUSTED:
        ways.append("its C2PA manifest is intact and trusted")
    return f"Traced to {system or 'an unnamed signer'}: {', and '.join(ways)}."


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
) -> str:
    """What would settle an open question: whom to ask, and with which id."""
    if verdict is Verdict.TRACED:
        record = evidence.record.record_id or evidence.manifest.manifest_id
        return f"Ask {system or 'the signer'} for what it keeps under {record}."
    if verdict is Verdict.NOT_FOUND:
        return "None from this file alone."
    if verdict is Verdict.CONFLICT:
        return "Compare the sources one by one: provenance inspect."
    return _open_question(evidence, mark)


def _open_question(evidence: Evidence, mark: WatermarkEvidence | None) -> str:
    manifest = evidence.manifest
    if mark is not None and evidence.record.status is not RecordStatus.FOUND:
        return f"Ask {mark.system or 'the operator'} for its record of mark {mark.mark_id}."
    if mark is not None:
        return f"Ask {mark.system or 'the operator'} to compare record {evidence.record.record_id}."
    if manifest.status is ManifestStatus.REMOTE_ONLY:
        return f"The manifest is said to be at {manifest.remote_url}; it was not fetched."
    if manifest.status in (ManifestStatus.UNTRUSTED, ManifestStatus.EXPIRED):
        return "Verify again with the trust list that the signer claims to be on (--trust-list)."
    unchecked = [m for m in evidence.watermarks if m.status is WatermarkStatus.NOT_CHECKED]
    if unchecked:
        return f"Make the check possible: {unchecked[0].detail}."
    return "Look for a better copy of the picture."
