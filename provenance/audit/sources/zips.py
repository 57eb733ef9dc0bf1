"""Zip archives: a strict reader of the table of contents, one entry after another.

Format: PKWARE APPNOTE.TXT 6.3, sections 4.3 and 4.5.3 (Zip64). The table is read in a stream, so
its size takes no memory. Entries that overlap are how a few megabytes become petabytes: such an
archive is refused as a whole. Members are read by position, within the size that they state.
"""

from __future__ import annotations

import bz2
import lzma
import stat
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from provenance.audit.chunk import Chunk
from provenance.audit.sources import members
from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.members import Member, Walk, is_side_file
from provenance.audit.sources.place import Place, open_place
from provenance.errors import ErrorCode, InputError

KIND: Final = "zip"
MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06")

_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_BUFFER: Final = 1 << 18
_MAX_NAME: Final = 4_096
_STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
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
    for entry in _entries(place, offset, bounds):
        total += entry.size
        if total > bounds.total:
            raise InputError(
                f"the archive holds more than {bounds.total:,} bytes", code=ErrorCode.LIMIT
            )
        if not entry.name.endswith("/"):
            yield _member(place, entry, bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What the table says about a member. `place` is where in the table it says so."""

    place: int
    name: str
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    mode: int
    header: int


# --- the table of contents ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    start: int
    end: int
    entries: int
    shift: int  # of everything, where something was put in front of the archive


def _table(place: Place, bounds: Bounds) -> _Table:
    place.seek(max(0, place.size - 65_557))
    tail = place.read(65_557)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise InputError(
            "the archive has no table of contents; it is cut off", code=ErrorCode.TRUNCATED
        )
    _, disk, first, here, entries, length, start, comment = _END.unpack_from(tail, at)
    if at + _END.size + comment != len(tail):
        raise _damaged("something else follows its table of contents")
    end = place.size - len(tail) + at
    if 0xFFFF in (entries, here) or 0xFFFFFFFF in (length, start):
        found = _table64(place, end)
        if found is not None:
            disk, first, here, entries, length, start, end = found
    if disk or first or here != entries:
        raise InputError("a part of an archive of several volumes", code=ErrorCode.FORMAT)
    shift = end - length - start
    if shift < 0:
        raise _damaged("its table of contents does not fit into it")
    if length > bounds.contents:
        raise InputError(
            f"a table of contents of {length:,} bytes; the limit is {bounds.contents:,}",
            code=ErrorCode.LIMIT,
        )
    return _Table(start=start + shift, end=end, entries=entries, shift=shift)


def _table64(place: Place, end: int) -> tuple[int, ...] | None:
    """The numbers of the Zip64 end record, and where it begins."""
    place.seek(max(0, end - _LOCATOR.size))
    locator = place.read(_LOCATOR.size)
    if not locator.startswith(b"PK\x06\x07") or len(locator) < _LOCATOR.size:
        return None
    at = end - _LOCATOR.size - _END64.size  # without extensions, which nobody writes
    place.seek(max(0, at))
    record = place.read(_END64.size)
    if not record.startswith(b"PK\x06\x06") or len(record) < _END64.size:
        raise _damaged("its Zip64 record is not where it says")
    _, _, _, _, disk, first, here, entries, length, start = _END64.unpack(record)
    return disk, first, here, entries, length, start, at


def _entries(place: Place, offset: int, bounds: Bounds) -> Iterator[_Entry]:
    table = _table(place, bounds)
    at = max(offset, table.start)
    table_bytes = _Buffered(place, at, table.end)
    found = 0
    while table_bytes.position < table.end:
        at = table_bytes.position
        fixed = table_bytes.read(_ENTRY.size)
        if len(fixed) < _ENTRY.size or not fixed.startswith(b"PK\x01\x02"):
            raise _damaged("its table of contents breaks off")
        yield _entry(_ENTRY.unpack(fixed), table_bytes, at, table)
        found += 1
    if not offset and found != table.entries:
        raise _damaged(f"its table of contents has {found:,} entries, not {table.entries:,}")


def _entry(fixed: tuple[int, ...], contents: _Buffered, at: int, table: _Table) -> _Entry:
    _, made, _, flags, method, _, _, checksum, packed, size, *rest = fixed
    name_length, extra_length, comment_length, _, _, attributes, header = rest
    name = contents.read(name_length)
    extra = contents.read(extra_length)
    comment = contents.read(comment_length)
    if len(name) + len(extra) + len(comment) < name_length + extra_length + comment_length:
        raise _damaged("its table of contents breaks off")
    size, packed, header = _wide(extra, size, packed, header)
    return _Entry(
        place=at,
        name=name[-_MAX_NAME:].decode("utf-8" if flags & 0x800 else "cp437", "surrogateescape"),
        flags=flags,
        method=method,
        checksum=checksum,
        packed=packed,
        size=size,
        mode=attributes >> 16 if made >> 8 == 3 else 0,  # made on Unix
        header=header + table.shift,
    )


def _wide(extra: bytes, size: int, packed: int, header: int) -> tuple[int, int, int]:
    """Replace numbers that do not fit into 32 bits by those of the Zip64 field."""
    values = [size, packed, header]
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            for index, value in enumerate(values):
                if value == 0xFFFFFFFF and len(field) >= 8:
                    values[index] = int.from_bytes(field[:8], "little")
                    field = field[8:]
        at += 4 + length
    return values[0], values[1], values[2]


def _check_overlaps(place: Place, bounds: Bounds) -> None:
    """Refuse an archive in which two members share bytes.

    Raises:
        InputError: `E_LIMIT` for that; others where the table cannot be read to its end.
    """
    starts, ends = array("Q"), array("Q")
    last, ordered = 0, True
    try:
        for entry in _entries(place, 0, bounds):
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


class _Buffered:
    """A part of a file, read in large pieces; others may read elsewhere in between."""

    def __init__(self, place: Place, start: int, end: int) -> None:
        self._place, self._next, self._end = place, start, end
        self._buffer, self._at = b"", 0

    @property
    def position(self) -> int:
        return self._next - len(self._buffer) + self._at

    def read(self, count: int) -> bytes:
        if self._at + count > len(self._buffer):
            self._place.seek(self._next)
            wanted = min(max(count, _BUFFER), self._end - self._next)
            more = self._place.read(wanted)
            self._next += len(more)
            self._buffer, self._at = self._buffer[self._at :] + more, 0
        found = self._buffer[self._at : self._at + count]
        self._at += len(found)
        return found


# --- members ------------------------------------------------------------------------------


def _member(place: Place, entry: _Entry, bounds: Bounds) -> Member:
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


def _is_side_file(place: Place, entry: _Entry) -> bool:
    """What cannot be looked into counts as an image."""
    try:
        return is_side_file(entry.name, lambda: _head(place, entry))
    except InputError:
        return False


def _problem(entry: _Entry, bounds: Bounds) -> InputError | None:
    if special := _KINDS.get(stat.S_IFMT(entry.mode)):
        return InputError(f"not a regular file: {special}", code=ErrorCode.IO)
    if entry.flags & _ENCRYPTED:
        return InputError("the member is encrypted", code=ErrorCode.IO)
    if entry.method not in (_STORED, _DEFLATED, _BZIP2, _LZMA):
        return InputError(f"compression method {entry.method} is not read")
    if entry.size > bounds.free and entry.size > bounds.expansion * entry.packed:
        return InputError(f"{entry.packed:,} bytes expand to {entry.size:,}", code=ErrorCode.LIMIT)
    return None


def _packed(place: Place, entry: _Entry, count: int) -> bytes:
    place.seek(entry.header)
    local = place.read(_LOCAL.size)
    if len(local) < _LOCAL.size or not local.startswith(b"PK\x03\x04"):
        raise _damaged("this member is not where its table of contents says")
    *_, name_length, extra_length = _LOCAL.unpack(local)
    place.seek(entry.header + _LOCAL.size + name_length + extra_length)
    return place.read(count)


def _head(place: Place, entry: _Entry) -> bytes:
    return _unpack(entry.method, _packed(place, entry, min(entry.packed, 4_096)), 64)


def _read(place: Place, entry: _Entry, limit: int) -> bytes:
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
        raise _damaged("the LZMA properties of this member are not valid")
    rest, lc = divmod(packed[4], 9)
    pb, lp = divmod(rest, 5)
    dictionary = min(int.from_bytes(packed[5:9], "little"), 64 << 20)
    filters = [
        {"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb, "dict_size": max(4096, dictionary)}
    ]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress, packed[9:]


def _damaged(what: str) -> InputError:
    return InputError(f"the archive is damaged: {what}", code=ErrorCode.CORRUPT)
