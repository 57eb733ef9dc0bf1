"""What all archives have in common: members in a row, counted by a scan and read by number.

Scan and reading walk over the same members with the same code, so they count alike. Where an
archive cannot be read on, the walk raises; the scan makes one row of that.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from provenance.audit.chunk import Chunk, Item
from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.inflate import MAGICS
from provenance.audit.sources.place import Place, open_place
from provenance.errors import ErrorCode, InputError
from provenance.imaging import Limits
from provenance.imaging.formats import sniff

#: Extensions of files that lie beside images in data sets. They get no row, unless they begin
#: like an image or an archive.
SIDE_FILES: Final = frozenset({
    ".caption", ".cbor", ".class", ".cls", ".count", ".csv", ".id", ".index", ".inx", ".jsn",
    ".json", ".jsonl", ".md", ".mp", ".msg", ".msgpack", ".npy", ".npz", ".pickle", ".pkl",
    ".pth", ".pyd", ".tb", ".ten", ".text", ".transcript", ".tsv", ".txt", ".url", ".xml",
    ".yaml", ".yml",
})  # fmt: skip
_HEAD: Final = 512
_ARCHIVES: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PAR1", b"WARC/", b"Rar!", b"7z\xbc\xaf")


def _nothing(limit: int) -> bytes:  # noqa: ARG001 - the interface of `Member.read`
    return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member, before its bytes are read.

    Attributes:
        name: as the archive has it; it is shown, and opens nothing.
        size: bytes, as the archive states them.
        offset: where a walk may begin with this member; 0 where only the start will do.
        read: gives the bytes, at most as many as asked for; raises `InputError`. Only until
            the walk goes on.
        problem: why it is not read.
        aside: True for a file beside the images, which gets no row.
    """

    name: str
    size: int = 0
    offset: int = 0
    read: Callable[[int], bytes] = _nothing
    problem: InputError | None = None
    aside: bool = False


class CutOffError(InputError):
    """The archive ends within the member that a walk gave last."""

    default_code = ErrorCode.TRUNCATED


Walk = Iterator[Member]


#: Begins a walk over an open archive, at a byte that a member stated or at 0.
Walker = Callable[[Place, int, Bounds], Walk]


def is_side_file(name: str, head: Callable[[], bytes]) -> bool:
    """True for what lies beside images, by its extension, unless its first bytes say otherwise."""
    if PurePosixPath(name).suffix.lower() not in SIDE_FILES:
        return False
    begin = head()
    return not is_image(begin) and not is_archive(begin)


def is_image(head: bytes) -> bool:
    """True if the bytes begin like an image of a kind that this library knows."""
    try:
        sniff(head)
    except InputError:
        return False
    return True


def is_archive(head: bytes) -> bool:
    """True if the bytes begin like an archive."""
    return head.startswith((*_ARCHIVES, *MAGICS.values())) or head[257:262] == b"ustar"


# --- counting -----------------------------------------------------------------------------


def scan(kind: str, address: str, size: int, walker: Walker, bounds: Bounds) -> Iterator[Chunk]:
    """The chunks of an archive, and one row for what cannot be read of it."""
    try:
        with open_place(address) as place:
            yield from _chunks(kind, address, size, place, walker, bounds)
    except InputError as error:
        yield Chunk.refused(kind, address, error)


def _chunks(
    kind: str, address: str, size: int, place: Place, walker: Walker, bounds: Bounds
) -> Iterator[Chunk]:
    chunk = Chunk(kind=kind, address=address, count=0, size=place.size)
    problem: InputError | None = None
    try:
        for member in _whole(walker(place, 0, bounds)):
            if member.aside:
                chunk = replace(chunk, aside=chunk.aside + 1)
                continue
            if chunk.first + chunk.count == bounds.members:
                raise _too_many(bounds)
            if chunk.count == size:
                yield chunk
                chunk = replace(chunk, first=chunk.first + size, count=0, aside=0)
            offset = chunk.offset if chunk.count else member.offset
            chunk = replace(chunk, count=chunk.count + 1, offset=offset)
    except InputError as error:
        problem = error
    if chunk.count or chunk.aside:
        yield chunk
    if problem is not None:
        raise problem


def _too_many(bounds: Bounds) -> InputError:
    return InputError(
        f"more than {bounds.members:,} members; the rest is not read", code=ErrorCode.LIMIT
    )


def _whole(walk: Walk) -> Walk:
    """The members without one that is cut off, which belongs to the end of the archive."""
    last: Member | None = None
    try:
        for member in walk:
            if last is not None:
                yield last
            last = member
    except CutOffError:
        raise
    except InputError:
        if last is not None:
            yield last
        raise
    if last is not None:
        yield last


# --- reading ------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """A walk that can go on: where it is, and what it walks over."""

    chunk: Chunk
    place: Place
    walk: Walk
    next: int


_kept: list[_Open] = []  # one at most


@atexit.register
def _close_kept() -> None:
    while _kept:
        _kept.pop().place.close()


def items(
    chunk: Chunk, start: int, limits: Limits, walker: Walker, bounds: Bounds, path: str = ""
) -> Iterator[Item]:
    """The members of a chunk from an index on; fewer where the archive breaks off.

    A compressed archive can only be read from its start. So the walk of the chunk before is kept,
    and goes on here: a worker reads an archive once, however many chunks it has.

    Args:
        chunk: of the archive.
        start: index in the chunk.
        limits: for each image.
        walker: of this kind of archive.
        bounds: of the archive.
        path: the archive, where the address says more than that.

    Raises:
        InputError: the archive cannot be read on.
    """
    wanted = chunk.first + start
    opened = _take(chunk, wanted) or _begin(chunk, path, walker, bounds)
    kept = False
    try:
        for member in opened.walk:
            if member.aside:
                continue
            opened.next += 1
            if opened.next <= wanted:
                continue
            item = _item(member, limits)
            if opened.next == chunk.first + chunk.count:
                kept = True
                _kept.append(opened)  # now: nobody asks this generator for its end
            yield item
            if kept:
                return
    finally:
        if not kept:
            opened.place.close()


def _take(chunk: Chunk, wanted: int) -> _Open | None:
    """The walk that was kept, if it is one over this archive, and not behind what is wanted.

    Where a chunk can begin by itself, that is nearer than a walk that would pass over others.
    """
    if not _kept:
        return None
    opened = _kept.pop()
    known = opened.chunk
    same = (known.kind, known.address, known.size) == (chunk.kind, chunk.address, chunk.size)
    nearest = chunk.first if chunk.offset else 0
    if same and nearest <= opened.next <= wanted:
        return opened
    opened.place.close()
    return None


def _begin(chunk: Chunk, path: str, walker: Walker, bounds: Bounds) -> _Open:
    place = open_place(path or chunk.address)
    if place.size != chunk.size:
        place.close()
        raise InputError("the archive has changed since it was listed", code=ErrorCode.IO)
    first = chunk.first if chunk.offset else 0
    return _Open(chunk, place, walker(place, chunk.offset, bounds), first)


def _item(member: Member, limits: Limits) -> Item:
    try:
        if member.problem is not None:
            raise member.problem
        limits.check_bytes(member.size)
        data = member.read(limits.max_bytes + 1)
        limits.check_bytes(len(data))
        if is_archive(data[:_HEAD]):
            raise InputError("an archive inside an archive, which is not opened")
    except InputError as error:
        return Item(name=member.name, problem=error)
    return Item(name=member.name, data=data)
