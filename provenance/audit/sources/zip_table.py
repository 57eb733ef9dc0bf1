"""The table of contents of a zip archive: a strict reader, one entry after another.

Format: PKWARE APPNOTE.TXT 6.3, sections 4.3 and 4.5.3 (Zip64). The table is read in a stream, so
its size takes no memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.place import Place
from provenance.errors import ErrorCode, InputError

_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = struct.Struct("<4sLQL")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_BUFFER: Final = 1 << 18
_MAX_NAME: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
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
        raise damaged("something else follows its table of contents")
    end = place.size - len(tail) + at
    if 0xFFFF in (entries, here) or 0xFFFFFFFF in (length, start):
        found = _table64(place, end)
        if found is not None:
            disk, first, here, entries, length, start, end = found
    if disk or first or here != entries:
        raise InputError("a part of an archive of several volumes", code=ErrorCode.FORMAT)
    shift = end - length - start
    if shift < 0:
        raise damaged("its table of contents does not fit into it")
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
        raise damaged("its Zip64 record is not where it says")
    _, _, _, _, disk, first, here, entries, length, start = _END64.unpack(record)
    return disk, first, here, entries, length, start, at


def entries_of(place: Place, offset: int, bounds: Bounds) -> Iterator[Entry]:
    """The entries from a byte of the file on, or all.

    Raises:
        InputError: `E_TRUNC`, `E_CORRUPT`, `E_LIMIT` or `E_FORMAT`.
    """
    table = _table(place, bounds)
    at = max(offset, table.start)
    table_bytes = _Buffered(place, at, table.end)
    found = 0
    while table_bytes.position < table.end:
        at = table_bytes.position
        fixed = table_bytes.read(_ENTRY.size)
        if len(fixed) < _ENTRY.size or not fixed.startswith(b"PK\x01\x02"):
            raise damaged("its table of contents breaks off")
        yield _entry(_ENTRY.unpack(fixed), table_bytes, at, table)
        found += 1
    if not offset and found != table.entries:
        raise damaged(f"its table of contents has {found:,} entries, not {table.entries:,}")


def _entry(fixed: tuple[int, ...], contents: _Buffered, at: int, table: _Table) -> Entry:
    _, made, _, flags, method, _, _, checksum, packed, size, *rest = fixed
    name_length, extra_length, comment_length, _, _, attributes, header = rest
    name = contents.read(name_length)
    extra = contents.read(extra_length)
    comment = contents.read(comment_length)
    if len(name) + len(extra) + len(comment) < name_length + extra_length + comment_length:
        raise damaged("its table of contents breaks off")
    size, packed, header = _wide(extra, size, packed, header)
    return Entry(
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


def damaged(what: str) -> InputError:
    """An archive that contradicts itself."""
    return InputError(f"the archive is damaged: {what}", code=ErrorCode.CORRUPT)
