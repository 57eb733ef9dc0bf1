"""Anchors of a bundle reach no further than the bundle's system."""

from __future__ import annotations

from support import chains

from provenance.model import ManifestEvidence, ManifestStatus, SystemRef
from provenance.model.evidence import GenerationClaim
from provenance.trust import TrustStore
from provenance.verify.scope import SystemTrust, read_in_scope

SYSTEM = SystemRef(77, "acme-images")
GENERAL = chains.trust_in(chains.authority(), "general")
THEIRS = chains.trust_in(chains.authority("stranger"), "theirs")
SCOPED = (SystemTrust(system=SYSTEM, trust=THEIRS),)


def manifest(claimed):
    """A manifest that somebody signed whom only the list "theirs" knows."""
    asked = []

    def read(trust):
        asked.append([item.name for item in trust.lists])
        trusted = "theirs" in asked[-1]
        claim = None
        if claimed is not None:
            claim = GenerationClaim(system=claimed, model="m", model_version="", record_id="")
        status = ManifestStatus.TRUSTED if trusted else ManifestStatus.UNTRUSTED
        return ManifestEvidence(status=status, generation=claim)

    return read, asked


def judged(claimed, scoped=SCOPED, trust=GENERAL):
    read, asked = manifest(claimed)
    return read_in_scope(read, trust, scoped).status, asked


def test_they_vouch_for_manifests_of_their_system():
    status, asked = judged(SYSTEM)
    assert status is ManifestStatus.TRUSTED
    assert asked == [["general"], ["general", "theirs"]]


def test_they_vouch_for_nobody_else():
    for claimed in (
        SystemRef(78, "acme-images"),  # each alone is not enough
        SystemRef(77, "another name"),
        SystemRef(None, "acme-images"),
        None,
    ):
        assert judged(claimed) == (ManifestStatus.UNTRUSTED, [["general"]])


def test_what_a_general_list_trusts_is_not_asked_again():
    assert judged(SYSTEM, trust=GENERAL + THEIRS) == (
        ManifestStatus.TRUSTED,
        [["general", "theirs"]],
    )
    assert judged(SYSTEM, scoped=())[0] is ManifestStatus.UNTRUSTED
    assert judged(SYSTEM, trust=TrustStore())[1] == [[], ["theirs"]]
