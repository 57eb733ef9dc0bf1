"""Sentences for findings.

Rules: absence is "no known mark found", never "authentic". A system is named as the origin
only under `TRACED`; everything weaker says "carries a mark assigned to". A public or
unsigned claim is "a claim that anybody can make".
"""

from __future__ import annotations

from provenance.model.evidence import (
    MATCHING,
    Evidence,
    ManifestEvidence,
    ManifestStatus,
    RecordStatus,
    WatermarkEvidence,
    WatermarkStatus,
)
from provenance.model.ids import SystemRef
from provenance.model.trust import RevocationStatus, TimeSource, TimeStampStatus
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
        ways.append(f"its mark {mark.mark_id} names a record that this picture matches")
    manifest = evidence.manifest
    if manifest.status is ManifestStatus.TRUSTED:
        unsafe = manifest.policy is not None and not manifest.trust_list
        worth = "intact (its signer is on no trust list)" if unsafe else "intact and trusted"
        ways.append(f"its C2PA manifest is {worth}")
    return f"Traced to {system or 'an unnamed signer'}: {', and '.join(ways)}."


def _carries(mark: WatermarkEvidence | None) -> str:
    if mark is None or mark.system is None:
        return ""
    return f"The picture carries a mark assigned to {mark.system}."


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
    if manifest.policy is not None and not manifest.policy.accepted:
        return "Ask whoever wrote the policy whether this signer is to be accepted."
    stamped = manifest.time_stamp.status is TimeStampStatus.UNTRUSTED
    if manifest.status is ManifestStatus.EXPIRED and manifest.time_stamp.unlisted_by_design:
        return "If something else dates the signature, verify as of that time (--at)."
    if manifest.status is ManifestStatus.EXPIRED and stamped:
        return "Verify again with the list of its time-stamping authority (--tsa-list)."
    if manifest.status in (ManifestStatus.UNTRUSTED, ManifestStatus.EXPIRED):
        return "Verify again with the trust list that the signer claims to be on (--trust-list)."
    unchecked = [m for m in evidence.watermarks if m.status is WatermarkStatus.NOT_CHECKED]
    if unchecked:
        return f"Make the check possible: {unchecked[0].detail}."
    return "Look for a better copy of the picture."
