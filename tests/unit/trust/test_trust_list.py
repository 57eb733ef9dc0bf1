"""Trust lists: every certificate is parsed before anybody believes it."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support import chains

from provenance.errors import ErrorCode, TrustError
from provenance.trust import SIGNER_EKUS, TIME_STAMPING_EKU, TrustKind, TrustList, TrustStore

EMAIL, ANY = "1.3.6.1.5.5.7.3.4", "2.5.29.37.0"
CHAIN, OTHER = chains.authority(), chains.authority("other")


def parse(data, name="list.pem", kind=TrustKind.SIGNERS):
    return TrustList.parse(data, name=name, kind=kind)


def refused(data):
    with pytest.raises(TrustError) as caught:
        parse(data)
    assert caught.value.code is ErrorCode.TRUST
    return caught.value


def anchor(*, start, days, name="old root"):
    """A self-signed CA certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )


def test_anchors_are_kept_in_their_order():
    anchors = parse(CHAIN.root_pem + OTHER.root_pem).anchors
    assert [pem.encode() for pem in anchors] == [CHAIN.root_pem, OTHER.root_pem]


def test_an_issuing_ca_may_be_an_anchor():
    assert len(parse(CHAIN.issuing_pem).anchors) == 1


def test_text_around_the_certificates_is_allowed():
    assert len(parse(b"# C2PA trust list\n" + CHAIN.root_pem + b"\n# end\n").anchors) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"garbage",
        b"-----BEGIN CERTIFICATE-----\nZ2FyYmFnZQ==\n-----END CERTIFICATE-----\n",
        CHAIN.root_pem[:-40],
        CHAIN.root_pem.replace(b"MII", b"XII", 1),
    ],
    ids=["empty", "blank", "garbage", "garbage in PEM", "cut", "damaged"],
)
def test_what_is_no_list_of_certificates_is_refused(data):
    refused(data)


def test_the_json_form_of_a_list_is_refused_with_what_to_use_instead():
    document = json.dumps({"certificates": [CHAIN.root_pem.decode()]}).encode()
    assert ".pem" in refused(document).hint


@pytest.mark.parametrize("key", [CHAIN.leaf_key_pem, CHAIN.issuing_key_pem])
def test_a_private_key_in_the_list_is_refused(key):
    assert "something else" in refused(CHAIN.root_pem + key).message


def test_a_signing_certificate_is_no_anchor():
    error = refused(CHAIN.root_pem + CHAIN.leaf_pem)
    assert "certificate 2" in error.message
    assert "root or issuing CA" in error.hint


def test_a_certificate_that_does_not_say_what_it_is_is_no_anchor():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "v1")])
    now = datetime.now(UTC)
    bare = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    assert "not a CA" in refused(bare.public_bytes(Encoding.PEM)).message


def test_an_expired_anchor_is_kept_and_reported():
    old = anchor(start=datetime(2020, 1, 1, tzinfo=UTC), days=10)
    made = parse(CHAIN.root_pem + old)
    assert len(made.anchors) == 2
    assert made.expired == ("CN=old root",)


def test_a_valid_anchor_is_not_reported():
    assert parse(CHAIN.root_pem).expired == ()


def test_a_huge_file_is_refused():
    assert "larger" in refused(CHAIN.root_pem + b"#" * 4_000_000).message


def test_the_digest_is_that_of_the_file_as_read(tmp_path):
    path = tmp_path / "my-list.pem"
    path.write_bytes(b"# comment\n" + CHAIN.root_pem)
    made = TrustList.load(path, TrustKind.TIME_STAMPS)
    assert made.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert made.name == "my-list.pem"
    assert made.kind is TrustKind.TIME_STAMPS


def test_what_the_validator_calls_a_list_ties_it_to_its_content():
    one, two = parse(CHAIN.root_pem), parse(OTHER.root_pem)
    assert one.uri != two.uri
    assert one.name in one.uri
    assert one.sha256[:16] in one.uri


def test_a_missing_file_is_our_error(tmp_path):
    with pytest.raises(TrustError, match="cannot read"):
        TrustList.load(tmp_path / "nothing.pem", TrustKind.SIGNERS)


