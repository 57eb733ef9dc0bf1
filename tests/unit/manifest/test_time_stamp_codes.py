"""From the validator's codes and explanations to evidence: hostile names included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support import chains
from support.verdicts import SIGNER

from provenance.manifest.time_stamp import revocation_of, time_stamp_of
from provenance.manifest.validity import Questions, settled
from provenance.model import (
    ManifestEvidence,
    ManifestStatus,
    RevocationStatus,
    SignerInfo,
    TimeStampStatus,
)
from provenance.trust import TrustKind, TrustList, TrustStore

LABEL = "urn:c2pa:3c1f2a52-0c4f-4a8e-9d0e-2f5b0a3f7d10"
PLACE = f"self#jumbf=/c2pa/{LABEL}/c2pa.signature"
TIME = "2026-11-22T19:24:46+00:00"
CHAIN = chains.authority()
LISTS = tuple(
    TrustList.parse(chains.authority(name).root_pem, name=f"{name}.pem", kind=kind)
    for name, kind in (
        ("one", TrustKind.TIME_STAMPS),
        ("two", TrustKind.TIME_STAMPS),
        ("signers", TrustKind.SIGNERS),
    )
)
TRUST = TrustStore(lists=LISTS)
ONE, TWO, SIGNERS = (item.uri for item in LISTS)
VALIDATED = ("success", "timeStamp.validated", "timestamp message digest matched: unit")


def seen(*entries, place=PLACE, time=TIME):
    """What is made of these results: kind, code, explanation."""
    active = {}
    for kind, code, words in entries:
        active.setdefault(kind, []).append({"code": code, "url": place, "explanation": words})
    return time_stamp_of(active, LABEL, time, TRUST)


def trusted(words):
    return ("success", "timeStamp.trusted", words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (f"timestamp cert trusted: unit, trust list: {ONE}", ONE),
        (f"timestamp cert trusted: unit, trust list: {TWO}", TWO),
        (f"timestamp cert trusted: a, trust list: {ONE}, trust list: {TWO}", TWO),
        (f"timestamp cert trusted: unit, trust list: {SIGNERS}", ""),
        ("timestamp cert trusted: unit, trust list: three.pem (sha256 00)", ""),
        ("timestamp cert trusted: unit, trust list: ", ""),
        ("timestamp cert trusted: unit", ""),
        (f"legacy timestamp cert trusted: unit, trust list: {ONE}", ""),
        (f"unit, trust list: {ONE}", ""),
        ("", ""),
    ],
    ids=range(10),  # the certificates, and so the names, differ in every process
)
def test_trusted_means_anchored_in_a_time_stamping_list_of_ours(words, expected):
    found = seen(VALIDATED, trusted(words))
    assert found.trust_list == expected
    status = TimeStampStatus.TRUSTED if expected else TimeStampStatus.UNTRUSTED
    assert found.status is status
    assert found.codes == ("timeStamp.validated", "timeStamp.trusted")


def test_the_explanation_of_another_code_counts_for_nothing():
    words = f"timestamp cert trusted: unit, trust list: {ONE}"
    found = seen(VALIDATED, ("informational", "timeStamp.untrusted", words))
    assert found.status is TimeStampStatus.UNTRUSTED


@pytest.mark.parametrize(
    "place", ["", PLACE.replace("3c1f", "4c1f"), PLACE + "/x", f"{LABEL}/c2pa.time-stamp"]
)
def test_results_about_another_signature_count_for_nothing(place):
    words = f"timestamp cert trusted: unit, trust list: {ONE}"
    assert seen(VALIDATED, trusted(words), place=place).status is TimeStampStatus.NONE


@pytest.mark.parametrize("code", ["malformed", "mismatch", "outsideValidity", "untrusted"])
def test_what_does_not_verify_is_invalid(code):
    found = seen(("informational", f"timeStamp.{code}", "words"))
    assert found.status is TimeStampStatus.INVALID


@pytest.mark.parametrize("time", ["", "yesterday", "2026-11-22T19:24:46"])
def test_a_time_stamp_without_time_is_invalid(time):
    words = f"timestamp cert trusted: unit, trust list: {ONE}"
    found = seen(VALIDATED, trusted(words), time=time)
    assert found.status is TimeStampStatus.INVALID
    assert found.time == ""


def test_no_results_are_no_time_stamp():
    assert seen().status is TimeStampStatus.NONE
    assert seen(("success", "claimSignature.validated", "")).status is TimeStampStatus.NONE


@pytest.mark.parametrize("name", ["unit", "a, trust list: b", "", "x" * 1000])
def test_the_authority_is_named_as_its_certificate_does(name):
    found = seen(VALIDATED, trusted(f"timestamp cert trusted: {name}, trust list: {ONE}"))
    only_untrusted = seen(
        ("informational", "timeStamp.untrusted", f"timestamp cert untrusted: {name}")
    )
    assert found.authority == "unit"  # the first result names it
    assert only_untrusted.authority == name[:200]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), RevocationStatus.NOT_CHECKED),
        (("signingCredential.ocsp.skipped",), RevocationStatus.NOT_CHECKED),
        (("signingCredential.ocsp.inaccessible",), RevocationStatus.NOT_CHECKED),
        (("signingCredential.ocsp.notRevoked",), RevocationStatus.STAPLED_GOOD),
        (("signingCredential.ocsp.revoked",), RevocationStatus.REVOKED),
        (
            ("signingCredential.ocsp.notRevoked", "signingCredential.ocsp.revoked"),
            RevocationStatus.REVOKED,
        ),
    ],
)
def test_revocation_is_checked_only_if_the_validator_says_so(codes, expected):
    assert revocation_of(codes) is expected


# --- the status at a chosen moment -------------------------------------------------------------

NOW = datetime.now(UTC)
DATES = (NOW - timedelta(days=1), NOW + timedelta(days=1))
U, E, H = "signingCredential.untrusted", "signingCredential.expired", "assertion.dataHash.mismatch"
CAWG = "cawg.x509.credential.untrusted"
S = ManifestStatus


def judged(failure, *, confirmed, dates=DATES, at=NOW):
    """A manifest whose chain leads to an anchor, with these failures, as of now."""
    store = b"".join(
        b"\x59" + len(der).to_bytes(2) + der
        for der in (chains.as_der(pem) for pem in (CHAIN.leaf_pem, CHAIN.issuing_pem))
    )
    signer = SignerInfo(
        organization="test",
        common_name="test",
        serial_number=str(chains.serial_of(CHAIN.leaf_pem)),
        algorithm="es256",
    )
    found = ManifestEvidence(status=S.INVALID, failure=failure, signer=signer)
    questions = Questions(
        store=lambda: store, dates=lambda: dates, signed_by=lambda pems: confirmed and bool(pems)
    )
    return settled(found, questions, chains.trust_in(CHAIN), at).status


@pytest.mark.parametrize(
    ("failure", "confirmed", "expected"),
    [
        ((), True, S.TRUSTED),
        ((U,), True, S.TRUSTED),
        ((U, E), True, S.TRUSTED),
        ((E,), True, S.TRUSTED),
        ((H,), True, S.TRUSTED_CONTENT_CHANGED),
        ((U, E, H), True, S.TRUSTED_CONTENT_CHANGED),
        ((CAWG,), True, S.UNTRUSTED),
        ((U, E, CAWG), True, S.UNTRUSTED),
        (("claimSignature.mismatch",), True, S.INVALID),
        ((H, "claimSignature.mismatch"), True, S.INVALID),
        (("signingCredential.invalid",), True, S.INVALID),
        (("signingCredential.ocsp.revoked",), True, S.INVALID),
        ((), False, S.UNTRUSTED),
        ((U,), False, S.UNTRUSTED),
        ((U, E), False, S.UNTRUSTED),
        ((U, H), False, S.INVALID),
        ((U, "claimSignature.mismatch"), False, S.INVALID),
    ],
)
def test_the_status_at_a_chosen_moment(failure, confirmed, expected):
    assert judged(failure, confirmed=confirmed) is expected


@pytest.mark.parametrize("confirmed", [True, False])
def test_outside_its_dates_a_certificate_is_expired(confirmed):
    later = NOW + timedelta(days=4000)
    assert judged((), confirmed=confirmed, at=later) is S.EXPIRED
    assert judged((H,), confirmed=confirmed, at=later) is S.INVALID


def test_a_certificate_whose_dates_cannot_be_read_is_never_merely_untrusted():
    assert judged((U,), confirmed=False, dates=None) is S.EXPIRED


def test_a_signer_that_nobody_names_is_not_trusted():
    questions = Questions(store=lambda: b"", dates=lambda: DATES, signed_by=lambda _: True)
    found = ManifestEvidence(status=S.TRUSTED, signer=SIGNER)
    assert settled(found, questions, chains.trust_in(CHAIN), NOW).status is S.UNTRUSTED
