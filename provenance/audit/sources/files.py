"""Files and directories, patterns and lists of names.

Every file is a row, and so is everything else that has a name in a directory: a link, a FIFO, a
device, a directory that cannot be read. What begins like an archive is opened as one.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from provenance.audit.chunk import Chunk, Item
from provenance.audit.sources import archives
from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.kinds import kind_of
from provenance.errors import ConfigError, ErrorCode, InputError
from provenance.imaging import Limits, read_file

KIND: Final = "files"
STDIN: Final = "-"
_LOOK: Final = 1 << 16  # bytes of a list that say how it is separated

Found = tuple[str, InputError | None]


def scan(address: str, size: int, bounds: Bounds) -> Iterator[Chunk]:
    """The files of a directory, the one file, or the files that a pattern names.

    In a stable order; links below a directory, and links that only a pattern names, are not
    followed.

    Args:
        address: a directory, a file, or a pattern (`**` for any depth).
        size: how many files a chunk holds at most.
        bounds: for the archives among them.
    """
    if os.path.isdir(address):  # noqa: PTH112 - Path.is_dir raises for odd names
        yield from chunks(address, _walk(address), size, bounds)
    elif glob.has_magic(address) and not os.path.lexists(address):
        yield from chunks(address, _matching(address), size, bounds)
    elif kind := kind_of(address, bounds):
        yield from archives.scan(kind, address, size, bounds)
    else:
        yield Chunk(kind=KIND, address=address, names=(address,))


def scan_list(address: str, stdin: IO[bytes] | None, size: int, bounds: Bounds) -> Iterator[Chunk]:
    """The files that a list names, one a line, or each ended by a NUL.

    Args:
        address: `-` for standard input, or `@FILE`.
        stdin: standard input, where it may be read.
        size: how many files a chunk holds at most.
        bounds: for a name, and for the archives among the files.

    Raises:
        ConfigError: the list cannot be read.
    """
    if address == STDIN:
        if stdin is None:
            raise ConfigError("standard input is not read here", hint="name a list as @FILE")
        yield from chunks(address, _listed(stdin, bounds), size, bounds)
        return
    with _opened(address.removeprefix("@")) as file:
        yield from chunks(address, _listed(file, bounds), size, bounds)


def listed(path: str, size: int, bounds: Bounds) -> Iterator[Chunk]:
    """Chunks of whatever a list names, which is not looked at.

    Raises:
        ConfigError: the list cannot be read.
    """
    with _opened(path) as file:
        yield from chunks(path, _listed(file, bounds), size, None)


def _opened(path: str) -> IO[bytes]:
    try:
        return open(path, "rb")  # noqa: PTH123 - any name; closed by the caller
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a valid name"
        raise ConfigError(f"cannot read the list {path!r}: {reason}") from error


def chunks(
    address: str, found: Iterable[Found], size: int, bounds: Bounds | None
) -> Iterator[Chunk]:
    """Chunks of files; problems among them, and archives within bounds, have their own."""
    names: list[str] = []
    for path, problem in found:
        if problem is not None:
            yield Chunk.refused(KIND, path, problem)
        elif bounds is not None and (kind := _kind(path, bounds)):
            yield from archives.scan(kind, path, size, bounds)
        else:
            names.append(path)
        if len(names) == size:
            yield Chunk(kind=KIND, address=address, count=size, names=tuple(names))
            names = []
    if names:
        yield Chunk(kind=KIND, address=address, count=len(names), names=tuple(names))


def items(chunk: Chunk, start: int, limits: Limits) -> Iterator[Item]:
    """The files of a chunk from an index on."""
    follow = chunk.names == (chunk.address,)  # a link that somebody named is meant
    for name in chunk.names[start:]:
        try:
            yield Item(name=name, data=read_file(Path(name), limits, follow_links=follow))
        except InputError as error:
            yield Item(name=name, problem=error)


def _kind(path: str, bounds: Bounds) -> str:
    """Looks into regular files only: a link leads elsewhere, and a device may do anything."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return ""
    except (OSError, ValueError):
        return ""  # reading it will say why
    return kind_of(path, bounds)


# --- what there is ------------------------------------------------------------------------


def _walk(top: str) -> Iterator[Found]:
    """Every file below a directory, and every directory that cannot be read, with the reason."""
    unreadable: list[OSError] = []
    for folder, below, names in os.walk(top, onerror=unreadable.append):
        below.sort()
        links = [name for name in below if (Path(folder) / name).is_symlink()]
        for name in sorted([*names, *links]):
            yield str(Path(folder) / name), None
        while unreadable:
            yield _unreadable(unreadable.pop())
    for error in unreadable:
        yield _unreadable(error)


def _unreadable(error: OSError) -> Found:
    reason = f"cannot read directory: {error.strerror or error}"
    return os.fsdecode(error.filename), InputError(reason, code=ErrorCode.IO)


def _matching(pattern: str) -> Iterator[Found]:
    matches = sorted(glob.glob(pattern, recursive=True, include_hidden=True))  # noqa: PTH207
    if not matches:
        yield pattern, InputError("nothing has a name like this", code=ErrorCode.IO)
    below = ""
    for path in matches:
        if below and path.startswith(below):
            continue  # `**` names what a directory that it names holds as well
        if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
            below = os.path.join(path, "")  # noqa: PTH118 - ends with a separator
            yield from _walk(path)
        else:
            yield path, None


def _listed(file: IO[bytes], bounds: Bounds) -> Iterator[Found]:
    """Names in a list. Empty ones are none; before a line's end a carriage return is dropped."""
    head = file.read(_LOOK)
    separator = b"\0" if b"\0" in head else b"\n"
    rest, number = head, 0
    while rest:
        name, found, rest = rest.partition(separator)
        while not found and (more := file.read(_LOOK)):
            piece, found, rest = more.partition(separator)
            name += piece[: max(0, bounds.line + 1 - len(name))]
        number += 1
        if separator == b"\n":
            name = name.removesuffix(b"\r")
        if len(name) > bounds.line:
            message = f"name {number:,} of the list has more than {bounds.line:,} bytes"
            yield f"name {number}", InputError(message, code=ErrorCode.LIMIT)
        elif name:
            yield os.fsdecode(name), None
        if not rest:
            rest = file.read(_LOOK)
