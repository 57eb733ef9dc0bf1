"""Signature algorithms of C2PA, and signatures in the form that COSE wants (RFC 9053, RFC 8037).

ECDSA signatures are r||s, each of the size of the curve; PSS uses SHA-256 with a salt of 32
bytes; Ed25519 signs the message itself.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, Hash, HashAlgorithm


class SigningAlgorithm(StrEnum):
    """Signature algorithms that C2PA allows and this library writes."""

    ES256 = "es256"
    ES384 = "es384"
    ES512 = "es512"
    PS256 = "ps256"
    ED25519 = "ed25519"


MIN_RSA_BITS: Final = 2048
KEY_KINDS: Final = "use EC P-256, P-384, P-521, Ed25519 or RSA of at least 2048 bits"
HASHES: Final[dict[SigningAlgorithm, HashAlgorithm]] = {
    SigningAlgorithm.ES256: SHA256(),
    SigningAlgorithm.ES384: SHA384(),
    SigningAlgorithm.ES512: SHA512(),
    SigningAlgorithm.PS256: SHA256(),
}
_CURVES: Final = {
    "secp256r1": SigningAlgorithm.ES256,
    "secp384r1": SigningAlgorithm.ES384,
    "secp521r1": SigningAlgorithm.ES512,
}


def algorithm_of(public_key: object) -> SigningAlgorithm | None:
    """The algorithm that goes with a public key; None for keys that C2PA does not allow."""
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return _CURVES.get(public_key.curve.name)
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return SigningAlgorithm.ED25519
    if isinstance(public_key, rsa.RSAPublicKey) and public_key.key_size >= MIN_RSA_BITS:
        return SigningAlgorithm.PS256
    return None


def digest_of(algorithm: SigningAlgorithm, data: bytes) -> bytes | None:
    """What a key that only sees a digest signs; None for Ed25519, which needs the message."""
    if algorithm not in HASHES:
        return None
    digest = Hash(HASHES[algorithm])
    digest.update(data)
    return digest.finalize()


def pss() -> padding.PSS:
    """The padding of PS256."""
    return padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=SHA256.digest_size)


def raw_ecdsa(signature: bytes, key_size: int) -> bytes:
    """r||s of a DER-encoded ECDSA signature by a key of that many bits.

    Raises:
        ValueError: not such a signature.
    """
    r, s = decode_dss_signature(signature)
    size = (key_size + 7) // 8
    try:
        return r.to_bytes(size) + s.to_bytes(size)
    except OverflowError as error:
        raise ValueError("the signature is of a larger key") from error


def verifies(
    public_key: object, algorithm: SigningAlgorithm, data: bytes, signature: bytes
) -> bool:
    """True if the signature over `data` is by the private key of `public_key`."""
    if algorithm_of(public_key) is not algorithm:
        return False
    try:
        match public_key:
            case ed25519.Ed25519PublicKey():
                public_key.verify(signature, data)
            case rsa.RSAPublicKey():
                public_key.verify(signature, data, pss(), SHA256())
            case ec.EllipticCurvePublicKey():
                half = (public_key.curve.key_size + 7) // 8
                if len(signature) != 2 * half:
                    return False
                r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
                hashed = ec.ECDSA(Prehashed(HASHES[algorithm]))
                digest = digest_of(algorithm, data) or b""
                public_key.verify(encode_dss_signature(r, s), digest, hashed)
    except InvalidSignature:
        return False
    return True
