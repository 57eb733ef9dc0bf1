"""The system secret, and the keys that are derived from it.

One 32-byte secret per generating system. Every key is HKDF-SHA256 of it (RFC 5869) with
the purpose, the system id and the epoch in `info`, so that keys of different purposes,
systems or epochs tell nothing about one another.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from provenance.errors import KeyMaterialError
from provenance.keys.files import read_private, write_private

KEY_BYTES: Final = 32
_FILE_HEADER: Final = "provenance system secret v1"


class Purpose(StrEnum):
    """What a derived key is for; a key serves one purpose only."""

    CARRIER = "carrier"  # reads and writes the mark; may go to accredited verifiers
    TAG = "tag"  # authenticates the payload; never leaves the operator
    SIGNATURE = "signature"  # opens the grid signatures of records; never leaves the operator
    PSEUDONYM = "pseudonym"  # account -> pseudonym; never leaves the operator
    NAMES = "names"  # file name -> label in reports; never leaves the operator


@dataclass(frozen=True, slots=True)
class SystemSecret:
    """The root secret of one generating system; never printed, never logged."""

    _value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self._value) != KEY_BYTES:
            raise KeyMaterialError(f"a system secret has {KEY_BYTES} bytes")

    @classmethod
    def generate(cls) -> Self:
        """A fresh secret from the operating system's generator."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the secret from its private file.

        Raises:
            KeyMaterialError: see `read_private`, or not a system secret file.
        """
        try:
            header, encoded = read_private(path).decode("ascii").split("\n")[:2]
            value = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error) as error:
            raise KeyMaterialError(f"{path} is not a system secret file") from error
        if header != _FILE_HEADER:
            raise KeyMaterialError(f"{path} is not a system secret file of a known version")
        return cls(value)

    def save(self, path: Path) -> None:
        """Write the secret to a new private file (mode 0600)."""
        encoded = base64.b64encode(self._value).decode("ascii")
        write_private(path, f"{_FILE_HEADER}\n{encoded}\n".encode("ascii"))

    def derive(self, purpose: Purpose, *, system_id: int, epoch: int) -> bytes:
        """The 32-byte key of one purpose, system and epoch."""
        info = f"provenance/v1/{purpose.value}/{system_id}/{epoch}".encode("ascii")
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._value)
