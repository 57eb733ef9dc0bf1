"""The issuance log: leaves in, signed checkpoints and proofs out.

Three places know of each head that was signed: the head file beside the log's key, the registry
(`LeafSource`) and the directory of tiles. Nothing is signed while they contradict each other. A
registry or a directory that lacks what the head file says was restored from an old backup; going on
from there would sign a second history.

The order of `publish`; after a crash anywhere, the next one ends in the same place:

1. take the lock, compare the three
2. give the waiting leaves their positions (the registry, one transaction)
3. write the tiles; what is there already must be the same
4. sign, and write the head file: from here on this head exists
5. have it time-stamped, where that is wanted
6. keep the checkpoint in the registry
7. put it into the directory, where everybody looks
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from provenance.errors import ArgumentError, LogError, TimeStampError
from provenance.keys import TimeStampMode
from provenance.log.checkpoint import (
    Checkpoint,
    OpenedCheckpoint,
    open_checkpoint,
    signed_checkpoint,
)
from provenance.log.files import (
    PRIVATE,
    locked,
    make_directory,
    read_bounded,
    replace_file,
    sync_directory,
)
from provenance.log.heads import check_heads, check_not_newer, read_head, served_size, signed_at
from provenance.log.merkle import CompactTree, leaf_hash, root_of
from provenance.log.note import MAX_NOTE, Signature
from provenance.log.note_keys import NoteSigner
from provenance.log.published import PublishedLog
from provenance.log.source import StoredCheckpoint, read_leaves
from provenance.log.stamps import kept_token
from provenance.log.tiles import CHECKPOINT, TEMPORARY, TileReader, TileWriter, drop_partial
from provenance.model.trust import TimeStampStatus

_COSIGNED_WITHIN: Final = 1_000  # checkpoints, the newest; for answers that come late


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What `publish` did.

    `added` is how many leaves are new in it, `problem` why it has no time stamp although one was
    asked for.
    """

    checkpoint: StoredCheckpoint
    added: int
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuanceLog(PublishedLog):
    """One log with who signs it; None in a log that is only read. See `PublishedLog`."""

    signer: NoteSigner | None = None

    def __post_init__(self) -> None:
        if self.signer is not None and self.signer.verifier != self.key:
            raise ArgumentError("the signer of a log has the log's key")

    def publish(self, now: datetime) -> Published:
        """Put every leaf that waits into the log and sign its new head.

        Where nothing waits, the newest checkpoint is given again; what an earlier call left
        unfinished is finished.

        Args:
            now: aware; what the checkpoint says the time is.

        Raises:
            LogError: see `check`; the clock is behind the last checkpoint; another publisher
                holds the lock (`E_BUSY`); something cannot be written.
            SignerError: the signer failed.
            TimeStampError: a time stamp is required and could not be had. The next call tries
                again; until then the checkpoint is not published.
        """
        with self._alone():
            head = self._checked()
            old = head.checkpoint.size if head else 0
            size = self.source.sequence()
            if head is None or size != old:
                head = self._sign(old, size, self._seconds(now, head))
            published = self._complete(head, added=size - old)
            drop_partial(self.directory, old, size)
            return published

    def _sign(self, old: int, size: int, seconds: int) -> OpenedCheckpoint:
        writer = TileWriter(self.directory, old)
        for leaf in read_leaves(self.source, writer.start, size):
            writer.append(leaf)
        writer.finish()
        root = root_of(TileReader(self.directory, size), size)
        checkpoint = Checkpoint(origin=self.key.name, size=size, root=root)
        note = bytes(signed_checkpoint(checkpoint, self._signer, seconds))
        replace_file(self.head_path, note, mode=PRIVATE)
        return open_checkpoint(note, self.key)

    def _complete(self, head: OpenedCheckpoint, *, added: int) -> Published:
        """Bring registry and directory up to the head file."""
        size, root = head.checkpoint.size, head.checkpoint.root
        newest = self.source.newest_checkpoint()
        kept = newest if newest is not None and newest.size == size else None
        stored = kept or StoredCheckpoint(size, root, bytes(head.note), signed_at(head), b"")
        token, problem = (b"", "") if stored.time_stamp else self._token(head.note.text)
        stored = stored._replace(time_stamp=stored.time_stamp or token)
        if stored != kept:
            self.source.add_checkpoint(stored)
        self._serve(stored)
        return Published(checkpoint=stored, added=added, problem=problem)

    def _token(self, text: bytes) -> tuple[bytes, str]:
        """A time stamp to keep, and else why there is none, where one was asked for."""
        asked = self.time_stamps
        if asked is None or asked.mode is TimeStampMode.OFF:
            return b"", ""
        try:
            token = asked.token(text)
            status = asked.examine(token, text).status
            if status is not TimeStampStatus.TRUSTED:
                raise TimeStampError(
                    f"the time stamp of the checkpoint is {status.value}",
                    hint="is the authority on a list of verify.tsa_lists?",
                )
        except TimeStampError as error:
            if asked.mode is TimeStampMode.REQUIRE:
                raise
            return b"", str(error)
        return kept_token(token), ""

    def _serve(self, stored: StoredCheckpoint) -> None:
        """Put a checkpoint into the directory, if it is what it was."""
        open_checkpoint(stored.note, self.key, self.witnesses.known)
        path = self.directory / CHECKPOINT
        if read_bounded(path, MAX_NOTE) != stored.note:
            replace_file(path, stored.note, aside=self.directory / TEMPORARY / CHECKPOINT)

    def add_cosignatures(self, lines: bytes) -> StoredCheckpoint:
        """Add what witnesses answered to the checkpoint that they saw.

        Lines of witnesses that the policy does not know are left aside.

        Raises:
            LogError: malformed; no line is a known witness's, or one is over no checkpoint.
        """
        known = {(key.name, key.key_id): key for key in self.witnesses.witnesses}
        if len(lines) > MAX_NOTE or not lines.endswith(b"\n"):
            raise LogError("cosignatures are lines that begin with an em dash")
        texts = lines.decode("utf-8", "replace")[:-1].split("\n")
        found = [item for item in map(Signature.parse, texts) if item.key in known]
        if not found:
            raise LogError(
                "none of the cosignatures is of a witness in the policy",
                hint="log.witness_policy names the file with their keys",
            )
        with self._alone():
            self._checked()
            for stored in reversed(self.source.checkpoints()[-_COSIGNED_WITHIN:]):
                opened = open_checkpoint(stored.note, self.key, self.witnesses.known)
                if all(known[s.key].verifies(opened.note.text, s.value) for s in found):
                    stored = stored._replace(note=bytes(opened.note.signed(found)))
                    self.source.add_checkpoint(stored)
                    newest = self.source.newest_checkpoint()
                    if newest is not None and newest.size == stored.size:
                        self._serve(stored)
                    return stored
        raise LogError("the cosignatures are over no checkpoint of this log")

    def rebuild(self) -> None:
        """Write all tiles anew from the leaves, in place of a damaged or restored directory.

        Only where the leaves give the very root that the head file holds. Cut off, it is begun
        again.

        Raises:
            LogError: they do not, or something cannot be written.
        """
        with self._alone():
            head = read_head(self.head_path, self.key)
            if head is None:
                raise LogError(f"{self.head_path} is missing: nothing says what is right")
            size, tree = head.checkpoint.size, CompactTree()
            try:
                served = served_size(self.directory, self.key)
            except LogError:
                served = None  # a damaged one is written anew
            check_not_newer(self.head_path, size, served, "log directory")
            for leaf in read_leaves(self.source, 0, min(size, self.source.log_size())):
                tree.append(leaf_hash(leaf))
            if (tree.size, tree.root) != (size, head.checkpoint.root):
                raise LogError("the leaves of the registry do not give the root that was signed")
            sizes = {stored.size for stored in self.source.checkpoints()}
            shutil.rmtree(self.directory / "tile", ignore_errors=True)
            writer = TileWriter(self.directory, 0)
            for leaf in read_leaves(self.source, 0, size):
                writer.append(leaf)
                if writer.count in sizes:
                    writer.write_partial(size)
            writer.finish()
            self._complete(head, added=0)

    def _checked(self) -> OpenedCheckpoint | None:
        return check_heads(self.source, self.directory, self.head_path, self.key)

    @property
    def _signer(self) -> NoteSigner:
        if self.signer is None:
            raise ArgumentError("the log is opened for reading only")
        return self.signer

    def _seconds(self, now: datetime, head: OpenedCheckpoint | None) -> int:
        if now.tzinfo is None:
            raise ArgumentError("the time of a checkpoint has a time zone")
        seconds = int(now.timestamp())
        last = (head and head.seconds) or 0
        if seconds < last:
            raise LogError(
                f"the clock says {_text(seconds)}, but the last checkpoint was signed at "
                f"{_text(last)}",
                hint="set the clock of this machine; nothing was signed",
            )
        return seconds

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        _ = self._signer  # whoever only reads does not lock
        with locked(self._lock_path, seconds=self.lock_seconds):
            for folder in make_directory(self.directory / TEMPORARY):
                sync_directory(folder)
            yield


def _text(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
