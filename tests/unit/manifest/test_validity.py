"""Certificates at the moment that counts: the clock, a chosen one, or that of a time stamp."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from support import chains, manifests, tamper, tsa

from provenance.keys import TimeStampMode, create_chain
from provenance.manifest import Parent, crjson, names, read, read_recovered, sign
from provenance.model import ManifestStatus, RevocationStatus, TimeSource, TimeStampStatus, Unproven
from provenance.trust import TrustStore, certificates_in, moment_text, parse_moment

PNG = "image/png"
LEFT = timedelta(seconds=4)  # of the leaf's life when it signs
DAYS = timedelta(days=200)  # of it before that
STRANGER = chains.trust_in(chains.authority("stranger"), "stranger-root.pem")
pytestmark = tsa.openssl_needed


@dataclass(frozen=True)
class Old:
    """Files whose signing certificate has expired since."""

    plain: bytes
    manifest: bytes
    stamped: bytes
    legacy: bytes
    trust: TrustStore
    tsa: TrustStore
    begin: datetime
    signed_at: datetime
    end: datetime


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """Signed with a leaf that lives for seconds more; then those seconds pass."""
    folder = tmp_path_factory.mktemp("old")
    begin = datetime.now(UTC) - DAYS
    chain = create_chain("old", "old system", leaf_lifetime=DAYS + LEFT, start=begin)
    signer = chains.key_files(folder, chain.leaf_key_pem, chain.chain_pem).signer()
    trust = chains.trust_in(chain, "old-root.pem")
    data, mime = manifests.plain()
    signed_at = datetime.now(UTC)
    made = sign(data, mime, manifests.request(), signer, trust)
    with tsa.authority(tmp_path_factory.mktemp("tsa")) as authority:
        asked = authority.asked(TimeStampMode.REQUIRE)
        stamped = sign(data, mime, manifests.request(), signer, trust + authority.trust, asked)
        legacy = manifests.foreign(
            signer, trust, [manifests.CREATED], claim_version=1, time_url=authority.url
        )
    end = signer.chain.leaf.not_valid_after_utc
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 1.1)
    return Old(
        plain=made.data,
        manifest=made.manifest,
        stamped=stamped.data,
        legacy=legacy,
        trust=trust,
        tsa=authority.trust,
        begin=signer.chain.leaf.not_valid_before_utc,
        signed_at=signed_at,
        end=end,
    )


def moments(old):
    """Names for moments: None is now, when the leaf has expired."""
    return {
        "now": None,
        "while valid": old.signed_at,
        "before it was valid": old.begin - timedelta(days=1),
        "long after": old.end + timedelta(days=3650),
    }


# --- without a time stamp ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("now", ManifestStatus.EXPIRED),
        ("while valid", ManifestStatus.TRUSTED),
        ("before it was valid", ManifestStatus.EXPIRED),
        ("long after", ManifestStatus.EXPIRED),
    ],
)
def test_without_a_time_stamp_the_moment_decides(old, moment, expected):
    at = moments(old)[moment]
    found = read(old.plain, PNG, old.trust + old.tsa, at=at)
    assert found.status is expected
    assert found.validity.source is (TimeSource.CHOSEN if at else TimeSource.CLOCK)
    assert found.validity.at == moment_text(at or parse_moment(found.validity.at))
    assert found.time_stamp.status is TimeStampStatus.NONE
    trusted = expected is ManifestStatus.TRUSTED
    assert found.trust_list == (old.trust.lists[0].uri if trusted else "")


def test_the_clock_is_the_moment_when_none_is_chosen(old):
    before = datetime.now(UTC).replace(microsecond=0)
    found = read(old.plain, PNG, old.trust)
    assert before <= parse_moment(found.validity.at) <= datetime.now(UTC)


def test_the_words_of_the_validator_are_kept_whatever_is_concluded(old):
    found = read(old.plain, PNG, old.trust, at=old.signed_at)
    assert found.status is ManifestStatus.TRUSTED
    assert found.state == "Invalid"
    assert "signingCredential.expired" in found.failure


def test_an_expired_manifest_says_from_when_to_when_and_why(old):
    validity = read(old.plain, PNG, old.trust).validity
    assert validity.not_before == moment_text(old.begin)
    assert validity.not_after == moment_text(old.end)
    assert validity.unproven is Unproven.NO_TIME_STAMP


def test_a_recovered_manifest_is_judged_at_the_same_moment(old):
    changed, mime = manifests.plain(side=80)
    expired = read_recovered(changed, mime, old.manifest, old.trust)
    valid = read_recovered(changed, mime, old.manifest, old.trust, at=old.signed_at)
    assert expired.status is ManifestStatus.INVALID
    assert valid.status is ManifestStatus.TRUSTED_CONTENT_CHANGED


def test_a_chosen_moment_excuses_no_changed_content(old):
    changed = tamper.change_pixel(old.plain)
    found = read(changed, PNG, old.trust, at=old.signed_at)
    assert found.status is ManifestStatus.TRUSTED_CONTENT_CHANGED
    stranger = read(changed, PNG, STRANGER, at=old.signed_at)
    assert stranger.status is ManifestStatus.INVALID


@pytest.mark.parametrize("trust", [STRANGER, TrustStore()], ids=["stranger", "nobody"])
def test_a_chosen_moment_makes_nobody_trusted(old, trust):
    found = read(old.plain, PNG, trust, at=old.signed_at)
    assert found.status is ManifestStatus.UNTRUSTED
    assert found.trust_list == ""


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff", "avif"])
def test_certificates_are_found_in_every_kind_of_file(signer, name):
    trust = chains.trust_in(chains.authority())
    data = manifests.signed(signer, trust, name=name)
    mime = manifests.plain(name)[1]
    now = datetime.now(UTC)
    later = signer.chain.leaf.not_valid_after_utc + timedelta(seconds=1)
    assert read(data, mime, trust, at=now).status is ManifestStatus.TRUSTED
    assert read(data, mime, trust, at=later).status is ManifestStatus.EXPIRED


def test_every_certificate_of_the_path_has_to_be_valid(tmp_path):
    """The issuing CA ends long before the leaf would."""
    start = datetime.now(UTC) - timedelta(days=1825 - 1)
    chain = create_chain("old CA", "system", start=start)
    key = chains.new_key()
    leaf = chains.leaf_for(key, chain, lifetime=timedelta(days=300))
    signer = chains.key_files(tmp_path, chains.pkcs8(key), leaf + chain.issuing_pem).signer()
    trust = chains.trust_in(chain)
    data = manifests.signed(signer, trust)
    now = datetime.now(UTC)
    assert read(data, PNG, trust, at=now).status is ManifestStatus.TRUSTED
    assert read(data, PNG, trust, at=now + timedelta(days=30)).status is ManifestStatus.EXPIRED


def test_the_certificate_of_an_ingredient_vouches_for_nothing_else(signer, tmp_path):
    """A stranger signs over a trusted parent, with a serial number that is the parent's."""
    ours, theirs = chains.authority(), chains.authority("stranger")
    trust = chains.trust_in(ours)
    key, real = chains.new_key(), signer.chain.leaf
    twin = chains.leaf_for(key, theirs, name=signer.chain.subject, serial=real.serial_number)
    forger = chains.key_files(tmp_path, chains.pkcs8(key), twin + theirs.issuing_pem).signer()
    parent = Parent(data=manifests.signed(signer, trust), mime=PNG)
    wanted = manifests.request(parent=parent)
    made = sign(*manifests.plain(), wanted, forger, trust + STRANGER)
    assert real in certificates_in(made.manifest)
    found = read(made.data, PNG, trust, at=datetime.now(UTC))
    assert found.signer.serial_number == str(real.serial_number)
    assert found.status is ManifestStatus.UNTRUSTED