def test_a_directory_is_our_error(tmp_path):
    with pytest.raises(TrustError, match="cannot read"):
        TrustList.load(tmp_path, TrustKind.SIGNERS)


def test_a_store_tells_its_lists_apart_by_what_they_vouch_for():
    signers = parse(CHAIN.root_pem)
    stamps = parse(OTHER.root_pem, kind=TrustKind.TIME_STAMPS)
    store = TrustStore(lists=(stamps,)) + TrustStore(lists=(signers,))
    assert store.of(TrustKind.SIGNERS) == (signers,)
    assert store.of(TrustKind.TIME_STAMPS) == (stamps,)


def test_an_empty_store_trusts_nobody():
    assert TrustStore().of(TrustKind.SIGNERS) == ()


def test_the_key_usages_of_signers_are_object_identifiers():
    for number in SIGNER_EKUS:
        assert x509.ObjectIdentifier(number).dotted_string == number


# --- purpose, number, date ------------------------------------------------------------------


def ca(*usages, key_cert_sign=True):
    """A CA certificate with these extended key usages."""
    key, name = chains.new_key(), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")])
    start = datetime.now(UTC) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(chains.usage(key_cert_sign=key_cert_sign, crl_sign=True), critical=True)
    )
    if usages:
        oids = [x509.ObjectIdentifier(usage) for usage in usages]
        builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    ("usages", "kind", "accepted"),
    [
        ((), TrustKind.SIGNERS, True),
        ((), TrustKind.TIME_STAMPS, True),
        ((EMAIL,), TrustKind.SIGNERS, True),
        ((EMAIL,), TrustKind.TIME_STAMPS, False),
        ((TIME_STAMPING_EKU,), TrustKind.SIGNERS, False),
        ((TIME_STAMPING_EKU,), TrustKind.TIME_STAMPS, True),
        ((EMAIL, TIME_STAMPING_EKU), TrustKind.SIGNERS, True),
        ((EMAIL, TIME_STAMPING_EKU), TrustKind.TIME_STAMPS, True),
        ((ANY,), TrustKind.SIGNERS, True),
        ((ANY,), TrustKind.TIME_STAMPS, True),
    ],
)
def test_an_anchor_vouches_only_for_what_it_may(usages, kind, accepted):
    data = ca(*usages)
    if accepted:
        assert parse(data, kind=kind).anchors == (data.decode(),)
        return
    with pytest.raises(TrustError, match="extended key usage") as caught:
        parse(data, kind=kind)
    assert caught.value.hint


def test_a_ca_that_may_not_sign_certificates_is_refused():
    assert "may not sign certificates" in refused(ca(key_cert_sign=False)).message


def test_a_certificate_that_is_there_twice_is_kept_once():
    data = CHAIN.root_pem + OTHER.root_pem + CHAIN.root_pem
    found = parse(data)
    assert [pem.encode() for pem in found.anchors] == [CHAIN.root_pem, OTHER.root_pem]
    assert found.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("number", [1_001, 10_000])
def test_a_list_of_thousands_is_refused_before_it_is_parsed(number):
    message = refused(b"-----BEGIN CERTIFICATE-----\nx\n" * number).message
    assert "more than 1,000 certificates" in message


def test_ten_thousand_real_certificates_are_refused():
    assert "larger than" in refused(CHAIN.root_pem * 10_000).message


def test_an_endless_file_is_not_read_to_its_end(tmp_path):
    with pytest.raises(TrustError, match="larger than"):
        TrustList.load(Path("/dev/zero"), TrustKind.SIGNERS)


def test_a_report_says_which_list_it_was(tmp_path):
    path = tmp_path / "roots.pem"
    old = anchor(start=datetime.now(UTC) - timedelta(days=40), days=30)
    path.write_bytes(CHAIN.root_pem + old)
    changed = datetime(2026, 8, 5, 12, 30, tzinfo=UTC)
    os.utime(path, (changed.timestamp(), changed.timestamp()))
    info = TrustList.load(path, TrustKind.TIME_STAMPS).info
    assert (info.name, info.kind, info.anchors) == ("roots.pem", "time_stamps", 2)
    assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert info.modified == changed.isoformat()
    assert info.expired == ("CN=old root",)
