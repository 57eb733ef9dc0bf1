"""The log as a directory of files that never change (C2SP tlog-tiles).

    checkpoint               the signed head
    tile/<L>/<N>[.p/<W>]     256 hashes of level L, or W of them while a tile is filling
    tile/entries/<N>[.p/<W>] the leaves of the level-0 tile N, each with its length before it

It can be served by any web server, copied by any tool and checked by anybody.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from provenance.errors import LogError
from provenance.log.files import (
    make_directory,
    read_bounded,
    sync_directory,
    write_aside_and_rename,
)
from provenance.log.merkle import HASH_BYTES, leaf_hash, perfect_root

WIDTH: Final = 256  # hashes of a full tile
HEIGHT: Final = 8  # levels of the tree that a tile covers
ENTRY_BYTES: Final = 32  # an entry is a commitment
ENTRIES: Final = "entries"
CHECKPOINT: Final = "checkpoint"
TEMPORARY: Final = ".tmp"
_LENGTH: Final = ENTRY_BYTES.to_bytes(2)
MAX_FILE: Final = WIDTH * (len(_LENGTH) + ENTRY_BYTES)
_CACHED_TILES: Final = 64
_NAME: Final = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


def tile_name(level: int | str, index: int, width: int = WIDTH) -> str:
    """The path of a tile below the log's directory; `level` may be `ENTRIES`."""
    digits = f"{index % 1000:03}"
    while index := index // 1000:
        digits = f"x{index % 1000:03}/{digits}"
    return f"tile/{level}/{digits}" + ("" if width == WIDTH else f".p/{width}")


