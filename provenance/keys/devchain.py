"""A development certificate chain: root, issuing CA and signing leaf.

It makes a workspace usable at once and follows the C2PA leaf profile (C2PA 2.4, clause
"X.509 Certificates"; conformance programme, certificate profile of assurance level 1),
but no trust list contains its root. Production uses a certificate of a listed CA.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from provenance.errors import KeyMaterialError
from provenance.keys.algorithms import KEY_KINDS, algorithm_of

C2PA_CLAIM_SIGNING: Final = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
#: What a leaf may sign, as extended key usages. Programs that check documents ask for
#: emailProtection where they do not know documentSigning.
SIGNS_CLAIMS: Final = (ExtendedKeyUsageOID.EMAIL_PROTECTION, C2PA_CLAIM_SIGNING)
SIGNS_REPORTS: Final = (DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION)
ROOT_DAYS: Final = 3650
ISSUING_DAYS: Final = 1825
LEAF_DAYS: Final = 366  # upper bound of assurance level 1
_BACKDATE: Final = timedelta(minutes=5)  # clocks of signer and verifier differ
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
_Validity = tuple[datetime, timedelta]  # begin and length


@dataclass(frozen=True, slots=True, kw_only=True)
class DevelopmentChain:
    """PEM files of one development chain; the keys are PKCS#8 and unencrypted."""

    root_pem: bytes
    issuing_pem: bytes
    leaf_pem: bytes
    issuing_key_pem: bytes = field(repr=False)
    leaf_key_pem: bytes = field(repr=False)

    @property
    def chain_pem(self) -> bytes:
        """What is embedded in manifests: leaf, then issuing CA."""
        return self.leaf_pem + self.issuing_pem


def create_chain(
    organization: str,
    system: str,
    *,
    leaf_lifetime: timedelta = timedelta(days=LEAF_DAYS),
    start: datetime | None = None,
) -> DevelopmentChain:
    """Make a fresh chain. The root's private key is thrown away: it signs one CA only.

    Args:
        organization: subject organisation of all three certificates.
        system: the leaf's common name; one leaf for each generating system.
        leaf_lifetime: validity of the leaf, at most 366 days.
        start: when all three certificates begin to be valid; default: five minutes ago.
    """
    if leaf_lifetime > timedelta(days=LEAF_DAYS):
        raise KeyMaterialError(f"a signing certificate lives at most {LEAF_DAYS} days")
    root_key, issuing_key = _key(), _key()
    root_name = _name(organization, "Development Root CA")
    issuing_name = _name(organization, "Development Issuing CA")
    begin = start or datetime.now(UTC) - _BACKDATE
    of_root, of_issuing = (timedelta(days=days) for days in (ROOT_DAYS, ISSUING_DAYS))
    root = _ca(root_name, root_name, root_key, root_key, (begin, of_root), path_length=1)
    issuing = _ca(
        issuing_name, root_name, issuing_key, root_key, (begin, of_issuing), path_length=0
    )
    leaf_pem, leaf_key_pem = issue_leaf(
        issuing.public_bytes(Encoding.PEM),
        _pem(issuing_key),
        system,
        lifetime=leaf_lifetime,
        start=begin,
    )
    return DevelopmentChain(
        root_pem=root.public_bytes(Encoding.PEM),
        issuing_pem=issuing.public_bytes(Encoding.PEM),
        leaf_pem=leaf_pem,
        issuing_key_pem=_pem(issuing_key),
        leaf_key_pem=leaf_key_pem,
    )


def issue_leaf(
    issuing_pem: bytes,
    issuing_key_pem: bytes,
    system: str,
    *,
    lifetime: timedelta = timedelta(days=LEAF_DAYS),
    start: datetime | None = None,
    usages: tuple[ObjectIdentifier, ...] = SIGNS_CLAIMS,
) -> tuple[bytes, bytes]:
    """A new signing certificate and its key, both PEM, under an existing issuing CA.

    It begins to be valid at `start`; default: five minutes ago. `usages` say what it may sign.
    """
    key = _key()
    validity = (start or datetime.now(UTC) - _BACKDATE, lifetime)
    leaf = _leaf(issuing_pem, issuing_key_pem, system, key.public_key(), validity, usages)
    return leaf, _pem(key)


def certify(
    issuing_pem: bytes,
    issuing_key_pem: bytes,
    system: str,
    public_key: bytes,
    *,
    lifetime: timedelta = timedelta(days=LEAF_DAYS),
) -> bytes:
    """A signing certificate, PEM, for a key that is elsewhere, under an existing issuing CA.

    Args:
        issuing_pem: certificate of the issuing CA.
        issuing_key_pem: its key.
        system: the leaf's common name.
        public_key: the key in SubjectPublicKeyInfo, PEM or DER.
        lifetime: validity, from five minutes ago on.

    Raises:
        KeyMaterialError: no public key of a kind that C2PA allows, or not the CA's key.
    """
    pem = public_key.lstrip().startswith(b"-----BEGIN")
    try:
        key = (load_pem_public_key if pem else load_der_public_key)(public_key)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyMaterialError("this is not a public key in PEM or DER") from error
    if not isinstance(key, PublicKey) or algorithm_of(key) is None:
        raise KeyMaterialError("this is a kind of key that C2PA does not allow", hint=KEY_KINDS)
    validity = (datetime.now(UTC) - _BACKDATE, lifetime)
    return _leaf(issuing_pem, issuing_key_pem, system, key, validity, SIGNS_CLAIMS)


def _leaf(
    issuing_pem: bytes,
    issuing_key_pem: bytes,
    system: str,
    key: PublicKey,
    validity: _Validity,
    usages: tuple[ObjectIdentifier, ...],
) -> bytes:
    issuer = x509.load_pem_x509_certificate(issuing_pem)
    issuer_key = load_pem_private_key(issuing_key_pem, password=None)
    if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        raise KeyMaterialError("the issuing CA's key is not an EC key")
    if issuer_key.public_key() != issuer.public_key():
        raise KeyMaterialError("the issuing CA's key does not belong to its certificate")
    organization = issuer.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    leaf = (
        _builder(_name(str(organization), system), issuer.subject, key, validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_content=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, SHA256())
    )
    return leaf.public_bytes(Encoding.PEM)


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _name(organization: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "XX"),  # user-assigned code: nowhere
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, validity: _Validity
) -> x509.CertificateBuilder:
    start, lifetime = validity
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _ca(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    validity: _Validity,
    *,
    path_length: int,
) -> x509.Certificate:
    return (
        _builder(subject, issuer, key.public_key(), validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(signs_content=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, SHA256())
    )


def _usage(*, signs_content: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs_content,
        content_commitment=signs_content,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs_content,
        crl_sign=not signs_content,
        encipher_only=False,
        decipher_only=False,
    )