# --- with one ----------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["now", "while valid", "long after"])
def test_with_a_trusted_time_stamp_it_stays_trusted(old, moment):
    at = moments(old)[moment]
    if at == old.signed_at:
        at += timedelta(seconds=30)  # the time stamp is a little younger than the signature
    found = read(old.stamped, PNG, old.trust + old.tsa, at=at)
    stamp = found.time_stamp
    assert found.status is ManifestStatus.TRUSTED
    assert (stamp.status, stamp.authority) == (TimeStampStatus.TRUSTED, tsa.NAME)
    assert stamp.trust_list == old.tsa.lists[0].uri
    assert found.validity.source is TimeSource.TIME_STAMP
    assert found.validity.at == stamp.time == moment_text(parse_moment(found.signer.time))
    assert abs(parse_moment(stamp.time) - old.signed_at) < LEFT


def test_a_time_stamp_from_after_the_chosen_moment_proves_nothing_yet(old):
    at = old.begin - timedelta(days=1)
    found = read(old.stamped, PNG, old.trust + old.tsa, at=at)
    assert found.status is ManifestStatus.EXPIRED
    assert found.validity.source is TimeSource.CHOSEN
    assert found.validity.unproven is Unproven.LATER


def test_the_time_stamp_of_an_unlisted_authority_proves_nothing(old):
    found = read(old.stamped, PNG, old.trust)
    assert found.status is ManifestStatus.EXPIRED
    assert found.time_stamp.status is TimeStampStatus.UNTRUSTED
    assert found.time_stamp.trust_list == ""
    assert found.time_stamp.authority == tsa.NAME
    assert found.validity.unproven is Unproven.UNLISTED


