"""Signed notes: text, an empty line, signature lines (C2SP signed-note)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from provenance.errors import LogError
from provenance.log.canonical import base64_bytes, base64_text
from provenance.log.note_keys import NoteSigner, SignatureType, VerifierKey, valid_name

#: The limits of Go's note package: what the reference accepts is accepted here.
MAX_NOTE: Final = 1_000_000  # bytes
MAX_SIGNATURES: Final = 100
_DASH: Final = "\N{EM DASH} "
_ID_BYTES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line: who signed, the id of the key, and what came out."""

    name: str
    key_id: bytes
    value: bytes

    @classmethod
    def parse(cls, line: str) -> Self:
        """One line, without its newline.

        Raises:
            LogError: not a signature line, or not written in the one right way.
        """
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        data = base64_bytes(encoded)
        if (
            not line.startswith(_DASH)
            or not space
            or not valid_name(name)
            or data is None
            or len(data) <= _ID_BYTES
        ):
            raise LogError("a signature line of the note is malformed")
        return cls(name=name, key_id=data[:_ID_BYTES], value=data[_ID_BYTES:])

    @classmethod
    def make(cls, signer: NoteSigner, text: bytes, kind: SignatureType, seconds: int = 0) -> Self:
        """Sign a text.

        Raises:
            SignerError: the signer failed.
        """
        key = signer.verifier.of_kind(kind)
        return cls(name=key.name, key_id=key.key_id, value=signer.sign(text, kind, seconds))

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {base64_text(self.key_id + self.value)}"

    @property
    def key(self) -> tuple[str, bytes]:
        """What tells which key it is of."""
        return self.name, self.key_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A signature that verifies; `seconds` since 1970 where it states a time."""

    key: VerifierKey
    seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text and who signed it; nothing in it is true before `verify`.

    `text` ends with a newline and is what was signed.
    """

    text: bytes
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a note that somebody else may have made.

        Raises:
            LogError: too large, or not exactly a note.
        """
        if len(data) > MAX_NOTE:
            raise LogError(f"a note has at most {MAX_NOTE:,} bytes")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise LogError("a note is UTF-8 text, and this is not") from error
        if any(c < " " and c != "\n" for c in whole):
            raise LogError("the note has control characters in it")
        text, gap, lines = whole.rpartition("\n\n")
        if not gap or not text or not lines.endswith("\n"):
            raise LogError("the note has no signatures, or ends before they do")
        found = lines[:-1].split("\n")
        if len(found) > MAX_SIGNATURES:
            raise LogError(f"a note has at most {MAX_SIGNATURES} signatures")
        return cls(
            text=f"{text}\n".encode(), signatures=tuple(Signature.parse(line) for line in found)
        )

    def __bytes__(self) -> bytes:
        lines = "".join(f"{signature}\n" for signature in self.signatures)
        return self.text + b"\n" + lines.encode()

    def signed(self, signatures: Iterable[Signature]) -> Self:
        """The note with more signatures; one of the same key takes the place of the old.

        Raises:
            LogError: too many.
        """
        merged = {signature.key: signature for signature in self.signatures}
        merged |= {signature.key: signature for signature in signatures}
        if len(merged) > MAX_SIGNATURES:
            raise LogError(f"a note has at most {MAX_SIGNATURES} signatures")
        return type(self)(text=self.text, signatures=tuple(merged.values()))

    def verify(self, keys: Iterable[VerifierKey]) -> tuple[Verified, ...]:
        """The signatures of known keys, one for each key.

        Signatures of unknown keys are left aside, also those that share a name or an id with a
        known one. A bad signature of a known key condemns the note: somebody changed it.

        Raises:
            LogError: a known key's signature does not verify, or no known key signed.
        """
        known = {(key.name, key.key_id): key for key in keys}
        found: dict[tuple[str, bytes], Verified] = {}
        for signature in self.signatures:
            key = known.get(signature.key)
            if key is None:
                continue
            if not key.verifies(self.text, signature.value):
                raise LogError(f"the signature of {key.name} on the note does not verify")
            found.setdefault(signature.key, Verified(key=key, seconds=key.seconds(signature.value)))
        if not found:
            raise LogError("nobody known signed the note", hint="is this the key of that log?")
        return tuple(found.values())
