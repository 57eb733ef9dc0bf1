"""Tar archives, plain or compressed: a strict reader of headers, one after another.

Formats: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Interchange Format"; GNU tar's
long names. Nothing is extracted, no name is used, and no header says how much memory is taken.
WebDataset shards are such archives.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.inflate import Inflated, compression_of
from provenance.audit.sources.members import CutOffError, Member, Walk, is_side_file
from provenance.audit.sources.place import Place
from provenance.errors import ErrorCode, InputError

KIND: Final = "tar"

_BLOCK: Final = 512
_ZEROS: Final = bytes(_BLOCK)
_END: Final = 128  # blocks behind the end mark that are looked at
_FILE, _DIRECTORY, _LABEL = b"0\x007", b"5", b"V"
_OTHERS: Final = {
    b"1": "a hard link, which is not followed",
    b"2": "a symbolic link, which is not followed",
    b"3": "a character device",
    b"4": "a block device",
    b"6": "a FIFO",
    b"M": "a part of a file that began in another volume",
    b"D": "a list of file names",
}
_WITHOUT_DATA: Final = b"123456V"
_OCTAL: Final = re.compile(rb"[0-7]*")
_RECORD: Final = re.compile(rb"([1-9][0-9]{0,9}) ([^=\n]+)=")


#: What plain and compressed archives are read through.
Stream = Place | Inflated


def is_tar(head: bytes) -> bool:
    """True if a block is a header: its checksum fits."""
    return len(head) >= _BLOCK and head[:_BLOCK] != _ZEROS and _sum_fits(head[:_BLOCK])


def walk(place: Place, offset: int, bounds: Bounds) -> Walk:
    """The members of an archive, from a header on.

    Raises:
        InputError: `E_TRUNC`, `E_CORRUPT` or `E_LIMIT`: it cannot be read on.
    """
    if compression := compression_of(place.peek(8) if not offset else b""):
        yield from _members(Inflated(place, compression, bounds), bounds, seekable=False)
        return
    place.seek(offset)
    yield from _members(place, bounds, seekable=True)


@dataclass(slots=True)
class _Extended:
    """What the headers before a header say about it."""

    name: bytes = b""
    size: int | None = None
    sparse: bool = False
    start: int = -1
    records: int = field(default=0)


def _members(stream: Stream, bounds: Bounds, *, seekable: bool) -> Walk:
    before = _Extended()
    while True:
        here = stream.position
        head = stream.read(_BLOCK)
        if not head:
            raise InputError(
                "the archive ends without an end mark; it may be cut off",
                code=ErrorCode.TRUNCATED,
            )
        if len(head) < _BLOCK:
            raise _cut_off()
        if head == _ZEROS:
            _check_end(stream)
            return
        if not _sum_fits(head):
            raise _damaged(here)
        size, kind = _number(head[124:136], here), head[156:157]
        if kind in b"xgLKX":
            before.start = here if before.start < 0 else before.start
            _extend(before, kind, _extension(stream, size, bounds, here), here)
            continue
        extended, before = before, _Extended()
        member = _member(stream, head, size, extended, here, seekable=seekable)
        name, data = member.name, member.size
        if kind == b"S":
            _skip_sparse_map(stream, head)
        end = stream.position + _padded(data)
        if kind not in _DIRECTORY + _LABEL and (data or not name.endswith("/")):
            yield member
        _pass(stream, end)


def _member(
    stream: Stream, head: bytes, size: int, extended: _Extended, here: int, *, seekable: bool
) -> Member:
    kind = head[156:157]
    raw = extended.name or _name(head)
    name = raw.decode("utf-8", "surrogateescape")
    size = size if extended.size is None else extended.size
    start = here if extended.start < 0 else extended.start
    offset = start if seekable else 0
    if kind in _WITHOUT_DATA:
        size = 0
    problem = _OTHERS.get(kind)
    if kind == b"S" or extended.sparse:
        problem = "a sparse file"
    elif problem is None and kind not in _FILE + _DIRECTORY + _LABEL:
        problem = "a member of an unknown kind"
    if problem is not None:
        error = InputError(f"not a regular file: {problem}", code=ErrorCode.IO)
        return Member(name=name, size=size, offset=offset, problem=error)
    aside = is_side_file(name, lambda: stream.peek(min(size, _BLOCK)))
    return Member(name=name, size=size, offset=offset, read=_reader(stream, size), aside=aside)


def _pass(stream: Stream, end: int) -> None:
    """Pass over what is left of a member; what cannot be read of it is its own fault."""
    try:
        if stream.skip(end - stream.position):
            return
    except InputError as error:
        raise CutOffError(error.message, code=error.code) from error
    raise CutOffError("the archive is cut off")


def _reader(stream: Stream, size: int) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        data = stream.read(min(size, limit))
        if len(data) < min(size, limit):
            raise _cut_off()
        return data

    return read


# --- headers ------------------------------------------------------------------------------


def _sum_fits(head: bytes) -> bool:
    digits = head[148:156].strip(b" \x00")
    if not digits or not _OCTAL.fullmatch(digits):
        return False
    stated = int(digits, 8)
    rest = head[:148] + b" " * 8 + head[156:]
    signed = sum(rest) - 256 * sum(byte > 127 for byte in rest)  # some old writers
    return stated in (sum(rest), signed)


def _number(text: bytes, here: int) -> int:
    """Octal digits, or GNU's big-endian number behind a set first bit."""
    if text[0] == 0x80:
        return int.from_bytes(text[1:])
    digits = text.strip(b" \x00")
    if not _OCTAL.fullmatch(digits):
        raise _damaged(here)
    return int(digits or b"0", 8)


