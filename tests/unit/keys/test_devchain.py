"""The development chain follows the C2PA certificate profile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from support import chains

from provenance.errors import KeyMaterialError
from provenance.keys import CertificateChain, create_chain, issue_leaf
from provenance.keys.devchain import C2PA_CLAIM_SIGNING, LEAF_DAYS

CHAIN = chains.authority("Acme Ltd")
ROOT, ISSUING, LEAF = (
    x509.load_pem_x509_certificate(pem)
    for pem in (CHAIN.root_pem, CHAIN.issuing_pem, CHAIN.leaf_pem)
)


def extension(certificate, kind):
    return certificate.extensions.get_extension_for_class(kind)


def spki(key):
    return x509.SubjectKeyIdentifier.from_public_key(key).digest


@pytest.mark.parametrize(
    ("child", "issuer"),
    [(LEAF, ISSUING), (ISSUING, ROOT), (ROOT, ROOT)],
    ids=["leaf", "ca", "root"],
)
def test_each_certificate_is_signed_by_the_next(child, issuer):
    child.verify_directly_issued_by(issuer)
    authority = extension(child, x509.AuthorityKeyIdentifier).value
    assert authority.key_identifier == spki(issuer.public_key())


def test_only_the_certificate_authorities_may_issue():
    for certificate, is_ca in ((ROOT, True), (ISSUING, True), (LEAF, False)):
        constraints = extension(certificate, x509.BasicConstraints)
        assert constraints.critical
        assert constraints.value.ca is is_ca
        usage = extension(certificate, x509.KeyUsage)
        assert usage.critical
        assert usage.value.key_cert_sign is is_ca
        assert usage.value.digital_signature is not is_ca


def test_the_issuing_ca_may_issue_leaves_only():
    assert extension(ISSUING, x509.BasicConstraints).value.path_length == 0


def test_the_leaf_may_sign_claims():
    usages = set(extension(LEAF, x509.ExtendedKeyUsage).value)
    assert {C2PA_CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION} <= usages
    assert ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE not in usages


def test_the_leaf_names_organisation_and_system():
    chain = create_chain("Acme Ltd", "acme-images")
    subject = x509.load_pem_x509_certificate(chain.leaf_pem).subject
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "Acme Ltd"
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "acme-images"


def test_certificates_are_valid_already_and_the_leaf_ends_first():
    now = datetime.now(UTC)
    for certificate in (ROOT, ISSUING, LEAF):
        assert certificate.not_valid_before_utc < now
    ends = [c.not_valid_after_utc for c in (LEAF, ISSUING, ROOT)]
    assert ends == sorted(ends)
    assert LEAF.not_valid_after_utc - LEAF.not_valid_before_utc == timedelta(days=LEAF_DAYS)


def test_a_leaf_may_live_shorter_and_never_longer():
    short = create_chain("o", "s", leaf_lifetime=timedelta(days=2))
    leaf = x509.load_pem_x509_certificate(short.leaf_pem)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=2)
    with pytest.raises(KeyMaterialError):
        create_chain("o", "s", leaf_lifetime=timedelta(days=LEAF_DAYS, seconds=1))


def test_the_keys_belong_to_their_certificates():
    for key_pem, certificate in ((CHAIN.leaf_key_pem, LEAF), (CHAIN.issuing_key_pem, ISSUING)):
        key = load_pem_private_key(key_pem, password=None)
        assert spki(key.public_key()) == spki(certificate.public_key())


def test_every_chain_has_fresh_keys_and_serial_numbers():
    other = create_chain("Acme Ltd", "Acme Ltd")
    assert other.leaf_key_pem != CHAIN.leaf_key_pem
    assert x509.load_pem_x509_certificate(other.leaf_pem).serial_number != LEAF.serial_number


def test_keys_are_not_shown():
    assert "PRIVATE" not in repr(CHAIN)


def test_what_is_embedded_is_leaf_and_issuing_ca():
    chain = CertificateChain.parse(CHAIN.chain_pem)
    assert chain.certificates == (LEAF, ISSUING)


def test_a_new_leaf_comes_with_a_new_key_under_the_same_issuer():
    leaf_pem, key_pem = issue_leaf(CHAIN.issuing_pem, CHAIN.issuing_key_pem, "renewed")
    leaf = x509.load_pem_x509_certificate(leaf_pem)
    leaf.verify_directly_issued_by(ISSUING)
    assert key_pem != CHAIN.leaf_key_pem
    assert leaf.serial_number != LEAF.serial_number


def test_the_key_of_another_kind_cannot_issue():
    from provenance.keys import SigningAlgorithm

    key = chains.pkcs8(chains.key_for(SigningAlgorithm.ED25519))
    with pytest.raises(KeyMaterialError, match="EC"):
        issue_leaf(CHAIN.issuing_pem, key, "s")


def test_the_key_of_another_issuer_cannot_issue():
    other = chains.authority("other")
    with pytest.raises(KeyMaterialError):
        issue_leaf(CHAIN.issuing_pem, other.issuing_key_pem, "s")


def test_an_organisation_may_have_a_long_name():
    create_chain("o" * 64, "s")
