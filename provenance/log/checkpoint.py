"""Checkpoints: the head of a log as the text of a note (C2SP tlog-checkpoint)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from provenance.errors import LogError
from provenance.log.canonical import base64_bytes, base64_text, decimal
from provenance.log.merkle import EMPTY_ROOT, HASH_BYTES
from provenance.log.note import Note, Signature, Verified
from provenance.log.note_keys import NoteSigner, SignatureType, VerifierKey

_LINES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """So many leaves, with this root, in the log of that origin."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read the text of a note.

        Extension lines are refused: nobody can check them.

        Raises:
            LogError: not exactly a checkpoint.
        """
        lines = text.decode("utf-8", "replace").split("\n")
        if len(lines) != _LINES + 1 or lines[_LINES] or not lines[0]:
            raise LogError("a checkpoint has three lines: origin, size and root")
        size, root = decimal(lines[1]), base64_bytes(lines[2])
        if size is None:
            raise LogError("the size of a checkpoint is a plain decimal number")
        if root is None or len(root) != HASH_BYTES:
            raise LogError(f"the root of a checkpoint is {HASH_BYTES} bytes in base64")
        if size == 0 and root != EMPTY_ROOT:
            raise LogError("an empty log has another root than the checkpoint says")
        return cls(origin=lines[0], size=size, root=root)

    @property
    def text(self) -> bytes:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64_text(self.root)}\n".encode()


def log_keys(key: VerifierKey) -> tuple[VerifierKey, VerifierKey]:
    """The keys of a log that sign its checkpoints: the plain one and the one with a time."""
    return key.of_kind(SignatureType.ED25519), key.of_kind(SignatureType.COSIGNATURE_V1)


def signed_checkpoint(checkpoint: Checkpoint, signer: NoteSigner, seconds: int) -> Note:
    """Sign the head of a log twice: plainly, as every reader of checkpoints expects, and with
    the time, as a witness does. The second is what says when.

    Raises:
        SignerError: the signer failed.
    """
    text = checkpoint.text
    plain = Signature.make(signer, text, SignatureType.ED25519)
    timed = Signature.make(signer, text, SignatureType.COSIGNATURE_V1, seconds)
    return Note(text=text, signatures=(plain, timed))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCheckpoint:
    """A checkpoint that its log signed.

    `seconds` since 1970 is what the log says the time was, None where it says nothing;
    `witnesses` are the cosignatures of known witnesses.
    """

    checkpoint: Checkpoint
    note: Note
    seconds: int | None
    witnesses: tuple[Verified, ...]


def open_checkpoint(
    data: bytes, key: VerifierKey, witnesses: Iterable[VerifierKey] = ()
) -> OpenedCheckpoint:
    """Read a signed checkpoint of the log that has this key and this key's name as origin.

    Raises:
        LogError: malformed, of another log, not signed by it, or a known signature is bad.
    """
    note = Note.parse(data)
    own = log_keys(key)
    verified = note.verify((*own, *witnesses))
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != key.name:
        raise LogError(f"the checkpoint is of another log than {key.name}")
    mine = {item.key: item for item in verified}
    if own[0] not in mine:
        raise LogError(f"the checkpoint is not signed by {key.name}")
    timed = mine.get(own[1])
    return OpenedCheckpoint(
        checkpoint=checkpoint,
        note=note,
        seconds=timed.seconds if timed else None,
        witnesses=tuple(item for item in verified if item.key not in own),
    )
