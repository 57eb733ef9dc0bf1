"""Grid signatures under lock: AES-256-GCM (NIST SP 800-38D) with a key for each record.

    record key = HKDF-SHA256 (RFC 5869) of the system's signature key, info = domain | mark id
    sealed     = nonce (12 bytes, fresh) | ciphertext | authentication tag (16 bytes)

The record's id is authenticated with it, so that a signature cannot be moved to another
record. At verification the mark id is the one that was read from the pixels: without the
signature key, or for a picture that does not carry the mark, nothing opens.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from provenance.fingerprint.signature import GridSignature
from provenance.model.ids import MarkId

_DOMAIN: Final = b"provenance/grid-signature/1/"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureKey:
    """Opens the grid signatures of one system in one epoch: 32 bytes, held by the operator."""

    system_id: int
    epoch: int
    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) != _KEY_BYTES:
            raise ValueError(f"a signature key has {_KEY_BYTES} bytes")


def seal(signature: GridSignature, key: SignatureKey, mark_id: MarkId, record_id: str) -> bytes:
    """The signature as the registry may keep it."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = AESGCM(_record_key(key, mark_id))
    return nonce + cipher.encrypt(nonce, signature.pack(), record_id.encode())


def unseal(
    sealed: bytes, key: SignatureKey, mark_id: MarkId, record_id: str
) -> GridSignature | None:
    """The signature, or None where it does not open: other key, mark or record, or changed."""
    nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        plain = AESGCM(_record_key(key, mark_id)).decrypt(nonce, body, record_id.encode())
        return GridSignature.unpack(plain)
    except (InvalidTag, ValueError):  # ValueError: too short to hold nonce and tag
        return None


def _record_key(key: SignatureKey, mark_id: MarkId) -> bytes:
    info = _DOMAIN + mark_id.value.to_bytes(6)
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(key.value)
