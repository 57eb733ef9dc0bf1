"""What always holds of a log, checked by reading everything.

The tree is built anew from the registry's leaves. Each leaf is in three places: in the registry,
as a hash in a tile, and in an entry bundle. Where they differ, the one that differs from the
others is named, and the tree goes on with what the others say: one damaged place is one violation.
The roots of all checkpoints are held against that tree.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from provenance.errors import LogError
from provenance.log.checkpoint import OpenedCheckpoint, log_keys, open_checkpoint
from provenance.log.files import read_bounded
from provenance.log.merkle import HASH_BYTES, CompactTree, leaf_hash, perfect_root
from provenance.log.note import MAX_NOTE
from provenance.log.note_keys import VerifierKey
from provenance.log.policy import WitnessPolicy
from provenance.log.source import LeafSource, StoredCheckpoint
from provenance.log.stamps import token_in
from provenance.log.tiles import (
    CHECKPOINT,
    ENTRIES,
    ENTRY_BYTES,
    MAX_FILE,
    TEMPORARY,
    WIDTH,
    hashes_in,
    parse_tile_name,
    tile_name,
    tiles_of,
    unbundle,
)
from provenance.model.trust import TimeStampEvidence, TimeStampStatus

MAX_VIOLATIONS: Final = 1_000
_Level = int | str


class _EnoughError(Exception):
    """More would help nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something that is not what it should be: where, and what is wrong."""

    place: str
    detail: str


@dataclass(slots=True, kw_only=True)
class Fsck:
    """One check of a log; see `IssuanceLog` for the attributes."""

    source: LeafSource
    directory: Path
    head_path: Path
    key: VerifierKey
    witnesses: WitnessPolicy
    examine: Callable[[bytes, bytes], TimeStampEvidence] | None
    lock: contextlib.AbstractContextManager[None]
    _found: list[Violation] = field(default_factory=list)
    #: Root by size, and where it is written.
    _roots: dict[int, list[tuple[str, bytes]]] = field(default_factory=dict)
    _files: dict[tuple[_Level, int], list[int]] = field(default_factory=dict)

    def run(self) -> list[Violation]:
        """Every violation; none where all is well.

        Raises:
            RegistryError: the registry cannot be read at all.
        """
        with contextlib.suppress(_EnoughError):
            # Under the lock only what publishing changes; what it adds meanwhile is not looked at.
            with self.lock:
                head = self._head()
                newest = self._checkpoints()
                self._served(newest)
                self._list_files()
                size = self.source.log_size()
            self._compare(head, newest)
            self._tree(size)
        return self._found

    def _say(self, place: str | Path, detail: str) -> None:
        self._found.append(Violation(place=str(place), detail=detail))
        if len(self._found) == MAX_VIOLATIONS:
            self._found.append(Violation(place="log", detail="so much is wrong: stopped looking"))
            raise _EnoughError

    # --- checkpoints -------------------------------------------------------------------

    def _open(self, place: str, data: bytes) -> OpenedCheckpoint | None:
        """A checkpoint with every signature known and both of the log's."""
        others = self.witnesses.known
        try:
            opened = open_checkpoint(data, self.key, others)
        except LogError as error:
            self._say(place, error.message)
            return None
        known = {(key.name, key.key_id) for key in (*log_keys(self.key), *others)}
        signed = [signature.key for signature in opened.note.signatures]
        if opened.seconds is None:
            self._say(place, "the log's signature with the time is missing")
        elif set(signed) <= known and len(set(signed)) == len(signed):
            self._roots.setdefault(opened.checkpoint.size, []).append(
                (place, opened.checkpoint.root)
            )
            return opened
        else:
            self._say(place, "it has a signature of an unknown key, or one key's twice")
        return None

    def _head(self) -> OpenedCheckpoint | None:
        data = self._read(self.head_path, MAX_NOTE)
        return None if data is None else self._open(str(self.head_path), data)

    def _checkpoints(self) -> StoredCheckpoint | None:
        """Check what the registry keeps; the newest, if it is right."""
        right: StoredCheckpoint | None = None
        last_size, last_seconds = -1, 0
        for stored in self.source.checkpoints():
            place = f"checkpoint of {stored.size} leaves in the registry"
            opened = self._open(place, stored.note)
            right = None
            if opened is None:
                continue
            head, seconds = opened.checkpoint, opened.seconds or 0
            # A time without a zone equals none.
            when = stored.signed_at.timestamp() if stored.signed_at.tzinfo else None
            if (stored.size, stored.root, when) != (head.size, head.root, seconds):
                self._say(place, "size, root or time differ from the signed note")
            elif head.size <= last_size or seconds < last_seconds:
                self._say(place, "it is older than the one before it")
            else:
                right = stored
            self._time_stamp(place, stored.time_stamp, head.text)
            last_size, last_seconds = head.size, seconds
        return right

    def _time_stamp(self, place: str, kept: bytes, text: bytes) -> None:
        if not kept:
            return
        token = token_in(kept)
        if token is None:
            self._say(place, "its time stamp was changed")
            return
        if self.examine is None:
            self._say(place, "its time stamp could not be checked: no authorities are known")
            return
        status = self.examine(token, text).status
        if status is not TimeStampStatus.TRUSTED:
            self._say(place, f"its time stamp is {status.value}")

    def _served(self, newest: StoredCheckpoint | None) -> None:
        path = self.directory / CHECKPOINT
        data = self._read(path, MAX_NOTE)
        if data is None:
            if newest is not None:
                self._say(path, "missing; the next publication writes it")
        elif newest is None:
            self._open(str(path), data)
        elif data != newest.note:
            self._say(path, "it is not the newest checkpoint of the registry")

    def _compare(self, head: OpenedCheckpoint | None, newest: StoredCheckpoint | None) -> None:
        there = self.head_path.exists()
        if not there and (newest is not None or self._roots):
            self._say(self.head_path, "missing: a restored backup would not be noticed")
        if head is None or newest is None:
            return
        size = head.checkpoint.size
        if size > newest.size:
            self._say(
                "newest checkpoint in the registry",
                f"it has {newest.size} leaves, and {size} were signed: the registry was restored, "
                "or a publication was cut off (publish again)",
            )
        elif size < newest.size:
            self._say(self.head_path, f"it is older than the registry's ({newest.size} leaves)")

    # --- leaves and tiles ---------------------------------------------------------------

    def _read(self, path: Path, limit: int) -> bytes | None:
        try:
            return read_bounded(path, limit)
        except LogError as error:
            self._say(path, error.message)
            return None

    def _list_files(self) -> None:
        for folder, below, names in os.walk(self.directory):
            if Path(folder) == self.directory and TEMPORARY in below:
                below.remove(TEMPORARY)
            below.sort()
            for name in sorted(names):
                path = Path(folder) / name
                relative = path.relative_to(self.directory).as_posix()
                tile = parse_tile_name(relative)
                if tile is not None:
                    self._files.setdefault(tile[:2], []).append(tile[2])
                elif relative != CHECKPOINT:
                    self._say(path, "does not belong into a log")

    def _tree(self, size: int) -> None:
        signed = max([0, *self._roots])
        if size < signed:
            self._say("registry", f"it has {size} leaves, and {signed} were signed")
        self._missing(signed)
        tree, levels = CompactTree(), list[list[bytes]]()
        counts = list[int]()
        self._check_roots(tree)
        for index in range(-(-max(size, signed) // WIDTH)):
            for digest in self._agreed(index, size):
                tree.append(digest)
                self._check_roots(tree)
                self._push(0, digest, levels, counts)
        for level, hashes in enumerate(levels):
            if hashes:
                self._compare_tile(level, counts[level] // WIDTH, hashes)
        for (kind, index), widths in sorted(self._files.items(), key=str):
            for width in widths:
                path = self.directory / tile_name(kind, index, width)
                self._say(path, "it belongs to no leaf of the registry")
        for places in self._roots.values():
            for place, _ in places:
                self._say(place, "the log does not have that many leaves")

    def _check_roots(self, tree: CompactTree) -> None:
        for place, root in self._roots.pop(tree.size, ()):
            if tree.root != root:
                self._say(place, "its root is not that of the leaves")

    def _missing(self, signed: int) -> None:
        """Every full tile must be there, and the partial ones of every checkpoint."""
        for level, full, _ in tiles_of(signed):
            for kind in _names(level):
                for index in range(full):
                    if WIDTH not in self._files.get((kind, index), ()):
                        self._say(self.directory / tile_name(kind, index), "missing")
        for size in sorted(self._roots):
            for level, full, partial in tiles_of(size):
                for kind in _names(level) if partial else ():
                    if not {partial, WIDTH} & set(self._files.get((kind, full), ())):
                        self._say(self.directory / tile_name(kind, full, partial), "missing")

    def _variants(self, level: _Level, index: int) -> Iterator[tuple[Path, bytes]]:
        """Every file of one tile, full and partial, of the right length."""
        step = HASH_BYTES if level != ENTRIES else ENTRY_BYTES + 2
        for width in self._files.pop((level, index), ()):
            path = self.directory / tile_name(level, index, width)
            data = self._read(path, MAX_FILE)
            if data is not None and len(data) != width * step:
                self._say(path, "it does not have the length of its name")
            elif data is not None:
                yield path, data

    def _agreed(self, index: int, size: int) -> list[bytes]:
        """The hashes of a level-0 tile on which most of its places agree."""
        first, stop = WIDTH * index, min(WIDTH * (index + 1), size)
        count = max(0, stop - first)
        leaves = list(self.source.leaves(first, stop)) if count else []
        if len(leaves) != count:
            place = f"leaves {first} to {stop - 1} in the registry"
            self._say(place, f"there are {len(leaves)} of them")
        places: list[tuple[str, list[bytes]]] = [("registry", [leaf_hash(leaf) for leaf in leaves])]
        for path, data in self._variants(0, index):
            places.append((str(path), hashes_in(data)))
        for path, data in self._variants(ENTRIES, index):
            entries = unbundle(data)
            if entries is None:
                self._say(path, "it is not a bundle of commitments")
            else:
                places.append((str(path), [leaf_hash(entry) for entry in entries]))
        longest = max(len(hashes) for _, hashes in places)
        if all(hashes == places[0][1][: len(hashes)] for _, hashes in places):
            agreed = places[0][1]
        else:
            agreed = [self._vote(first, at, places) for at in range(longest)]
        for place, hashes in places[1:]:
            if len(hashes) > count:
                self._say(place, "it has more leaves than the registry")
        return agreed

    def _vote(self, first: int, at: int, places: list[tuple[str, list[bytes]]]) -> bytes:
        votes = [(place, hashes[at]) for place, hashes in places if at < len(hashes)]
        # Where two stand against each other, the later one wins: the files, as they were signed.
        best = Counter(digest for _, digest in reversed(votes)).most_common(1)[0][0]
        for place, digest in votes:
            if digest != best:
                where = f"leaf {first + at} in the registry" if place == "registry" else place
                self._say(where, f"leaf {first + at} differs from what the other places have")
        return best

    def _push(
        self, level: int, digest: bytes, levels: list[list[bytes]], counts: list[int]
    ) -> None:
        if level == len(levels):
            levels.append([])
            counts.append(0)
        levels[level].append(digest)
        counts[level] += 1
        if len(levels[level]) == WIDTH:
            if level:
                self._compare_tile(level, counts[level] // WIDTH - 1, levels[level])
            above = perfect_root(levels[level])
            levels[level] = []
            self._push(level + 1, above, levels, counts)

    def _compare_tile(self, level: int, index: int, hashes: list[bytes]) -> None:
        """Hold every file of a tile above level 0 against what it must be."""
        for path, data in self._variants(level, index):
            for at, digest in enumerate(hashes_in(data)):
                if at >= len(hashes) or digest != hashes[at]:
                    self._say(path, f"hash {at} is not that of the tile below")


def _names(level: int) -> tuple[_Level, ...]:
    """The kinds of files that a level has."""
    return (level, ENTRIES) if level == 0 else (level,)
