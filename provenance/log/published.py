"""A log as it is read: proofs, and the check of everything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from provenance.errors import ArgumentError, LogError
from provenance.log.checkpoint import open_checkpoint
from provenance.log.files import locked
from provenance.log.fsck import Fsck, Violation
from provenance.log.heads import check_heads
from provenance.log.merkle import consistency_proof, inclusion_holds, inclusion_proof, leaf_hash
from provenance.log.note_keys import VerifierKey
from provenance.log.policy import NO_WITNESSES, WitnessPolicy
from provenance.log.proof import Proof
from provenance.log.source import LeafSource, StoredCheckpoint
from provenance.log.stamps import TimeStamps
from provenance.log.tiles import TileReader
from provenance.log.witness import make_request


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLog:
    """One log. Nothing here writes.

    Attributes:
        source: the leaves.
        directory: of checkpoint and tiles; it holds nothing else.
        head_path: the head file. It is kept where the log's key is, not with the other two.
        key: the log's key; its name is the log's origin.
        witnesses: whose cosignatures are taken, and how many a proof should have.
        time_stamps: None asks for none, and cannot check those that are there.
        lock_seconds: how long to wait for a publisher.
    """

    source: LeafSource
    directory: Path
    head_path: Path
    key: VerifierKey
    witnesses: WitnessPolicy = NO_WITNESSES
    time_stamps: TimeStamps | None = None
    lock_seconds: float = 30.0

    def check(self) -> None:
        """Refuse a registry or a directory that is behind the head file, or contradicts it.

        It reads a few files and rows, whatever the size of the log; `fsck` reads everything.

        Raises:
            LogError: something was restored from an old backup, or changed.
        """
        check_heads(self.source, self.directory, self.head_path, self.key)

    def prove(self, commitment: bytes) -> bytes:
        """A proof that the commitment is in the log; see `verify_proof`.

        It is made for the newest checkpoint with enough cosignatures that includes the leaf, or
        else for the newest.

        Raises:
            LogError: it is not in the log, or not yet; a tile is damaged.
        """
        index = self.source.leaf_position(commitment)
        stored = None if index is None else self._including(index)
        if index is None or stored is None:
            raise LogError(
                "the commitment is in no checkpoint of this log",
                hint="if it was issued just now: provenance log checkpoint",
            )
        hashes = inclusion_proof(TileReader(self.directory, stored.size), index, stored.size)
        leaf = leaf_hash(commitment)
        if not inclusion_holds(leaf, index, stored.size, stored.root, hashes):
            raise LogError(
                "a tile of the log or the leaf in the registry is damaged",
                hint="provenance log fsck says which",
            )
        proof = Proof(commitment=commitment, index=index, hashes=hashes, note=stored.note)
        return bytes(proof)

    def _including(self, index: int) -> StoredCheckpoint | None:
        newest = self.source.newest_checkpoint()
        if newest is None or newest.size <= index or self._cosigned(newest):
            return newest if newest and newest.size > index else None
        older = (item for item in reversed(self.source.checkpoints()) if item.size > index)
        return next(filter(self._cosigned, older), newest)

    def _cosigned(self, stored: StoredCheckpoint) -> bool:
        opened = open_checkpoint(stored.note, self.key, self.witnesses.known)
        return self.witnesses.met(opened.witnesses)

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The proof that the log of `new` leaves continues that of `old`.

        Raises:
            ArgumentError: old is greater than new, or new than the newest checkpoint.
            LogError: a tile is missing or cannot be read.
        """
        newest = self.newest().size
        if not 0 <= old <= new <= newest:
            raise ArgumentError(f"no proof from {old} to {new} leaves: the log has {newest}")
        return consistency_proof(TileReader(self.directory, new), old, new)

    def request(self, since: int) -> bytes:
        """What a witness that knows the log with `since` leaves is sent; see `Witness.cosign`.

        Raises:
            ArgumentError: the log is not as large as that.
            LogError: nothing was published, or a tile is missing.
        """
        newest = self.newest()
        return make_request(since, self.consistency(since, newest.size), newest.note)

    def seen_by(self, witness: str) -> int:
        """The size of the newest checkpoint with a signature of that name; 0 without one."""
        for stored in reversed(self.source.checkpoints()):
            opened = open_checkpoint(stored.note, self.key, self.witnesses.known)
            if any(item.key.name == witness for item in opened.witnesses):
                return stored.size
        return 0

    def newest(self) -> StoredCheckpoint:
        """The newest checkpoint.

        Raises:
            LogError: nothing was published yet.
        """
        newest = self.source.newest_checkpoint()
        if newest is None:
            raise LogError("nothing was published yet", hint="provenance log checkpoint")
        return newest

    def fsck(self) -> list[Violation]:
        """Everything in registry, directory and head file that is not what it should be."""
        return Fsck(
            source=self.source,
            directory=self.directory,
            head_path=self.head_path,
            key=self.key,
            witnesses=self.witnesses,
            examine=self.time_stamps.examine if self.time_stamps else None,
            lock=locked(self._lock_path, seconds=self.lock_seconds, shared=True),
        ).run()

    @property
    def _lock_path(self) -> Path:
        return self.head_path.with_name(f"{self.head_path.name}.lock")
