"""Zip archives: members read by position, within the size that they state.

Members that overlap are how a few megabytes become petabytes: such an archive is refused as a
whole. `zip_table` reads the table of contents.
"""

from __future__ import annotations

import bz2
import lzma
import stat
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from provenance.audit.chunk import Chunk
from provenance.audit.sources import members
from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.members import Member, Walk, is_side_file
from provenance.audit.sources.place import Place, open_place
from provenance.audit.sources.zip_table import Entry, damaged, entries_of
from provenance.errors import ErrorCode, InputError

KIND: Final = "zip"
MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06")

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
_BLOCK: Final = 1_000_000  # a whole one of bzip2
_ENCRYPTED: Final = 1 << 0 | 1 << 6 | 1 << 13
_KINDS: Final = {
    stat.S_IFLNK: "a symbolic link, which is not followed",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
}


def scan(address: str, size: int, bounds: Bounds) -> Iterator[Chunk]:
    """The chunks of an archive, or one row for one whose entries overlap."""
    try:
        with open_place(address) as place:
            _check_overlaps(place, bounds)
    except InputError as error:
        if error.code is ErrorCode.LIMIT:
            yield Chunk.refused(KIND, address, error)
            return
    yield from members.scan(KIND, address, size, walk, bounds)


def walk(place: Place, offset: int, bounds: Bounds) -> Walk:
    """The members of an archive, from an entry of its table on.

    Raises:
        InputError: `E_TRUNC`, `E_CORRUPT` or `E_LIMIT`: it cannot be read on.
    """
    total = 0
    for entry in entries_of(place, offset, bounds):
        total += entry.size
        if total > bounds.total:
            raise InputError(
                f"the archive holds more than {bounds.total:,} bytes", code=ErrorCode.LIMIT
            )
        if entry.size or not entry.name.endswith("/"):
            yield _member(place, entry, bounds)


def _check_overlaps(place: Place, bounds: Bounds) -> None:
    """Refuse an archive in which two members share bytes.

    Raises:
        InputError: `E_LIMIT` for that; others where the table cannot be read to its end.
    """
    starts, ends = array("Q"), array("Q")
    last, ordered = 0, True
    try:
        for entry in entries_of(place, 0, bounds):
            end = entry.header + _LOCAL.size + entry.packed
            ordered = ordered and entry.header >= last
            last = end
            starts.append(min(entry.header, 1 << 62))
            ends.append(min(end, 1 << 62))
            if len(starts) == bounds.members:
                break
    finally:
        if not ordered:
            begin = np.frombuffer(starts, np.uint64)
            order = np.argsort(begin, kind="stable")
            if (begin[order][1:] < np.frombuffer(ends, np.uint64)[order][:-1]).any():
                raise InputError("members of the archive overlap: a bomb", code=ErrorCode.LIMIT)


# --- members ------------------------------------------------------------------------------


def _member(place: Place, entry: Entry, bounds: Bounds) -> Member:
    problem = _problem(entry, bounds)

    def read(limit: int) -> bytes:
        return _read(place, entry, limit)

    return Member(
        name=entry.name,
        size=entry.size,
        offset=entry.place,
        read=read,
        problem=problem,
        aside=problem is None and _is_side_file(place, entry),
    )


def _is_side_file(place: Place, entry: Entry) -> bool:
    """What cannot be looked into counts as an image."""
    try:
        return is_side_file(entry.name, lambda: _head(place, entry))
    except InputError:
        return False


def _problem(entry: Entry, bounds: Bounds) -> InputError | None:
    if special := _KINDS.get(stat.S_IFMT(entry.mode)):
        return InputError(f"not a regular file: {special}", code=ErrorCode.IO)
    if entry.flags & _ENCRYPTED:
        return InputError("the member is encrypted", code=ErrorCode.IO)
    if entry.method not in (_STORED, _DEFLATED, _BZIP2, _LZMA):
        return InputError(f"compression method {entry.method} is not read")
    if entry.size > bounds.free and entry.size > bounds.expansion * entry.packed:
        return InputError(f"{entry.packed:,} bytes expand to {entry.size:,}", code=ErrorCode.LIMIT)
    return None


def _packed(place: Place, entry: Entry, count: int) -> bytes:
    place.seek(entry.header)
    local = place.read(_LOCAL.size)
    if len(local) < _LOCAL.size or not local.startswith(b"PK\x03\x04"):
        raise damaged("this member is not where its table of contents says")
    *_, name_length, extra_length = _LOCAL.unpack(local)
    place.seek(entry.header + _LOCAL.size + name_length + extra_length)
    return place.read(count)


def _head(place: Place, entry: Entry) -> bytes:
    """The first bytes of a member.

    Raises:
        InputError: they cannot be seen.
    """
    packed = _packed(place, entry, min(entry.packed, _BLOCK))
    head = _unpack(entry.method, packed, 512)
    if entry.size and not head:
        raise damaged("this member holds nothing")
    return head


def _read(place: Place, entry: Entry, limit: int) -> bytes:
    """The bytes of a member; its size has been checked, that of what it is made of has not."""
    if entry.packed > limit + 65_536:
        raise InputError(
            f"{entry.packed:,} compressed bytes for {entry.size:,}", code=ErrorCode.LIMIT
        )
    packed = _packed(place, entry, entry.packed)
    if len(packed) < entry.packed:
        raise InputError("the archive is cut off in this member", code=ErrorCode.TRUNCATED)
    data = _unpack(entry.method, packed, min(entry.size + 1, limit))
    if len(data) != min(entry.size, limit):
        raise InputError("the member does not have the size that it states", code=ErrorCode.CORRUPT)
    if len(data) == entry.size and zlib.crc32(data) != entry.checksum:
        raise InputError("the checksum of the member is wrong", code=ErrorCode.CORRUPT)
    return data


def _unpack(method: int, packed: bytes, most: int) -> bytes:
    if method == _STORED:
        return packed[:most]
    decoder: Callable[[bytes, int], bytes]
    try:
        if method == _DEFLATED:
            decoder = zlib.decompressobj(-15).decompress
        elif method == _BZIP2:
            decoder = bz2.BZ2Decompressor().decompress
        else:
            decoder, packed = _lzma(packed)
        return decoder(packed, most)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise InputError(
            "the compressed data of the member is damaged", code=ErrorCode.CORRUPT
        ) from error


def _lzma(packed: bytes) -> tuple[Callable[[bytes, int], bytes], bytes]:
    """APPNOTE 5.8.8: two bytes of version, the size of the properties, and the properties."""
    _, length = struct.unpack("<2H", packed[:4].ljust(4, b"\x00"))
    if length != 5 or len(packed) < 9 or packed[4] >= 225:
        raise damaged("the LZMA properties of this member are not valid")
    rest, lc = divmod(packed[4], 9)
    pb, lp = divmod(rest, 5)
    dictionary = min(int.from_bytes(packed[5:9], "little"), 64 << 20)
    filters = [
        {"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb, "dict_size": max(4096, dictionary)}
    ]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress, packed[9:]
