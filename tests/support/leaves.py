"""A registry for tests of the issuance log: leaves and checkpoints in memory, or on disk.

It can be copied and put back, as a backup is.
"""

from __future__ import annotations

import copy
import fcntl
import hashlib
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provenance.errors import RegistryError
from provenance.log import (
    IssuanceLog,
    NoteSigner,
    SignatureType,
    StoredCheckpoint,
    WitnessPolicy,
)

NOON = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)
ORIGIN = "example.org/log"


def commitment(number: int, history: str = "") -> bytes:
    """The leaf of a record."""
    return hashlib.sha256(f"record {number} {history}".encode()).digest()


@dataclass
class MemorySource:
    """See `provenance.log.LeafSource`."""

    rows: list[bytes] = field(default_factory=list)
    pending: list[bytes] = field(default_factory=list)
    stored: dict[int, StoredCheckpoint] = field(default_factory=dict)

    def issue(self, count: int, history: str = "") -> list[bytes]:
        """Let so many new leaves wait."""
        first = len(self.rows) + len(self.pending)
        new = [commitment(first + i, history) for i in range(count)]
        self.pending += new
        return new

    def backup(self) -> MemorySource:
        return copy.deepcopy(self)

    def sequence(self) -> int:
        self.rows += self.pending
        self.pending = []
        return len(self.rows)

    def log_size(self) -> int:
        return len(self.rows)

    def waiting(self) -> int:
        return len(self.pending)

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        return iter(self.rows[start:stop])

    def leaf_position(self, commitment: bytes) -> int | None:
        return self.rows.index(commitment) if commitment in self.rows else None

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        there = self.stored.get(checkpoint.size)
        if there is not None and there.root != checkpoint.root:
            raise RegistryError("another root for that size")
        self.stored[checkpoint.size] = checkpoint

    def checkpoints(self) -> tuple[StoredCheckpoint, ...]:
        return tuple(self.stored[size] for size in sorted(self.stored))

    def newest_checkpoint(self) -> StoredCheckpoint | None:
        return self.stored[max(self.stored)] if self.stored else None


def signer(folder: Path, name: str = ORIGIN, kind: int = SignatureType.ED25519) -> NoteSigner:
    """The key of a log or witness in a directory; the same one every time."""
    path = folder / f"{name.replace('/', '_')}.key"
    if path.exists():
        return NoteSigner.load(path)
    return NoteSigner.generate(path, name, SignatureType(kind))


def witness_signer(folder: Path, name: str) -> NoteSigner:
    """The key of a witness."""
    return signer(folder, name, SignatureType.COSIGNATURE_V1)


def make_log(
    folder: Path, source: MemorySource, *, witnesses: WitnessPolicy | None = None, **more: object
) -> IssuanceLog:
    """A log in a directory, with its key and head file apart."""
    keys = folder / "keys"
    keys.mkdir(exist_ok=True)
    key = signer(keys)
    return IssuanceLog(
        source=source,
        directory=folder / "log",
        head_path=keys / "log.head",
        key=key.verifier,
        signer=key,
        witnesses=witnesses or WitnessPolicy(),
        **more,
    )


class DiskSource(MemorySource):
    """The same in a file that every process reads anew and replaces as a whole.

    `step` is called before and after each change, so that a test can end the process there.
    """

    def __init__(self, path: Path, step: Callable[[], None] = lambda: None) -> None:
        self._path = path
        self._step = step
        # Not by name at the time of use: tests replace the functions of `os`.
        self._replace = os.replace

    def _state(self) -> MemorySource:
        if not self._path.exists():
            return MemorySource()
        found: MemorySource = pickle.loads(self._path.read_bytes())  # noqa: S301
        return found

    def __getattribute__(self, name: str) -> Any:
        if name in ("rows", "pending", "stored"):
            return getattr(self._state(), name)
        return super().__getattribute__(name)

    def _change(self, change: Callable[[MemorySource], Any]) -> Any:
        self._step()
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            state = self._state()
            result = change(state)
            aside = self._path.with_suffix(f".{os.getpid()}")
            aside.write_bytes(pickle.dumps(state))
            self._replace(aside, self._path)
        self._step()
        return result

    def issue(self, count: int, history: str = "") -> list[bytes]:
        made: list[bytes] = self._change(lambda state: state.issue(count, history))
        return made

    def sequence(self) -> int:
        size: int = self._change(lambda state: state.sequence())
        return size

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        self._change(lambda state: state.add_checkpoint(checkpoint))
