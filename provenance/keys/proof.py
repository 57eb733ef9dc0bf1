"""Does what a signer returns belong to its certificate?

A key that is elsewhere can be the wrong one, and whoever stands between can answer anything.
A signature that does not verify with the certificate is never used.
"""

from __future__ import annotations

import secrets
from typing import Final

from provenance.errors import KeyMaterialError, ProvenanceError, SignerError
from provenance.keys.algorithms import verifies
from provenance.keys.signer import Signer

#: Never the beginning of what COSE signs, which is a CBOR array (RFC 9052, 4.4).
_PREFIX: Final = b"provenance/start-up-check/1\0"


def checked_signature(signer: Signer, data: bytes) -> bytes:
    """The signer's signature over `data`, once it has been verified with its certificate.

    Raises:
        SignerError: the signer returned something else.
        Exception: whatever the signer raises.
    """
    signature: object = signer.sign(data)
    if not isinstance(signature, bytes):
        raise SignerError(f"the signer returned {type(signature).__name__}, not bytes")
    if not verifies(signer.chain.leaf.public_key(), signer.algorithm, data, signature):
        raise SignerError(
            f"the signer's {signer.algorithm.value} signature is not by the key of its certificate",
            hint="check that key and certificate chain belong together; ECDSA is r||s, not DER",
        )
    return signature


def prove_pair(signer: Signer) -> None:
    """Sign a random text, and verify it with the signing certificate, which must be valid now.

    Raises:
        KeyMaterialError: key and certificate do not belong together.
        SignerError: the signer failed, or the certificate is not valid now.
    """
    signer.chain.check_valid()
    if signer.algorithm is not signer.chain.algorithm:
        raise KeyMaterialError(
            f"the signer signs {signer.algorithm.value}, but its certificate is for "
            f"{signer.chain.algorithm.value}"
        )
    nonce = _PREFIX + secrets.token_bytes(32)
    try:
        signature: object = signer.sign(nonce)
    except ProvenanceError:
        raise
    except Exception as error:
        raise SignerError(f"the signer failed: {type(error).__name__}: {error}") from error
    if not isinstance(signature, bytes) or not verifies(
        signer.chain.leaf.public_key(), signer.algorithm, nonce, signature
    ):
        raise KeyMaterialError(
            f"the key does not belong to the certificate of {signer.chain.subject}",
            hint="the chain must start with the certificate of the key that signs",
        )