def test_a_list_of_signers_vouches_for_no_time_stamp(old):
    """The authority's root on the wrong list."""
    wrong = chains.as_signers(old.tsa)
    found = read(old.stamped, PNG, old.trust + wrong)
    assert found.time_stamp.status is TimeStampStatus.UNTRUSTED
    assert found.status is ManifestStatus.EXPIRED


def test_a_time_stamp_does_not_make_the_signer_trusted(old):
    found = read(old.stamped, PNG, old.tsa)
    assert found.time_stamp.status is TimeStampStatus.TRUSTED
    assert found.status is ManifestStatus.UNTRUSTED


@pytest.mark.parametrize("listed", [False, True])
def test_on_an_old_kind_of_claim_a_time_stamp_proves_nothing(old, listed):
    """The validator calls every time stamp on a version 1 claim trusted, listed or not."""
    found = read(old.legacy, PNG, old.trust + old.tsa if listed else old.trust)
    assert found.time_stamp.unlisted_by_design
    assert found.validity.unproven is Unproven.VERSION_1
    assert "timeStamp.trusted" in found.success
    assert found.state == "Trusted"
    assert found.time_stamp.status is TimeStampStatus.UNTRUSTED
    assert found.status is ManifestStatus.EXPIRED
    assert found.trust_list == ""


def test_on_an_old_kind_of_claim_a_chosen_moment_counts(old):
    found = read(old.legacy, PNG, old.trust, at=old.signed_at)
    assert found.status is ManifestStatus.TRUSTED
    assert found.validity.source is TimeSource.CHOSEN


def test_revocation_is_said_to_be_unchecked(old):
    assert read(old.stamped, PNG, old.trust + old.tsa).revocation is RevocationStatus.NOT_CHECKED


# --- the same in crJSON ------------------------------------------------------------------------

CREDENTIAL = {names.CREDENTIAL_TRUSTED, names.CREDENTIAL_UNTRUSTED, names.CREDENTIAL_EXPIRED}
SAID = {
    ManifestStatus.TRUSTED: {names.CREDENTIAL_TRUSTED},
    ManifestStatus.UNTRUSTED: {names.CREDENTIAL_UNTRUSTED},
    ManifestStatus.EXPIRED: {names.CREDENTIAL_UNTRUSTED, names.CREDENTIAL_EXPIRED},
}


@pytest.mark.parametrize("moment", ["now", "while valid", "before it was valid", "long after"])
@pytest.mark.parametrize("kind", ["plain", "stamped", "legacy"])
@pytest.mark.parametrize("trusting", ["all", "stranger"])
def test_crjson_says_of_the_signer_what_was_concluded(old, moment, kind, trusting):
    at, data = moments(old)[moment], getattr(old, kind)
    trust = (old.trust if trusting == "all" else STRANGER) + old.tsa
    results = crjson(data, PNG, trust, at=at)["manifests"][0]["validationResults"]
    said = [entry["code"] for entry in (*results["success"], *results["failure"])]
    status = read(data, PNG, trust, at=at).status
    assert set(said) & CREDENTIAL == SAID[status]
    assert sum(code in CREDENTIAL for code in said) == len(SAID[status])
    if at:
        assert results["validationTime"] == moment_text(at)
