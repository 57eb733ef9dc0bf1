"""Detached JSON Web Signatures over reports and what else is signed (RFC 7515, RFC 7797).

The file holds one flattened JSON serialisation without payload, in one line. Protected: the
algorithm of the certificate's key, the chain (`x5c`), the hash of the signing certificate
(`x5t#S256`), the claimed time (`iat`), the type (`attest.kind`), and `b64`: false, so that the
payload is the document's own bytes. Not protected: a time stamp over the signature, laid out as
JAdES does (ETSI TS 119 182-1, `etsiU` with `sigTst`), over the ASCII of the base64url signature.

Nothing in the header chooses how it is verified: the algorithm follows from the key.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from jwt.utils import base64url_encode

from provenance.attest.kind import Kind
from provenance.attest.profile import MAX_CERTIFICATES, load_certificate
from provenance.attest.time_stamp import MAX_TOKEN, Stamper
from provenance.keys import Signer

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
MAX_BYTES: Final = 4 * MAX_TOKEN
_PROTECTED: Final = frozenset({"alg", "typ", "cty", "b64", "crit", "iat", "x5c", "x5t#S256"})
_CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_LATEST: Final = 1 << 37  # seconds; later ones are no date


class NotVerifiedError(Exception):
    """Why a signature is not accepted; `changed` where it is one, over something else."""

    def __init__(self, reason: str, *, changed: bool = False) -> None:
        super().__init__(reason)
        self.changed = changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A signature that verifies with the key in its own certificate; nobody is trusted yet.

    `token` is the DER of the time stamp, empty where there is none, `stamped` what it is over.
    """

    certificates: tuple[x509.Certificate, ...]
    algorithm: str
    claimed_at: datetime | None
    token: bytes
    stamped: bytes


def seal(
    document: bytes, signer: Signer, stamper: Stamper | None, kind: Kind = Kind.REPORT
) -> bytes:
    """The signature file of a document."""
    certificates = [c.public_bytes(Encoding.DER) for c in signer.chain.certificates]
    header = {
        "alg": algorithm_of(signer.chain.leaf),
        "typ": kind.value,
        "cty": "json",
        "b64": False,
        "crit": ["b64"],
        "iat": int(datetime.now(UTC).timestamp()),
        "x5t#S256": _text(hashlib.sha256(certificates[0]).digest()),
        "x5c": [base64.b64encode(der).decode("ascii") for der in certificates],
    }
    protected = _text(compact(header))
    signature = _text(signer.sign(protected.encode("ascii") + b"." + document))
    members: dict[str, Any] = {"protected": protected}
    if stamper is not None:
        members["header"] = _time_header(stamper.stamp(signature.encode("ascii")))
    members["signature"] = signature
    return compact(members) + b"\n"


def verify(document: bytes, signature: bytes, kind: Kind = Kind.REPORT) -> Verified:
    """Verify a signature file with the key that it brings.

    Raises:
        NotVerifiedError: it is not such a file, or the signature is over other bytes.
    """
    members = _parsed(signature, kind)
    token = _token(members)
    header = _header(members["protected"], kind)
    certificates = _certificates(header)
    algorithm = algorithm_of(certificates[0])
    serialised = f"{members['protected']}..{members['signature']}"
    try:
        jwt.PyJWS().decode_complete(
            serialised,
            _key(certificates[0]),
            algorithms=[algorithm],
            detached_payload=document,
        )
    except jwt.InvalidSignatureError as error:
        raise NotVerifiedError(
            f"the {kind.noun} or its signature was changed after it was signed, or the signature "
            f"belongs to another {kind.noun}",
            changed=True,
        ) from error
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise NotVerifiedError(f"it is not acceptable: {error}") from error
    return Verified(
        certificates=certificates,
        algorithm=algorithm,
        claimed_at=_claimed(header),
        token=token,
        stamped=members["signature"].encode("ascii"),
    )


def _key(leaf: x509.Certificate) -> PublicKey:
    key = leaf.public_key()
    if not isinstance(key, PublicKey):
        raise NotVerifiedError("its certificate holds a kind of key that is not accepted")
    return key


