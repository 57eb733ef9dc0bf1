"""Policies as a table: facts about a signer, and who accepts them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from provenance.errors import ErrorCode, TrustError
from provenance.model import (
    ManifestEvidence,
    ManifestStatus,
    SignerInfo,
    TimeStampEvidence,
    TimeStampStatus,
)
from provenance.trust import (
    AllOf,
    AnchoredIn,
    AnyOf,
    IssuedAfter,
    IssuedBefore,
    SignerFacts,
    SignerIs,
    TrustedSigner,
    UnsafeAcceptAnyValidSignature,
    moment_text,
)

DAY = datetime(2026, 6, 1, tzinfo=UTC)
ACME = SignerFacts(
    trusted=True,
    common_name="acme-images",
    organization="Acme",
    trust_list="partners.pem (sha256 0123456789abcdef)",
    signed_at=DAY,
)
OTHER = SignerFacts(
    trusted=True,
    common_name="other",
    organization="Other",
    trust_list="C2PA-TRUST-LIST.pem (sha256 fedcba9876543210)",
)
FORGER = SignerFacts(trusted=False, common_name="acme-images", organization="Acme", signed_at=DAY)

IS_ACME = SignerIs(organization="Acme")
PARTNER = AnchoredIn("partners.pem")
BEFORE = DAY - timedelta(seconds=1)
AFTER = DAY + timedelta(seconds=1)

TABLE = [  # policy, accepts Acme, accepts another trusted signer, accepts a forger
    (TrustedSigner(), True, True, False),
    (IS_ACME, True, False, False),
    (SignerIs(common_name="acme-images"), True, False, False),
    (SignerIs(common_name="acme-images", organization="Acme"), True, False, False),
    (SignerIs(common_name="acme-images", organization="Other"), False, False, False),
    (SignerIs(common_name="ACME-images"), False, False, False),
    (SignerIs(common_name="acme"), False, False, False),
    (PARTNER, True, False, False),
    (AnchoredIn("C2PA-TRUST-LIST.pem"), False, True, False),
    (AnchoredIn("partners"), False, False, False),
    (AnchoredIn("partners.pem (sha256 0123456789abcdef)"), False, False, False),
    (IssuedAfter(BEFORE), True, False, False),
    (IssuedAfter(DAY), False, False, False),
    (IssuedAfter(AFTER), False, False, False),
    (IssuedBefore(AFTER), True, False, False),
    (IssuedBefore(DAY), False, False, False),
    (IssuedBefore(BEFORE), False, False, False),
    (UnsafeAcceptAnyValidSignature(), True, True, True),
    (AllOf((IS_ACME, PARTNER)), True, False, False),
    (AllOf((IS_ACME, IssuedBefore(BEFORE))), False, False, False),
    (AllOf((UnsafeAcceptAnyValidSignature(), TrustedSigner())), True, True, False),
    (AnyOf((IS_ACME, AnchoredIn("C2PA-TRUST-LIST.pem"))), True, True, False),
    (AnyOf((IssuedAfter(AFTER), SignerIs(organization="Other"))), False, True, False),
    (AnyOf((AllOf((IS_ACME, IssuedAfter(BEFORE))), SignerIs(common_name="x"))), True, False, False),
]


@pytest.mark.parametrize(("policy", "acme", "other", "forger"), TABLE, ids=lambda v: str(v)[:60])
def test_who_is_accepted(policy, acme, other, forger):
    decisions = [policy.evaluate(facts) for facts in (ACME, OTHER, FORGER)]
    assert [decision.accepted for decision in decisions] == [acme, other, forger]
    assert all(decision.reason for decision in decisions)


SIMPLE = [row[0] for row in TABLE[:18]]


@pytest.mark.parametrize("facts", [ACME, OTHER, FORGER], ids=["acme", "other", "forger"])
def test_compositions_are_and_and_or(facts):
    for one, two in product(SIMPLE, SIMPLE):
        first, second = one.evaluate(facts).accepted, two.evaluate(facts).accepted
        assert AllOf((one, two)).evaluate(facts).accepted is (first and second)
        assert AnyOf((one, two)).evaluate(facts).accepted is (first or second)


def test_only_the_policy_called_unsafe_accepts_a_self_made_certificate():
    accepting = [str(policy) for policy in SIMPLE if policy.evaluate(FORGER).accepted]
    assert accepting == ["unsafe_accept_any_valid_signature"]


def test_a_refusal_says_what_was_there_instead():
    assert "other of Other" in IS_ACME.evaluate(OTHER).reason
    assert "C2PA-TRUST-LIST.pem" in PARTNER.evaluate(OTHER).reason
    assert "no trusted time stamp" in IssuedAfter(DAY).evaluate(OTHER).reason
    assert moment_text(DAY) in IssuedAfter(DAY).evaluate(ACME).reason
    both = AnyOf((IS_ACME, PARTNER)).evaluate(OTHER).reason
    assert IS_ACME.evaluate(OTHER).reason in both
    assert PARTNER.evaluate(OTHER).reason in both
    assert AllOf((TrustedSigner(), IS_ACME)).evaluate(OTHER).reason == (
        IS_ACME.evaluate(OTHER).reason
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: AllOf(()),
        lambda: AnyOf(()),
        SignerIs,
        lambda: AnchoredIn(""),
        lambda: IssuedAfter(datetime(2026, 1, 1)),  # noqa: DTZ001
        lambda: IssuedBefore(datetime(2026, 1, 1)),  # noqa: DTZ001
    ],
)
def test_a_policy_that_says_nothing_is_refused(make):
    with pytest.raises(TrustError) as caught:
        make()
    assert caught.value.code is ErrorCode.TRUST
    assert "\n" not in str(caught.value)


# --- from evidence to facts ----------------------------------------------------------------


def manifest(status, stamp=TimeStampStatus.TRUSTED):
    return ManifestEvidence(
        status=status,
        signer=SignerInfo(
            organization="Acme", common_name="acme-images", serial_number="1", algorithm="es256"
        ),
        trust_list="partners.pem (sha256 0123456789abcdef)",
        time_stamp=TimeStampEvidence(status=stamp, time=moment_text(DAY)),
    )


@pytest.mark.parametrize("status", list(ManifestStatus))
def test_only_a_trusted_status_is_a_trusted_signer(status):
    trusted = status in (ManifestStatus.TRUSTED, ManifestStatus.TRUSTED_CONTENT_CHANGED)
    assert SignerFacts.of(manifest(status)).trusted is trusted


@pytest.mark.parametrize("stamp", list(TimeStampStatus))
def test_only_a_trusted_time_stamp_says_when_it_was_signed(stamp):
    facts = SignerFacts.of(manifest(ManifestStatus.TRUSTED, stamp))
    assert facts.signed_at == (DAY if stamp is TimeStampStatus.TRUSTED else None)


def test_the_facts_are_those_of_the_evidence():
    assert SignerFacts.of(manifest(ManifestStatus.TRUSTED)) == ACME


def test_evidence_without_signer_names_nobody():
    facts = SignerFacts.of(ManifestEvidence(status=ManifestStatus.NONE))
    assert facts == SignerFacts(trusted=False)
