"""Questions about the evidence that the verdict and its sentences both ask."""

from __future__ import annotations

from provenance.model.evidence import (
    MATCHING,
    Evidence,
    ManifestEvidence,
    MatchStatus,
    RecordKey,
    RecordStatus,
    WatermarkEvidence,
    WatermarkStatus,
)
from provenance.model.trust import RevocationStatus


def refused(manifest: ManifestEvidence) -> bool:
    """The policy refused the signer."""
    return manifest.policy is not None and not manifest.policy.accepted


def withdrawn(manifest: ManifestEvidence) -> bool:
    """The verifier revoked the certificate, and nothing shows that it had signed before."""
    return manifest.revocation is RevocationStatus.WITHDRAWN


def unlisted(manifest: ManifestEvidence) -> bool:
    """A policy accepted the signer although no trust list names it."""
    return manifest.policy is not None and not manifest.trust_list


def counting(evidence: Evidence, mark: WatermarkEvidence | None) -> tuple[WatermarkEvidence, ...]:
    """Every mark that counts, `mark` first: those of other systems beside it count too."""
    others = (m for m in evidence.watermarks if m.status.is_read and m is not mark)
    return (mark, *others) if mark is not None else ()


def names_the_record(evidence: Evidence, mark: WatermarkEvidence | None) -> bool:
    """The record was looked up by the id of this mark, and there is one."""
    record = evidence.record
    return (
        mark is not None
        and record.key is RecordKey.MARK
        and record.mark_id is not None
        and record.mark_id == mark.mark_id
    )


def confirms(evidence: Evidence, mark: WatermarkEvidence | None) -> bool:
    """The mark names a released record, and the picture is the one of that record."""
    match = evidence.content_match
    return (
        names_the_record(evidence, mark)
        and evidence.record.status is RecordStatus.FOUND
        and match is not None
        and match.status in MATCHING
    )


def candidate(evidence: Evidence) -> bool:
    """A word without presence decision names a record that the picture cannot be held against."""
    match = evidence.content_match
    return (
        evidence.record.status is RecordStatus.FOUND
        and (match is None or match.status is MatchStatus.NOT_COMPARABLE)
        and any(
            mark.status is WatermarkStatus.CANDIDATE and names_the_record(evidence, mark)
            for mark in evidence.watermarks
        )
    )