def algorithm_of(leaf: x509.Certificate) -> str:
    """The one JWS algorithm (RFC 7518, RFC 8037) that goes with the key of a certificate."""
    match leaf.public_key():
        case ec.EllipticCurvePublicKey(curve=curve) if curve.name in _CURVES:
            return _CURVES[curve.name]
        case ed25519.Ed25519PublicKey():
            return "EdDSA"
        case rsa.RSAPublicKey():
            return "PS256"
    raise NotVerifiedError("its certificate holds a kind of key that is not accepted")


def _parsed(signature: bytes, kind: Kind) -> dict[str, Any]:
    """The members, of a file that is byte for byte what `seal` would write."""
    if len(signature) > MAX_BYTES:
        raise NotVerifiedError(f"the signature file has more than {MAX_BYTES:,} bytes")
    try:
        members = json.loads(signature)
        same = isinstance(members, dict) and compact(members) + b"\n" == signature
    except (ValueError, RecursionError) as error:
        raise NotVerifiedError("the signature file is not JSON") from error
    if not same or not {"protected", "signature"} <= set(members) or len(members) > 3:
        raise NotVerifiedError(f"it is not a signature of a {kind.noun}")
    if not all(isinstance(members[name], str) for name in ("protected", "signature")):
        raise NotVerifiedError(f"it is not a signature of a {kind.noun}")
    if not (members["protected"] + members["signature"]).isascii():
        raise NotVerifiedError(f"it is not a signature of a {kind.noun}")
    return dict(members)


def _header(protected: str, kind: Kind) -> dict[str, Any]:
    try:
        header = json.loads(base64.urlsafe_b64decode(protected + "=" * (-len(protected) % 4)))
    except (ValueError, RecursionError) as error:
        raise NotVerifiedError("the protected header is damaged", changed=True) from error
    if not isinstance(header, dict) or set(header) != _PROTECTED:
        raise NotVerifiedError(f"the protected header is not that of a {kind.noun}'s signature")
    fixed = {"typ": kind.value, "cty": "json", "b64": False, "crit": ["b64"]}
    if any(header[name] != value for name, value in fixed.items()) or header["b64"] is not False:
        raise NotVerifiedError(f"the protected header is not that of a {kind.noun}'s signature")
    return header


def _certificates(header: dict[str, Any]) -> tuple[x509.Certificate, ...]:
    chain = header["x5c"]
    if not isinstance(chain, list) or not 1 <= len(chain) <= MAX_CERTIFICATES:
        raise NotVerifiedError(f"the signature brings no chain of 1 to {MAX_CERTIFICATES}")
    try:
        ders = [base64.b64decode(item, validate=True) for item in chain]
        certificates = tuple(map(load_certificate, ders))
    except (ValueError, TypeError) as error:
        raise NotVerifiedError("a certificate in the signature is damaged", changed=True) from error
    if header["x5t#S256"] != _text(hashlib.sha256(ders[0]).digest()):
        raise NotVerifiedError("the signing certificate was exchanged", changed=True)
    return certificates


def _claimed(header: dict[str, Any]) -> datetime | None:
    moment = header["iat"]
    if isinstance(moment, int) and not isinstance(moment, bool) and 0 <= moment < _LATEST:
        return datetime.fromtimestamp(moment, UTC)
    return None


def _time_header(token: bytes) -> dict[str, Any]:
    value = base64.b64encode(token).decode("ascii")
    return {"etsiU": [{"sigTst": {"tstTokens": [{"val": value}]}}]}


def _token(members: dict[str, Any]) -> bytes:
    """The time stamp; there is one, in exactly the form that is written here, or none."""
    if "header" not in members:
        if len(members) != 2:
            raise NotVerifiedError("the signature file has a member that is not understood")
        return b""
    try:
        value = members["header"]["etsiU"][0]["sigTst"]["tstTokens"][0]["val"]
        token = base64.b64decode(value, validate=True)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise NotVerifiedError("its unprotected header holds no time stamp") from error
    if members["header"] != _time_header(token):
        raise NotVerifiedError("its unprotected header holds more than a time stamp")
    return token


def compact(value: object) -> bytes:
    """JSON in one line and in ASCII."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _text(data: bytes) -> str:
    return base64url_encode(data).decode("ascii")
