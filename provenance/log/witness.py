"""A witness: it signs the head of a log only if it continues the head that it signed before.

The texts are those of C2SP tlog-witness; there is no network here. Files go to the witness and
come back, by hand, by a script or by whoever serves them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Final

from provenance.errors import ArgumentError, ErrorCode, LogError
from provenance.log.canonical import base64_bytes, base64_text, decimal
from provenance.log.checkpoint import Checkpoint, open_checkpoint
from provenance.log.files import PRIVATE, locked, read_bounded, replace_file
from provenance.log.merkle import EMPTY_ROOT, HASH_BYTES, consistency_holds
from provenance.log.note import MAX_NOTE, Note, Signature
from provenance.log.note_keys import NoteSigner, SignatureType, VerifierKey
from provenance.log.proof import parse_hashes

MAX_REQUEST: Final = MAX_NOTE + 8_192
_MAX_STATE: Final = 4_194_304
_LOCK_SECONDS: Final = 30.0


class Refusal(IntEnum):
    """Why a witness does not sign: the status codes of tlog-witness."""

    MALFORMED = 400
    NOT_SIGNED = 403
    UNKNOWN_LOG = 404
    STALE = 409
    INCONSISTENT = 422


class RefusedError(LogError):
    """A witness refused.

    Attributes:
        refusal: why.
        size: how large the log was when the witness signed it last, with `STALE`.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: ErrorCode | None = None,
        refusal: Refusal = Refusal.MALFORMED,
        size: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.refusal = refusal
        self.size = size

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.message, self.hint, self.code, self.refusal, self.size)


def _again(
    message: str, hint: str, code: ErrorCode, refusal: Refusal, size: int | None
) -> RefusedError:
    return RefusedError(message, hint=hint, code=code, refusal=refusal, size=size)


def make_request(old: int, proof: tuple[bytes, ...], note: bytes) -> bytes:
    """The text of a request: the size that the witness knows, the proof, the checkpoint."""
    lines = [f"old {old}", *map(base64_text, proof), "", ""]
    return "\n".join(lines).encode("ascii") + note


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A witness of some logs.

    Attributes:
        signer: its key, of the type of cosignatures.
        logs: the keys of each log that it watches, by origin.
        state_path: what it signed last, for each log. Whoever resets it makes the witness sign
            a second history: it belongs into no backup that is restored without thought.
    """

    signer: NoteSigner
    logs: Mapping[str, VerifierKey]
    state_path: Path

    def __post_init__(self) -> None:
        if self.signer.verifier.kind is not SignatureType.COSIGNATURE_V1:
            raise ArgumentError(
                "the key of a witness has the type of cosignatures (0x04)",
                hint="is it the key of a log?",
            )

    def cosign(self, request: bytes, now: datetime) -> bytes:
        """The line with its cosignature; what it signed is on disk before it is given.

        Raises:
            RefusedError: see `Refusal`.
            LogError: the state file cannot be read or written.
            SignerError: the signer failed.
        """
        old, proof, note = _parse(request)
        head = self._open(note)
        if old > head.size:
            raise RefusedError("the log had more leaves before than it has now")
        with locked(
            self.state_path.with_name(f"{self.state_path.name}.lock"), seconds=_LOCK_SECONDS
        ):
            state = self._state()
            known, root = state.get(head.origin, (0, EMPTY_ROOT))
            if old != known:
                raise RefusedError(
                    f"the witness signed {known} leaves of this log last, not {old}",
                    hint=f"provenance log request --since {known}",
                    refusal=Refusal.STALE,
                    size=known,
                )
            if known == head.size and root != head.root:
                raise RefusedError(
                    f"the witness signed another root for {known} leaves: the log shows two "
                    "histories",
                    hint="keep both checkpoints: together they prove it",
                    refusal=Refusal.STALE,
                    size=known,
                )
            if not consistency_holds(known, root, head.size, head.root, proof):
                raise RefusedError(
                    f"the log does not continue the {known} leaves that the witness signed",
                    hint="keep the request: with the checkpoint before, it shows what happened",
                    refusal=Refusal.INCONSISTENT,
                )
            state[head.origin] = head.size, head.root
            self._keep(state)
        kind = SignatureType.COSIGNATURE_V1
        made = Signature.make(self.signer, head.text, kind, int(now.timestamp()))
        return f"{made}\n".encode()

    def _open(self, data: bytes) -> Checkpoint:
        """The checkpoint, if it is one of a log that is watched, signed by it."""
        try:
            head = Checkpoint.parse(Note.parse(data).text)
        except LogError as error:
            raise RefusedError(error.message, hint=error.hint) from error
        key = self.logs.get(head.origin)
        if key is None:
            raise RefusedError("the witness does not watch this log", refusal=Refusal.UNKNOWN_LOG)
        try:
            open_checkpoint(data, key)
        except LogError as error:
            raise RefusedError(
                error.message, hint=error.hint, refusal=Refusal.NOT_SIGNED
            ) from error
        return head

    def _state(self) -> dict[str, tuple[int, bytes]]:
        data = read_bounded(self.state_path, _MAX_STATE)
        if data is None:
            return {}
        refusal = LogError(
            f"{self.state_path} is not the state of a witness",
            hint="without it the witness cannot know what it signed: do not start anew lightly",
        )
        try:
            table = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise refusal from error
        if not isinstance(table, dict):
            raise refusal
        found = {}
        for origin, value in table.items():
            text = value if isinstance(value, str) else ""
            size, _, root = text.partition(" ")
            number, digest = decimal(size), base64_bytes(root)
            if number is None or digest is None or len(digest) != HASH_BYTES:
                raise refusal
            found[origin] = number, digest
        return found

    def _keep(self, state: Mapping[str, tuple[int, bytes]]) -> None:
        table = {origin: f"{size} {base64_text(root)}" for origin, (size, root) in state.items()}
        text = json.dumps(table, indent=2, sort_keys=True) + "\n"
        replace_file(self.state_path, text.encode("ascii"), mode=PRIVATE)


def _parse(request: bytes) -> tuple[int, tuple[bytes, ...], bytes]:
    """Old size, proof and checkpoint of a request."""
    if len(request) > MAX_REQUEST:
        raise RefusedError(f"a request has at most {MAX_REQUEST:,} bytes")
    head, gap, note = request.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    old = decimal(lines[0].removeprefix("old ")) if lines[0].startswith("old ") else None
    if not gap or old is None:
        raise RefusedError("the first line of a request is: old SIZE")
    try:
        return old, parse_hashes(lines[1:]), note
    except LogError as error:
        raise RefusedError(error.message) from error
