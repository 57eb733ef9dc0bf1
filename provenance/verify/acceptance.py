"""A verifier's policy applied to a manifest: pure, and written into the evidence."""

from __future__ import annotations

from dataclasses import replace

from provenance.model.evidence import ManifestEvidence, ManifestStatus
from provenance.model.trust import PolicyEvidence
from provenance.trust import SignerFacts, SignerPolicy

#: What a signature is worth once its signer is refused: the same as that of a stranger.
_REFUSED = {
    ManifestStatus.TRUSTED: ManifestStatus.UNTRUSTED,
    ManifestStatus.TRUSTED_CONTENT_CHANGED: ManifestStatus.INVALID,
}
#: What it is worth once an unknown signer is accepted all the same.
_ACCEPTED = {ManifestStatus.UNTRUSTED: ManifestStatus.TRUSTED}


def under_policy(manifest: ManifestEvidence, policy: SignerPolicy | None) -> ManifestEvidence:
    """The evidence as the policy lets it stand.

    A policy says something only about a signature that verifies; to everything else, and
    without a policy, nothing is changed.
    """
    if policy is None or manifest.status not in {*_REFUSED, *_ACCEPTED}:
        return manifest
    decision = policy.evaluate(SignerFacts.of(manifest))
    changes = _ACCEPTED if decision.accepted else _REFUSED
    said = PolicyEvidence(policy=str(policy), accepted=decision.accepted, reason=decision.reason)
    status = changes.get(manifest.status, manifest.status)
    return replace(manifest, status=status, policy=said)