def _name(head: bytes) -> bytes:
    name = head[:100].partition(b"\x00")[0]
    prefix = head[345:500].partition(b"\x00")[0] if head[257:263] == b"ustar\x00" else b""
    return prefix + b"/" + name if prefix else name


def _extension(stream: Stream, size: int, bounds: Bounds, here: int) -> bytes:
    if size > bounds.headers:
        raise InputError(
            f"a header of {size:,} bytes at byte {here:,}; the limit is {bounds.headers:,}",
            code=ErrorCode.LIMIT,
        )
    data = stream.read(_padded(size))
    if len(data) < _padded(size):
        raise _cut_off()
    return data[:size]


def _extend(found: _Extended, kind: bytes, data: bytes, here: int) -> None:
    found.records += 1
    if found.records > 8:
        raise _damaged(here)
    if kind == b"L":
        found.name = data.partition(b"\x00")[0]
    if kind not in b"xX":
        return  # long link names, and headers for all members, which say nothing that is used
    position = 0
    while position < len(data):
        match = _RECORD.match(data, position)
        end = position + int(match[1]) if match else 0
        if match is None or not match.end() < end <= len(data) or data[end - 1] != 0x0A:
            raise _damaged(here)
        key, value = match[2], data[match.end() : end - 1]
        if key == b"path":
            found.name = value
        elif key == b"size":
            if not value.isdigit() or len(value) > 19:
                raise _damaged(here)
            found.size = int(value)
        elif key.startswith(b"GNU.sparse."):
            found.sparse = True
        position = end


def _skip_sparse_map(stream: Stream, head: bytes) -> None:
    more = head[482]
    while more:
        block = stream.read(_BLOCK)
        if len(block) < _BLOCK:
            raise _cut_off()
        more = block[504]


def _check_end(stream: Stream) -> None:
    """Behind the end mark are zeros, or something that no reader of tar would show."""
    for _ in range(_END):
        block = stream.read(_BLOCK)
        if not block:
            return
        if block.strip(b"\x00"):
            raise InputError(
                "there is something behind the end of the archive, which is not read",
                code=ErrorCode.CORRUPT,
            )


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _cut_off() -> InputError:
    return InputError("the archive is cut off", code=ErrorCode.TRUNCATED)


def _damaged(here: int) -> InputError:
    return InputError(
        f"the archive is damaged at byte {here:,}; what follows is not read",
        code=ErrorCode.CORRUPT,
    )
