"""A policy applied to evidence: what it changes, what it leaves alone, what it writes down."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.verdicts import SIGNER

from provenance.model import (
    Evidence,
    ManifestEvidence,
    ManifestStatus,
    ReasonCode,
    TimeSource,
    TimeStampEvidence,
    TimeStampStatus,
    ValidityEvidence,
    Verdict,
)
from provenance.trust import SignerIs, TrustedSigner, UnsafeAcceptAnyValidSignature
from provenance.verify.acceptance import under_policy
from provenance.verify.verdict import decide

ACME, NOBODY = SignerIs(organization=SIGNER.organization), SignerIs(organization="nobody")
LIST = "roots.pem (sha256 0123456789abcdef)"
S = ManifestStatus


def manifest(status):
    trusted = status in (S.TRUSTED, S.TRUSTED_CONTENT_CHANGED)
    return ManifestEvidence(status=status, signer=SIGNER, trust_list=LIST if trusted else "")


@pytest.mark.parametrize(
    ("policy", "changes"),
    [
        (None, {}),
        (TrustedSigner(), {}),
        (ACME, {}),
        (NOBODY, {S.TRUSTED: S.UNTRUSTED, S.TRUSTED_CONTENT_CHANGED: S.INVALID}),
        (UnsafeAcceptAnyValidSignature(), {S.UNTRUSTED: S.TRUSTED}),
    ],
    ids=str,
)
@pytest.mark.parametrize("status", list(ManifestStatus))
def test_what_a_policy_changes(policy, changes, status):
    found = under_policy(manifest(status), policy)
    assert found.status is changes.get(status, status)
    assert replace(found, status=status, policy=None) == manifest(status)


@pytest.mark.parametrize("status", list(ManifestStatus))
def test_a_policy_speaks_only_of_signatures_that_verify(status):
    said = under_policy(manifest(status), NOBODY).policy
    assert (said is not None) is (status in (S.TRUSTED, S.TRUSTED_CONTENT_CHANGED, S.UNTRUSTED))


def test_what_the_policy_said_is_evidence():
    said = under_policy(manifest(S.TRUSTED), NOBODY).policy
    assert said.policy == "signer_is(organization=nobody)"
    assert not said.accepted
    assert SIGNER.organization in said.reason


@pytest.mark.parametrize(
    ("policy", "status", "expected"),
    [
        (NOBODY, S.TRUSTED, Verdict.OTHER_SYSTEM),
        (NOBODY, S.TRUSTED_CONTENT_CHANGED, Verdict.INDETERMINATE),
        (ACME, S.TRUSTED, Verdict.TRACED),
        (UnsafeAcceptAnyValidSignature(), S.UNTRUSTED, Verdict.TRACED),
    ],
    ids=str,
)
def test_the_verdict_follows_and_its_reason_names_the_policy(policy, status, expected):
    finding = decide(Evidence(manifest=under_policy(manifest(status), policy)))
    assert finding.verdict is expected
    assert f"by policy {policy}" in finding.reasons[0].detail


def test_an_unlisted_signer_that_was_accepted_is_not_called_trusted():
    accepted = under_policy(manifest(S.UNTRUSTED), UnsafeAcceptAnyValidSignature())
    finding = decide(Evidence(manifest=accepted))
    assert "on no trust list" in finding.statement
    assert "trusted" not in finding.statement


def test_a_refused_signer_is_not_sent_for_another_trust_list():
    finding = decide(Evidence(manifest=under_policy(manifest(S.TRUSTED), NOBODY)))
    assert "policy" in finding.next_step


# --- moments in the reasons ------------------------------------------------------------------


def detail_of(**changed):
    finding = decide(Evidence(manifest=replace(manifest(S.TRUSTED), **changed)))
    return finding.reasons[0].detail


def test_a_time_stamp_is_named_with_its_authority_and_list():
    stamp = TimeStampEvidence(
        status=TimeStampStatus.TRUSTED,
        time="2026-01-02T03:04:05Z",
        authority="an authority",
        trust_list="tsa.pem (sha256 00)",
    )
    validity = ValidityEvidence(at=stamp.time, source=TimeSource.TIME_STAMP)
    said = detail_of(time_stamp=stamp, validity=validity)
    assert "signed at 2026-01-02T03:04:05Z, proven by a time stamp of an authority" in said
    assert "tsa.pem" in said


def test_a_chosen_moment_is_named():
    validity = ValidityEvidence(at="2026-01-02T03:04:05Z", source=TimeSource.CHOSEN)
    assert "judged at 2026-01-02T03:04:05Z (--at)" in detail_of(validity=validity)


def test_the_clock_does_not_make_two_findings_differ():
    moments = ("2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z")
    said = [detail_of(validity=ValidityEvidence(at=at, source=TimeSource.CLOCK)) for at in moments]
    assert said[0] == said[1]


def test_trust_without_a_check_of_revocation_says_so():
    assert "revocation not checked" in detail_of()


@pytest.mark.parametrize(
    ("stamp", "codes", "option"),
    [
        (TimeStampStatus.NONE, (), "--at"),
        (TimeStampStatus.INVALID, ("timeStamp.mismatch",), "--at"),
        (TimeStampStatus.UNTRUSTED, ("timeStamp.untrusted",), "--tsa-list"),
        (TimeStampStatus.UNTRUSTED, ("timeStamp.trusted",), "--at"),
    ],
)
def test_what_to_do_about_an_expired_certificate(stamp, codes, option):
    time_stamp = TimeStampEvidence(status=stamp, authority="an authority", codes=codes)
    finding = decide(Evidence(manifest=replace(manifest(S.EXPIRED), time_stamp=time_stamp)))
    assert finding.verdict is Verdict.INDETERMINATE
    assert finding.reasons[0].code is ReasonCode.MANIFEST_EXPIRED
    assert option in finding.next_step
