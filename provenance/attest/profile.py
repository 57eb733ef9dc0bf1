"""Which certificates may sign reports, and whether anybody vouches for one.

A signing certificate is an end entity's, may sign documents (extended key usage
documentSigning, RFC 9336, or emailProtection, which older authorities issue for the same),
and never is a C2PA claim signer's: the key that signs pictures by the million must not be
able to sign an investigator's statement about one of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509.oid import ExtendedKeyUsageOID

from provenance.errors import KeyMaterialError
from provenance.keys import Signer
from provenance.keys.devchain import C2PA_CLAIM_SIGNING, DOCUMENT_SIGNING
from provenance.trust import TrustKind, TrustStore, anchored, moment_text

MAX_CERTIFICATES: Final = 8  # of one signature; a chain has two or three
_SIGNING_EKUS: Final = frozenset({DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION})
_CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
_MIN_RSA_BITS: Final = 2048
_UNDERSTOOD: Final = frozenset(
    {x509.BasicConstraints.oid, x509.KeyUsage.oid, x509.ExtendedKeyUsage.oid}
)


def check_signer(signer: Signer) -> None:
    """Refuse a signer before anything is written.

    Raises:
        KeyMaterialError: its certificate may not sign reports.
        SignerError: a certificate of its chain is not valid now.
    """
    reason = unfit(signer.chain.leaf)
    if reason:
        raise KeyMaterialError(
            f"{signer.chain.subject} cannot sign reports: {reason}",
            hint="use a certificate for signing documents (extended key usage documentSigning)",
        )
    if len(signer.chain.certificates) > MAX_CERTIFICATES:
        raise KeyMaterialError(f"a chain has at most {MAX_CERTIFICATES} certificates")
    signer.chain.check_valid()


def load_certificate(der: bytes) -> x509.Certificate:
    """A certificate whose names and key can be read.

    Raises:
        ValueError: it is damaged, or of a form that RFC 5280 forbids.
    """
    with warnings.catch_warnings():  # a hostile certificate does not talk to the user
        warnings.simplefilter("error")
        try:
            certificate = x509.load_der_x509_certificate(der)
            certificate.public_key()
            _names = certificate.subject, certificate.issuer
        except (Warning, UnsupportedAlgorithm) as error:
            raise ValueError(str(error)) from error
    return certificate


def in_order(leaf: x509.Certificate, others: Iterable[x509.Certificate]) -> bool:
    """True if the others are the leaf's issuers and nothing else.

    In a PDF signature the certificates are not signed; whatever is not needed could be
    anything.
    """
    left, child = list(others), leaf
    while left:
        issuer = next((item for item in left if _issued(child, item)), None)
        if issuer is None:
            return False
        left.remove(issuer)
        child = issuer
    return True


def _issued(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def unfit(leaf: x509.Certificate) -> str:
    """Why this certificate may not sign reports; empty if it may."""
    try:
        found = {item.oid: item.value for item in leaf.extensions}
        critical = {item.oid for item in leaf.extensions if item.critical}
    except (ValueError, x509.DuplicateExtension):
        return "its certificate has malformed extensions"
    constraints, usage = found.get(x509.BasicConstraints.oid), found.get(x509.KeyUsage.oid)
    if isinstance(constraints, x509.BasicConstraints) and constraints.ca:
        return "its certificate is that of a certificate authority"
    may_sign = not isinstance(usage, x509.KeyUsage) or (
        usage.digital_signature or usage.content_commitment
    )
    if not may_sign:
        return "its key may not sign (key usage)"
    purposes = found.get(x509.ExtendedKeyUsage.oid)
    named = set(purposes) if isinstance(purposes, x509.ExtendedKeyUsage) else set()
    if C2PA_CLAIM_SIGNING in named:
        return "its certificate is for signing C2PA claims, not reports"
    if not named & _SIGNING_EKUS:
        return "its certificate is not for signing documents (extended key usage)"
    if not critical <= _UNDERSTOOD:
        return "its certificate has a critical extension that is not understood here"
    return "" if _strong(leaf) and _usable_key(leaf) else "its key or its signature is too weak"


def vouched(
    leaf: x509.Certificate,
    others: Iterable[x509.Certificate],
    trust: TrustStore,
    moment: datetime,
    kind: TrustKind,
) -> tuple[str, str]:
    """The list that vouches for a certificate at a moment, and else why none does."""
    strong = tuple(item for item in others if _strong(item))
    if not _strong(leaf):
        return "", "its certificate is signed with SHA-1 or weaker"
    found = anchored(leaf, strong, trust, moment, kind)
    if found is not None:
        return found.trust_list.uri, ""
    if anchored(leaf, strong, trust, None, kind):
        return "", f"a certificate was not valid at {moment_text(moment)}"
    return "", "its certificate leads to nobody on the trust lists that were given"


def named(leaf: x509.Certificate, moment: datetime) -> tuple[str, str]:
    """Who vouches for a certificate that the caller named by its digest; else why nobody does."""
    if leaf.not_valid_before_utc <= moment <= leaf.not_valid_after_utc:
        return "its fingerprint", ""
    return "", f"its certificate was not valid at {moment_text(moment)}"


def _strong(certificate: x509.Certificate) -> bool:
    try:
        algorithm = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return False
    return algorithm is None or algorithm.digest_size > SHA1.digest_size  # none: Ed25519


def _usable_key(certificate: x509.Certificate) -> bool:
    match certificate.public_key():
        case ec.EllipticCurvePublicKey(curve=curve):
            return curve.name in _CURVES
        case rsa.RSAPublicKey(key_size=bits):
            return bits >= _MIN_RSA_BITS
        case key:
            return isinstance(key, ed25519.Ed25519PublicKey)
