"""The search index: hashes of a registry and their sorted lists, in one file.

    header      2048 bytes, see `index_header`
    two parts   of issued files, then of their parents; an empty one is left out:
        starts  uint32 (16, 65537), see `bands`
        lists   uint32 (16, n)
        hashes  n x 32 bytes
        ids     int64 (n,), those of the registry, ascending
        zeros   up to a multiple of 64 bytes

Numbers are little endian. It is derived data: whoever loses it builds it again. It finds
candidates and proves nothing; they are confirmed in the registry.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

import numpy as np
import numpy.typing as npt

from provenance.errors import SearchIndexError
from provenance.fingerprint import bands
from provenance.fingerprint.bands import BANDS, MAX_HASHES, STARTS, WORD, WORDS, Bands
from provenance.fingerprint.index_header import HEADER_BYTES, REBUILD, Header
from provenance.model.generation import PDQ_BYTES, Fingerprint

_ALIGNMENT: Final = 64
_CHUNK: Final = 1 << 20
_NUMBER: Final = np.dtype("<u4")
_ID: Final = np.dtype("<i8")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Hashes:
    """Those of issued files, or of parents, as they are taken into an index.

    `words` uint64 (n, 4), `ids` int64 (n,) ascending; `left_out` counts those with too little
    structure, which are not among them.
    """

    words: npt.NDArray[np.uint64]
    ids: npt.NDArray[np.int64]
    left_out: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Contents:
    """What goes into an index; see `Header` for the first three. At most 32 witnesses."""

    identity: bytes
    horizon: int
    witnesses: Mapping[int, bytes]
    own: Hashes
    parents: Hashes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class IndexPart:
    """What can be searched: the hashes and, under the same numbers, their ids in the registry."""

    bands: Bands
    ids: npt.NDArray[np.int64]
    left_out: int

    def near(self, questions: Sequence[Fingerprint], within: int) -> list[int]:
        """The ids of all hashes within a distance of one of the questions, ascending.

        Raises:
            SearchIndexError: the lists name hashes that are not there.
        """
        try:
            found: list[int] = self.ids[self.bands.near(questions, within).number].tolist()
        except IndexError as error:  # its digest is right, so somebody made it so
            raise SearchIndexError("the index contradicts itself", hint=REBUILD) from error
        return found


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FingerprintIndex:
    """An opened index; `size` in bytes. `header.horizon` is the last id that is in it."""

    header: Header
    size: int
    own: IndexPart
    parents: IndexPart

    @classmethod
    def open(cls, path: Path) -> Self:
        """Map an index and check it whole: header, size, digest of the content.

        That reads the file once. Whether it belongs to a registry is for the caller to ask.

        Raises:
            SearchIndexError: missing, unreadable, writable by others, of another version, damaged.
        """
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            # open() would refuse the descriptor of a directory and leave it open.
            descriptor = os.open(path, flags)
            try:
                return cls._read(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            reason = error.strerror or error
            raise SearchIndexError(f"cannot read the index: {reason}", hint=REBUILD) from error

    @classmethod
    def _read(cls, descriptor: int) -> Self:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise SearchIndexError(
                "the index is not a regular file that only its owner can write",
                hint=f"remove it; {REBUILD}",
            )
        header = Header.parse(os.read(descriptor, HEADER_BYTES))
        size = HEADER_BYTES + sum(map(_part_bytes, header.hashes))
        if (
            max(header.hashes) > MAX_HASHES
            or status.st_size != size
            or _digest_of_rest(descriptor) != header.content
        ):
            raise SearchIndexError("the index is damaged", hint=REBUILD)
        mapped = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
        second = HEADER_BYTES + _part_bytes(header.hashes[0])
        own = _part(mapped, HEADER_BYTES, header.hashes[0], header.left_out[0])
        parents = _part(mapped, second, header.hashes[1], header.left_out[1])
        if not (_is_sound(own, header.horizon) and _is_sound(parents, header.horizon)):
            raise SearchIndexError("the index contradicts itself", hint=REBUILD)
        return cls(header=header, size=size, own=own, parents=parents)


def save_index(path: Path, read: Callable[[], Contents]) -> int:
    """Write an index aside, sync it and put it in place of the one before, mode 0600.

    Args:
        path: the file; whoever has the one before mapped keeps it.
        read: gives what goes in. The file beside it is there before anything is read: whoever
            erases a record meanwhile removes it, and what was read does not come into place.

    Returns:
        Its size in bytes.

    Raises:
        SearchIndexError: it cannot be written, or there are too many hashes.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.incomplete")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        try:
            with open(os.open(aside, flags, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
                size = _write(file, read())
                file.flush()
                os.fsync(file.fileno())
            _put(aside, path)
        finally:
            with contextlib.suppress(OSError):
                aside.unlink()
        _sync_directory(path.parent)
    except OSError as error:
        raise SearchIndexError(f"cannot write the index: {error.strerror or error}") from error
    return size


def _put(aside: Path, path: Path) -> None:
    try:
        aside.replace(path)
    except FileNotFoundError as error:
        raise SearchIndexError(
            "the index was removed while it was built", hint="a record was erased; build it again"
        ) from error


def _write(file: BinaryIO, contents: Contents) -> int:
    """The whole file; the header last, because it holds the digest of the rest."""
    parts = (contents.own, contents.parents)
    if max(len(part.ids) for part in parts) > MAX_HASHES:
        raise SearchIndexError(f"an index holds at most {MAX_HASHES:,} fingerprints of a kind")
    file.write(bytes(HEADER_BYTES))
    digest = hashlib.sha256()
    for part in parts:
        for section in _sections(part):
            data = section.reshape(-1).view(np.uint8).data
            digest.update(data)
            file.write(data)
    size = file.tell()
    header = Header(
        identity=contents.identity,
        horizon=contents.horizon,
        witnesses=contents.witnesses,
        hashes=(len(contents.own.ids), len(contents.parents.ids)),
        left_out=(contents.own.left_out, contents.parents.left_out),
        content=digest.digest(),
    )
    file.seek(0)
    file.write(header.pack())
    return size


def _sections(part: Hashes) -> Iterator[npt.NDArray[Any]]:
    """In the order of the file; the lists one band at a time, so that never all are in memory."""
    if len(part.ids):
        yield bands.starts_of(part.words).astype(_NUMBER, copy=False)
        for numbers in bands.sorted_lists(part.words):
            yield numbers.astype(_NUMBER, copy=False)
        yield np.ascontiguousarray(part.words)
        yield np.ascontiguousarray(part.ids, dtype=_ID)
        yield np.zeros(_filling(len(part.ids)), np.uint8)


def _filling(count: int) -> int:
    return -count * (PDQ_BYTES + _ID.itemsize) % _ALIGNMENT


def _part_bytes(count: int) -> int:
    if not count:
        return 0
    numbers = BANDS * (STARTS + count) * _NUMBER.itemsize
    return numbers + count * (PDQ_BYTES + _ID.itemsize) + _filling(count)


def _digest_of_rest(descriptor: int) -> bytes:
    """Of everything from here on. Read, not mapped: what no search touches is not kept mapped."""
    digest = hashlib.sha256()
    while chunk := os.read(descriptor, _CHUNK):
        digest.update(chunk)
    return digest.digest()


def _part(mapped: mmap.mmap, at: int, count: int, left_out: int) -> IndexPart:
    """The arrays of a part that begins here; nothing is copied."""
    if not count:
        nothing = Bands(
            np.zeros((0, WORDS), WORD),
            np.zeros((BANDS, STARTS), _NUMBER),
            np.zeros((BANDS, 0), _NUMBER),
        )
        return IndexPart(bands=nothing, ids=np.zeros(0, _ID), left_out=left_out)
    starts = np.frombuffer(mapped, _NUMBER, BANDS * STARTS, at).reshape(BANDS, STARTS)
    at += starts.nbytes
    lists = np.frombuffer(mapped, _NUMBER, BANDS * count, at).reshape(BANDS, count)
    at += lists.nbytes
    words = np.frombuffer(mapped, WORD, WORDS * count, at).reshape(count, WORDS)
    ids = np.frombuffer(mapped, _ID, count, at + words.nbytes)
    return IndexPart(bands=Bands(words, starts, lists), ids=ids, left_out=left_out)


def _is_sound(part: IndexPart, horizon: int) -> bool:
    """False where following the numbers would lead out of the lists, digest or not."""
    count, starts = len(part.ids), part.bands.starts
    if not count:
        return True
    return bool(
        (starts[:, 0] == 0).all()
        and (starts[:, -1] == count).all()
        and (starts[:, 1:] >= starts[:, :-1]).all()
        and part.ids[0] > 0
        and part.ids[-1] <= horizon
    )


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
