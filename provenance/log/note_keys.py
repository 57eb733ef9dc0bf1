"""Keys of signed notes: how they are written, what they sign, how that is checked.

The formats are those of C2SP signed-note and tlog-cosignature. A key has a name and a type; the
type is a byte of the key and decides what is signed. Two types are known here, both of Ed25519:
another one (ML-DSA-44, 0x06) is one more entry in `_TYPES`. A signature of a type that is not
known is one of an unknown key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Final, NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from provenance.errors import ArgumentError, KeyMaterialError, LogError, SignerError
from provenance.keys import read_private, write_private
from provenance.log.canonical import base64_bytes, base64_text

MAX_NAME: Final = 255  # bytes
MAX_TIME: Final = (1 << 63) - 1  # seconds since 1970
_TIME_BYTES: Final = 8
_ED25519_BYTES: Final = 64
_PRIVATE: Final = "PRIVATE+KEY+"
_PRIVATE_KEY: Final = re.compile(r"PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})")
#: The first line of what a cosignature signs. A log of that name could be made to sign one.
_COSIGNATURE: Final = "cosignature/v1"


class SignatureType(IntEnum):
    """The type byte of a key: what its signatures are over."""

    ED25519 = 0x01  # the note's text
    COSIGNATURE_V1 = 0x04  # a time, and the text of a checkpoint


class _Type(NamedTuple):
    public_bytes: int
    signature_bytes: int
    message: Callable[[bytes, bytes], bytes]  # (text, signature) -> what is signed


def _plain_message(text: bytes, _: bytes) -> bytes:
    return text


def _timed_message(text: bytes, signature: bytes) -> bytes:
    seconds = int.from_bytes(signature[:_TIME_BYTES])
    return f"{_COSIGNATURE}\ntime {seconds}\n".encode("ascii") + text


_TYPES: Final = {
    SignatureType.ED25519: _Type(32, _ED25519_BYTES, _plain_message),
    SignatureType.COSIGNATURE_V1: _Type(32, _TIME_BYTES + _ED25519_BYTES, _timed_message),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key of a log or a witness.

    Attributes:
        name: of whoever signs, a URL without scheme as a rule.
        kind: what its signatures are over.
        public: 32 bytes (RFC 8032).
    """

    name: str
    kind: SignatureType
    public: bytes

    def __post_init__(self) -> None:
        if not valid_name(self.name):
            raise LogError(
                "a key has a name of 1 to 255 bytes without spaces, controls and +",
                hint="a URL without scheme, like example.org/log",
            )
        if len(self.public) != _TYPES[self.kind].public_bytes:
            raise LogError(f"the key {self.name} does not have the length of its type")
        try:
            Ed25519PublicKey.from_public_bytes(self.public)
        except ValueError as error:
            raise LogError(f"the key {self.name} is not a public key") from error

    @classmethod
    def parse(cls, text: str) -> Self:
        """A key as it is handed around: ``name+7f84ee58+AfMY...``.

        Raises:
            LogError: not of that form, of a type that is not known, or cut short.
        """
        match = re.fullmatch(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,4096})", text)
        data = base64_bytes(match[3]) if match else None
        if match is None or not data:
            raise LogError("not a verifier key", hint="it looks like name+7f84ee58+AfMY9QKM...")
        if data[0] not in SignatureType.__members__.values():
            raise LogError(f"verifier keys of type {data[0]:#04x} are not supported")
        key = cls(name=match[1], kind=SignatureType(data[0]), public=data[1:])
        if key.key_id.hex() != match[2]:
            raise LogError(
                f"the verifier key {key.name} contradicts its own check value",
                hint="it was copied wrongly, or changed",
            )
        return key

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        data = self.name.encode("utf-8") + b"\n" + bytes([self.kind]) + self.public
        return hashlib.sha256(data).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64_text(bytes([self.kind]) + self.public)}"

    def of_kind(self, kind: SignatureType) -> VerifierKey:
        """The same public key under another type."""
        return VerifierKey(name=self.name, kind=kind, public=self.public)

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """True if the signature, without the key id, is this key's over the note's text."""
        kind = _TYPES[self.kind]
        if len(signature) != kind.signature_bytes or (self.seconds(signature) or 0) > MAX_TIME:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(
                signature[-_ED25519_BYTES:], kind.message(text, signature)
            )
        except InvalidSignature:
            return False
        return True

    def seconds(self, signature: bytes) -> int | None:
        """The time that a signature states, in seconds since 1970; None for types without."""
        if self.kind is SignatureType.COSIGNATURE_V1:
            return int.from_bytes(signature[:_TIME_BYTES])
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSigner:
    """Somebody who signs notes: a log, or a witness.

    Attributes:
        verifier: the public key, of the type that it mainly signs with.
        raw: an Ed25519 signature (64 bytes) over any bytes; the key may be anywhere.
    """

    verifier: VerifierKey
    raw: Callable[[bytes], bytes] = field(repr=False)

    @classmethod
    def generate(cls, path: Path, name: str, kind: SignatureType) -> Self:
        """Make a key and keep it in a new private file.

        Raises:
            ArgumentError: not a name for a key.
            KeyMaterialError: the file exists or cannot be written.
        """
        if not valid_name(name) or name == _COSIGNATURE:
            raise ArgumentError(
                "a key has a name of 1 to 255 bytes without spaces, controls and +",
                hint="a URL without scheme, like example.org/log",
            )
        private = Ed25519PrivateKey.generate()
        made = cls._of(private, name, kind)
        seed = base64_text(bytes([kind]) + private.private_bytes_raw())
        line = f"{_PRIVATE}{name}+{made.verifier.key_id.hex()}+{seed}\n"
        write_private(path, line.encode("utf-8"))
        return made

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a key from its private file (the form of Go's note package).

        Raises:
            KeyMaterialError: see `read_private`, or not such a file.
        """
        refusal = KeyMaterialError(f"{path} is not a key for signing notes")
        try:
            text = read_private(path).decode("utf-8")
        except UnicodeDecodeError as error:
            raise refusal from error
        match = _PRIVATE_KEY.fullmatch(text.removesuffix("\n"))
        data = base64_bytes(match[3]) if match else None
        if match is None or data is None or data[0] not in SignatureType.__members__.values():
            raise refusal
        try:
            private = Ed25519PrivateKey.from_private_bytes(data[1:])
            made = cls._of(private, match[1], SignatureType(data[0]))
        except (ValueError, LogError) as error:
            raise refusal from error
        if made.verifier.key_id.hex() != match[2] or match[1] == _COSIGNATURE:
            raise KeyMaterialError(f"{path} contradicts its own check value")
        return made

    @classmethod
    def _of(cls, private: Ed25519PrivateKey, name: str, kind: SignatureType) -> Self:
        public = private.public_key().public_bytes_raw()
        return cls(verifier=VerifierKey(name=name, kind=kind, public=public), raw=private.sign)

    def sign(self, text: bytes, kind: SignatureType, seconds: int = 0) -> bytes:
        """A signature over a note's text, without the key id.

        Raises:
            SignerError: the signer failed, or what it gave does not verify.
        """
        if not 0 <= seconds <= MAX_TIME:
            raise SignerError("the time to sign is out of range", hint="check the clock")
        time = seconds.to_bytes(_TIME_BYTES) if kind is SignatureType.COSIGNATURE_V1 else b""
        try:
            signature = time + self.raw(_TYPES[kind].message(text, time))
        except Exception as error:
            raise SignerError(f"the signer of {self.verifier.name} failed") from error
        if not self.verifier.of_kind(kind).verifies(text, signature):
            raise SignerError(f"the signer of {self.verifier.name} gave no valid signature")
        return signature


def valid_name(name: str) -> bool:
    """True for what C2SP signed-note allows as the name of a key."""
    return 0 < len(name.encode("utf-8", "replace")) <= MAX_NAME and not any(
        c.isspace() or c == "+" or ord(c) < 0x20 or 0xD800 <= ord(c) < 0xE000 for c in name
    )
