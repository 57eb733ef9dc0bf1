"""Reading a manifest: every status, and what it rests on."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from support import chains, manifests, pictures, tamper

from provenance.imaging import Encoding, Metadata, encode
from provenance.keys import create_chain
from provenance.manifest import Parent, read, read_recovered, sign
from provenance.manifest.names import CREDENTIAL_EXPIRED, CREDENTIAL_TRUSTED
from provenance.model import ManifestSource, ManifestStatus
from provenance.trust import TrustStore

CHAIN = chains.authority()
TRUST = chains.trust_in(CHAIN)
PNG = "image/png"


@pytest.fixture(scope="module")
def wanted():
    return manifests.request()


@pytest.fixture(scope="module")
def signed(signer, wanted):
    return manifests.signed(signer, TRUST, wanted)


def status(data, trust=TRUST):
    return read(data, PNG, trust).status


def edited(data, text, *, after=b"caBX"):
    """One bit of the manifest changed, inside the given text."""
    position = data.index(text, data.index(after))
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


# --- statuses ----------------------------------------------------------------------------


def test_a_sound_manifest_of_a_listed_signer_is_trusted(signed, signer):
    found = read(signed, PNG, TRUST)
    assert found.status is ManifestStatus.TRUSTED
    assert found.state == "Trusted"
    assert CREDENTIAL_TRUSTED in found.success
    assert found.failure == ()
    assert found.source is ManifestSource.EMBEDDED
    assert found.trust_list == TRUST.lists[0].uri
    assert found.signer.common_name == signer.chain.subject
    assert found.signer.serial_number == str(signer.chain.leaf.serial_number)
    assert found.signer.algorithm.lower() == signer.algorithm.value


def test_one_changed_pixel_is_content_changed(signed):
    found = read(tamper.change_pixel(signed), PNG, TRUST)
    assert found.status is ManifestStatus.TRUSTED_CONTENT_CHANGED
    assert found.failure == ("assertion.dataHash.mismatch",)


def test_content_changed_needs_a_trusted_signer(signed):
    assert status(tamper.change_pixel(signed), TrustStore()) is ManifestStatus.INVALID


@pytest.mark.parametrize("trust", [TrustStore(), chains.trust_in(chains.authority("stranger"))])
def test_a_signer_on_no_list_of_ours_is_untrusted(signed, trust):
    found = read(signed, PNG, trust)
    assert found.status is ManifestStatus.UNTRUSTED
    assert found.state == "Valid"
    assert "signingCredential.untrusted" in found.failure
    assert found.trust_list == ""


@pytest.mark.parametrize(
    "text",
    [b"trainedAlgorithmicMedia", b"acme-images", b"specVersion", b"c2pa.hash.data", b"signature"],
)
def test_a_changed_byte_in_the_manifest_is_invalid_or_unreadable(signed, text):
    assert status(edited(signed, text)) in (ManifestStatus.INVALID, ManifestStatus.UNREADABLE)


def test_a_changed_byte_in_the_claim_is_invalid_with_its_code(signed):
    found = read(edited(signed, b"specVersion"), PNG, TRUST)
    assert found.status is ManifestStatus.INVALID
    assert "claimSignature.mismatch" in found.failure


def test_a_changed_byte_in_an_assertion_is_invalid_with_its_code(signed):
    found = read(edited(signed, b"trainedAlgorithmicMedia"), PNG, TRUST)
    assert found.status is ManifestStatus.INVALID
    assert "assertion.hashedURI.mismatch" in found.failure


def test_a_changed_pixel_and_a_changed_claim_together_are_invalid(signed):
    assert status(edited(tamper.change_pixel(signed), b"specVersion")) is ManifestStatus.INVALID


def test_the_manifest_of_another_picture_is_content_changed(signed):
    other, _ = manifests.plain(side=80)
    assert status(tamper.give_manifest(other, signed)) is ManifestStatus.TRUSTED_CONTENT_CHANGED


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff"])
def test_a_file_without_manifest_has_none(name):
    found = read(*manifests.plain(name), TRUST)
    assert found.status is ManifestStatus.NONE
    assert found.source is ManifestSource.EMBEDDED


def test_a_stripped_manifest_is_none(signed):
    assert status(tamper.strip_manifest(signed)) is ManifestStatus.NONE


def test_two_manifests_cannot_be_read(signed):
    parts = tamper.chunks(signed)
    parts.insert(1, next(part for part in parts if part[0] == b"caBX"))
    found = read(tamper.png(parts), PNG, TRUST)
    assert found.status is ManifestStatus.UNREADABLE
    assert found.detail


def test_a_manifest_that_is_garbage_cannot_be_read(signed):
    parts = [
        (k, body[:40] + bytes(40) if k == b"caBX" else body) for k, body in tamper.chunks(signed)
    ]
    assert status(tamper.png(parts)) is ManifestStatus.UNREADABLE


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x89PNG\r\n\x1a\n"])
def test_reading_never_raises_on_what_it_finds(data):
    assert status(data) in (ManifestStatus.NONE, ManifestStatus.UNREADABLE)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/c2pa/manifest?x=1",
        pytest.param(
            "http://127.0.0.1:9/a%20manifest?x=1",
        ),
    ],
)
def test_a_manifest_on_a_server_is_remote_only_and_its_address_kept(signer, address):
    found = read(manifests.foreign(signer, TRUST, [manifests.CREATED], remote=address), PNG, TRUST)
    assert found.status is ManifestStatus.REMOTE_ONLY
    assert found.remote_url == address


def test_a_certificate_that_has_expired_since_is_expired(tmp_path):
    probe = x509.load_pem_x509_certificate(create_chain("p", "p").leaf_pem)
    backdate = datetime.now(UTC) - probe.not_valid_before_utc
    chain = create_chain("short", "short", leaf_lifetime=backdate + timedelta(seconds=3))
    signer = chains.key_files(tmp_path, chain.leaf_key_pem, chain.chain_pem).signer()
    trust = chains.trust_in(chain)
    data = manifests.signed(signer, trust)
    assert status(data, trust) is ManifestStatus.TRUSTED
    end = signer.chain.leaf.not_valid_after_utc
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 1.1)
    found = read(data, PNG, trust)
    assert found.status is ManifestStatus.EXPIRED
    assert CREDENTIAL_EXPIRED in found.failure
    assert status(tamper.change_pixel(data), trust) is ManifestStatus.INVALID


def test_codes_are_kept_once_each(signed):
    found = read(signed, PNG, TRUST)
    assert len(found.success) == len(set(found.success))
    assert "assertion.hashedURI.match" in found.success


# --- what it states ------------------------------------------------------------------------


def test_what_was_stated_is_read(signed, wanted):
    found = read(signed, PNG, TRUST)
    assert found.generation == wanted.claim
    assert found.soft_bindings == (wanted.soft_binding,)
    assert found.actions == ("c2pa.created", "c2pa.watermarked.bound")
    assert found.digital_source_types[0].endswith("/trainedAlgorithmicMedia")
    assert found.claims_creation
    assert not found.claims_capture
    assert found.claim_generator == "provenance 9.9"
    assert wanted.claim.record_id in found.manifest_id


def test_statements_of_an_untrusted_manifest_are_read_too(signed, wanted):
    found = read(signed, PNG, TrustStore())
    assert found.generation == wanted.claim


# --- recovered -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recovered(signer, wanted):
    """A manifest on its own, and a copy of its picture that lost it."""
    data, mime = manifests.plain()
    manifest = sign(data, mime, wanted, signer, TRUST).manifest
    copy = encode(pictures.crop(64, 64), None, Encoding.parse("jpeg"), Metadata())
    return copy, manifest


def test_a_recovered_manifest_says_everything_but_that_the_file_is_unchanged(recovered, wanted):
    copy, manifest = recovered
    found = read_recovered(copy, "image/jpeg", manifest, TRUST)
    assert found.status is ManifestStatus.TRUSTED_CONTENT_CHANGED
    assert found.source is ManifestSource.RECOVERED
    assert found.generation == wanted.claim


def test_a_recovered_manifest_of_an_unknown_signer_is_worth_nothing(recovered):
    copy, manifest = recovered
    found = read_recovered(copy, "image/jpeg", manifest, TrustStore())
    assert found.status is ManifestStatus.INVALID


def test_a_damaged_recovered_manifest_is_not_trusted(recovered):
    copy, manifest = recovered
    position = manifest.index(b"specVersion")
    damaged = manifest[:position] + b"S" + manifest[position + 1 :]
    assert read_recovered(copy, "image/jpeg", damaged, TRUST).status is ManifestStatus.INVALID
    assert read_recovered(copy, "image/jpeg", b"junk", TRUST).status is ManifestStatus.UNREADABLE


# --- ingredients -----------------------------------------------------------------------------


def child_of(signer, parent):
    wanted = manifests.request(parent=Parent(data=parent, mime=PNG))
    return manifests.signed(signer, TRUST, wanted)


def test_a_sound_parent_is_listed_without_failures(signer, signed):
    found = read(child_of(signer, signed), PNG, TRUST)
    (parent,) = found.ingredients
    assert (parent.relationship, parent.depth, parent.failures) == ("parentOf", 1, ())
    assert parent.manifest_id == read(signed, PNG, TRUST).manifest_id
    assert found.altered_ingredients == ()


def test_a_parent_that_was_altered_before_is_found_under_a_trusted_child(signer, signed):
    found = read(child_of(signer, tamper.change_pixel(signed)), PNG, TRUST)
    assert found.status is ManifestStatus.TRUSTED
    (parent,) = found.altered_ingredients
    assert "assertion.dataHash.mismatch" in parent.failures


def test_an_altered_grandparent_is_found(signer, signed):
    child = child_of(signer, tamper.change_pixel(signed))
    found = read(child_of(signer, child), PNG, TRUST)
    assert [item.depth for item in found.ingredients] == [1, 2]
    assert [item.depth for item in found.altered_ingredients] == [2]


def test_a_parent_of_an_unknown_signer_is_not_altered(signer, stranger):
    unknown = manifests.signed(stranger, chains.trust_in(chains.authority("stranger")))
    found = read(child_of(signer, unknown), PNG, TRUST)
    assert found.ingredients[0].failures
    assert found.altered_ingredients == ()


def test_a_child_without_parent_has_no_ingredients(signed):
    assert read(signed, PNG, TRUST).ingredients == ()


def test_the_same_bytes_always_read_the_same(signed):
    assert read(signed, PNG, TRUST) == read(signed, PNG, TRUST)
