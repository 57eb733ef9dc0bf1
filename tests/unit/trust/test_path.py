"""Certification paths: from a signing certificate to an anchor, at one moment."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support import chains

from provenance.trust import TrustKind, TrustList, TrustStore, anchored, certificates_in

NOW = datetime.now(UTC)
CHAIN = chains.authority()
LEAF, ISSUING, ROOT = (
    x509.load_pem_x509_certificate(pem)
    for pem in (CHAIN.leaf_pem, CHAIN.issuing_pem, CHAIN.root_pem)
)
TRUST = chains.trust_in(CHAIN)


class Authority:
    """A CA of any shape."""

    def __init__(
        self, name, issuer=None, *, ca=True, length=None, sign=True, days=(-10, 10), key=None
    ):
        self.key = key or chains.new_key()
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        signer = issuer or self
        begin, end = (NOW + timedelta(days=day) for day in days)
        self.builder = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(signer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=length), critical=True)
            .add_extension(chains.usage(key_cert_sign=sign, crl_sign=True), critical=True)
        )
        self.certificate = self.builder.sign(signer.key, SHA256())

    def list(self):
        pem = self.certificate.public_bytes(Encoding.PEM)
        parsed = TrustList.parse(pem, name="list.pem", kind=TrustKind.SIGNERS)
        return TrustStore(lists=(parsed,))


def leaf_of(issuer, days=(-1, 1)):
    return Authority("leaf", issuer, ca=False, sign=False, days=days).certificate


def test_a_chain_ends_at_its_root():
    found = anchored(LEAF, [ISSUING], TRUST, NOW)
    assert found.leaf == LEAF
    assert found.trust_list == TRUST.lists[0]


def test_the_order_of_the_other_certificates_does_not_matter():
    strange = [Authority(f"CA {n}").certificate for n in range(3)]
    assert anchored(LEAF, [*strange, LEAF, ROOT, ISSUING], TRUST, NOW)


def test_without_the_issuing_ca_there_is_no_path():
    assert anchored(LEAF, [LEAF, ROOT], TRUST, NOW) is None


def test_an_issuing_ca_may_be_the_anchor():
    issuing = TrustList.parse(CHAIN.issuing_pem, name="issuing.pem", kind=TrustKind.SIGNERS)
    assert anchored(LEAF, [], TrustStore(lists=(issuing,)), NOW)


def test_lists_of_time_stamping_authorities_anchor_no_signer():
    stamps = TrustList.parse(CHAIN.root_pem, name="tsa.pem", kind=TrustKind.TIME_STAMPS)
    assert anchored(LEAF, [ISSUING], TrustStore(lists=(stamps,)), NOW) is None


def test_the_first_list_that_holds_the_anchor_is_named():
    other = chains.trust_in(chains.authority("other"), "other.pem")
    again = chains.trust_in(CHAIN, "again.pem")
    assert anchored(LEAF, [ISSUING], other + again + TRUST, NOW).trust_list.name == "again.pem"


@pytest.mark.parametrize(
    ("leaf", "issuing", "expected"),
    [
        ((-1, 1), (-10, 10), True),
        ((-3, -1), (-10, 10), False),
        ((1, 3), (-10, 10), False),
        ((-1, 1), (-10, -1), False),
        ((-1, 1), (1, 10), False),
    ],
)
def test_every_certificate_below_the_anchor_is_valid_at_the_moment(leaf, issuing, expected):
    root = Authority("root")
    middle = Authority("issuing", root, days=issuing)
    child = leaf_of(middle, leaf)
    found = anchored(child, [middle.certificate], root.list(), NOW)
    assert (found is not None) is expected
    assert anchored(child, [middle.certificate], root.list(), None)


def test_the_anchor_itself_may_have_expired():
    root = Authority("root", days=(-100, -50))
    assert anchored(leaf_of(root), [], root.list(), NOW)


def test_a_name_alone_is_no_issuer():
    root, impostor = Authority("root"), Authority("root")
    assert anchored(leaf_of(impostor), [], root.list(), NOW) is None
    middle, copied = Authority("issuing", root), Authority("issuing", root)
    assert anchored(leaf_of(copied), [middle.certificate], root.list(), NOW) is None


@pytest.mark.parametrize("shape", [{"ca": False}, {"sign": False}])
def test_what_is_no_ca_issues_nothing(shape):
    root = Authority("root")
    middle = Authority("issuing", root, **shape)
    assert anchored(leaf_of(middle), [middle.certificate], root.list(), NOW) is None


@pytest.mark.parametrize(("length", "expected"), [(None, True), (1, True), (0, False)])
def test_the_path_length_is_kept(length, expected):
    root = Authority("root")
    upper = Authority("upper", root, length=length)
    lower = Authority("lower", upper)
    pool = [upper.certificate, lower.certificate]
    assert (anchored(leaf_of(lower), pool, root.list(), NOW) is not None) is expected


def test_a_ca_with_a_critical_extension_that_nobody_understands_is_no_issuer():
    root = Authority("root")
    middle = Authority("issuing", root)
    limits = x509.NameConstraints([x509.DNSName("example.com")], None)
    constrained = middle.builder.add_extension(limits, critical=True).sign(root.key, SHA256())
    assert anchored(leaf_of(middle), [middle.certificate], root.list(), NOW)
    assert anchored(leaf_of(middle), [constrained], root.list(), NOW) is None


def test_a_loop_of_issuers_ends():
    one, two = Authority("one"), Authority("two")
    pool = [
        Authority("one", two, key=one.key).certificate,
        Authority("two", one, key=two.key).certificate,
    ]
    root = Authority("root")
    assert anchored(leaf_of(one), pool, root.list(), NOW) is None
    pool.append(Authority("two", root, key=two.key).certificate)
    assert anchored(leaf_of(one), pool, root.list(), NOW)


def test_a_maze_of_issuers_is_given_up():
    """Forty certificates for one name and key: each is a valid issuer of each."""
    root, holder = Authority("root"), Authority("maze")
    pool = [Authority("maze", holder, key=holder.key).certificate for _ in range(40)]
    started = time.monotonic()
    assert anchored(leaf_of(holder), pool, root.list(), NOW) is None
    assert time.monotonic() - started < 5


# --- finding certificates ------------------------------------------------------------------


def in_cbor(certificate):
    """A byte string of CBOR (RFC 8949, major type 2, two bytes of length)."""
    der = certificate.public_bytes(Encoding.DER)
    return b"\x59" + len(der).to_bytes(2) + der


def test_certificates_are_found_once_and_in_order():
    store = b"x" * 99 + in_cbor(LEAF) + in_cbor(ISSUING) + b"between" + in_cbor(LEAF)
    assert certificates_in(store) == (LEAF, ISSUING)


@pytest.mark.parametrize(
    "store",
    [
        b"",
        b"\x59\x00\x04\x30\x82\x00\x00",
        b"\x59\xff\xff\x30\x82\xff\xfb",
        in_cbor(LEAF)[:-1],
        in_cbor(LEAF)[1:],
        in_cbor(LEAF).replace(b"\x30\x82", b"\x31\x82"),
        in_cbor(LEAF)[:1] + b"\x00\x09" + in_cbor(LEAF)[3:],
    ],
)
def test_what_is_no_certificate_is_passed_over(store):
    assert certificates_in(store) == ()


def test_no_more_than_64_certificates_are_looked_at():
    many = [Authority(f"CA {number}").certificate for number in range(70)]
    found = certificates_in(b"".join(map(in_cbor, many)))
    assert found == tuple(many[:64])


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_a_damaged_issuer_is_no_path_and_no_error():
    der = ISSUING.public_bytes(Encoding.DER)
    names_damaged = 0
    for position in range(len(der)):
        damaged = der[:position] + bytes([der[position] ^ 0xC2]) + der[position + 1 :]
        try:
            issuer = x509.load_der_x509_certificate(damaged)
        except ValueError:
            continue
        try:
            _ = issuer.subject
        except ValueError:
            names_damaged += 1
        assert anchored(LEAF, [issuer], TRUST, NOW) is None
    assert names_damaged > 0