def parse_tile_name(name: str) -> tuple[int | str, int, int] | None:
    """Level, index and width; None for what is no tile's path in its one right form."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    level = match[1] if match[1] == ENTRIES else int(match[1])
    found = level, int(match[2].replace("x", "").replace("/", "")), int(match[3] or WIDTH)
    return found if found[2] <= WIDTH and tile_name(*found) == name else None


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Level, number of full tiles, and hashes in the partial one, for a log of that size."""
    level, count = 0, size
    while count:
        yield level, count // WIDTH, count % WIDTH
        level, count = level + 1, count // WIDTH


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as an entry bundle."""
    return b"".join(_LENGTH + entry for entry in entries)


def unbundle(data: bytes) -> list[bytes] | None:
    """The commitments in an entry bundle; None if it is not one of commitments."""
    step = len(_LENGTH) + ENTRY_BYTES
    whole = len(data) % step == 0
    parts = [data[i : i + step] for i in range(0, len(data), step)]
    if not whole or any(not part.startswith(_LENGTH) for part in parts):
        return None
    return [part[len(_LENGTH) :] for part in parts]


def hashes_in(data: bytes) -> list[bytes]:
    """The hashes of a tile."""
    return [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]


class TileReader:
    """Hashes of the tree of one size, read from its tiles. See `merkle.HashReader`.

    It believes what is in the files: whoever uses it checks the result against a root.
    """

    def __init__(self, directory: Path, size: int) -> None:
        """Nothing is read yet."""
        self._directory = directory
        self._size = size
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def node(self, height: int, index: int) -> bytes:
        """The hash of a perfect subtree.

        Raises:
            LogError: its tile is missing or cannot be read.
        """
        level, inner = divmod(height, HEIGHT)
        first = index << inner
        tile, place = divmod(first, WIDTH)
        return perfect_root(self.tile(level, tile)[place : place + (1 << inner)])

    def tile(self, level: int, index: int) -> list[bytes]:
        """The hashes of one tile, as many as it has in a tree of this size."""
        found = self._tiles.get((level, index))
        if found is None:
            width = min(WIDTH, (self._size >> HEIGHT * level) - WIDTH * index)
            found = hashes_in(read_tile(self._directory, level, index, width))
            if len(self._tiles) >= _CACHED_TILES:
                self._tiles.pop(next(iter(self._tiles)))
            self._tiles[level, index] = found
        return found


def read_tile(directory: Path, level: int | str, index: int, width: int) -> bytes:
    """A tile of that width, from its own file or from the full one that followed it.

    Raises:
        LogError: missing, unreadable or of a wrong length.
    """
    step = HASH_BYTES if level != ENTRIES else len(_LENGTH) + ENTRY_BYTES
    for there in dict.fromkeys((width, WIDTH)):
        path = directory / tile_name(level, index, there)
        data = read_bounded(path, MAX_FILE)
        if data is None:
            continue
        if len(data) != there * step:
            raise LogError(f"{path} does not have the length of a tile", hint=_FSCK)
        return data[: width * step]
    raise LogError(f"{directory / tile_name(level, index, width)} is missing", hint=_FSCK)


class TileWriter:
    """Appends leaves to a directory of tiles.

    Files that are there are compared, not written again: after a crash the same leaves make the
    same files, and nothing ever takes the place of something else.
    """

    def __init__(self, directory: Path, size: int) -> None:
        """Go on from a directory that holds the tiles of `size` leaves.

        Raises:
            LogError: it does not.
        """
        self.directory = directory
        #: From here on leaves are taken: the first one of the tile that is filling.
        self.start = size - size % WIDTH
        self._known = hashes_in(self._read(0, size)) if size % WIDTH else []
        self._entries: list[bytes] = []
        self._levels: list[list[bytes]] = [[]]
        for level, full, partial in list(tiles_of(size))[1:]:
            tile = read_tile(directory, level, full, partial) if partial else b""
            self._levels.append(hashes_in(tile))
        self.count = self.start
        self._changed: set[Path] = set()

    def _read(self, level: int, size: int) -> bytes:
        return read_tile(self.directory, level, size // WIDTH, size % WIDTH)

    def append(self, entry: bytes) -> None:
        """Add the next leaf, beginning with the one at `start`.

        Raises:
            LogError: not a commitment, or not the one that was published at its place.
        """
        if len(entry) != ENTRY_BYTES:
            raise LogError(f"leaf {self.count} of the registry does not have {ENTRY_BYTES} bytes")
        digest = leaf_hash(entry)
        place = self.count - self.start
        if place < len(self._known) and digest != self._known[place]:
            raise LogError(
                f"leaf {self.count} of the registry is not the one that was published",
                hint="the registry was restored or changed; see docs/log.md",
            )
        self._entries.append(entry)
        self.count += 1
        if len(self._entries) == WIDTH:
            self._write(ENTRIES, self.count // WIDTH - 1, bundle(self._entries), WIDTH)
            self._entries.clear()
        self._push(0, digest, self.count)

    def _push(self, level: int, digest: bytes, count: int) -> None:
        """Add a hash to a level; `count` is how many the level has then."""
        if level == len(self._levels):
            self._levels.append([])
        tile = self._levels[level]
        tile.append(digest)
        if len(tile) == WIDTH:
            self._write(level, count // WIDTH - 1, b"".join(tile), WIDTH)
            above = perfect_root(tile)
            tile.clear()
            self._push(level + 1, above, count // WIDTH)

    def write_partial(self, final: int | None = None) -> None:
        """Write the tiles that are not full, but for those that a log of `final` leaves has full.

        Raises:
            LogError: it cannot be written, or something else is there.
        """
        full_then = {level: full for level, full, _ in tiles_of(final or self.count)}
        for level, full, partial in tiles_of(self.count):
            if partial and full_then[level] <= full:
                self._write(level, full, b"".join(self._levels[level]), partial)
                if level == 0:
                    self._write(ENTRIES, full, bundle(self._entries), partial)

    def finish(self) -> None:
        """Write the tiles that are not full, and make everything durable.

        Raises:
            LogError: it cannot be written, or something else is there.
        """
        self.write_partial()
        for folder in sorted(self._changed):
            sync_directory(folder)

    def _write(self, level: int | str, index: int, data: bytes, width: int) -> None:
        path = self.directory / tile_name(level, index, width)
        there = read_bounded(path, MAX_FILE)
        if there is None:
            self._changed.update(make_directory(path.parent))
            write_aside_and_rename(path, data, aside=self.directory / TEMPORARY / "tile")
        elif there != data:
            raise LogError(
                f"{path} is there with other content, and is not overwritten", hint=_FSCK
            )
        self._changed.add(path.parent)  # also of a file that a crash left not durable


def drop_partial(directory: Path, old: int, new: int) -> None:
    """Remove partial tiles whose full one has been written since the log had `old` leaves.

    It is a matter of space: a failure changes nothing that anybody relies on.
    """
    was_filling = {level: full for level, full, _ in tiles_of(old)}
    for level, full, _ in tiles_of(new):
        # The last full one too: a crash may have kept the call before from doing this.
        for index in {was_filling.get(level, 0), full - 1} & set(range(full)):
            for kind in (level, ENTRIES) if level == 0 else (level,):
                shutil.rmtree(directory / f"{tile_name(kind, index)}.p", ignore_errors=True)


_FSCK: Final = "provenance log fsck says what is damaged"
