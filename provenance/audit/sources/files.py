"""Files and directories."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from provenance.audit.chunk import Chunk, Item
from provenance.errors import InputError
from provenance.imaging import Limits, read_file

KIND: Final = "files"


def scan(address: str, size: int) -> Iterator[Chunk]:
    """The files of a directory, or the one file, in a stable order; links are not followed.

    Args:
        address: a directory or a file.
        size: how many files a chunk holds at most.
    """
    if not os.path.isdir(address):  # noqa: PTH112 - Path.is_dir raises for odd names
        yield Chunk(kind=KIND, address=address, names=(address,))
        return
    walk = _walk(address)
    while batch := list(islice(walk, size)):
        names = tuple(path for path, problem in batch if not problem)
        if names:
            yield Chunk(kind=KIND, address=address, count=len(names), names=names)
        for path, problem in batch:
            if problem:
                yield Chunk(kind=KIND, address=path, names=(path,), problem=problem)


def _walk(top: str) -> Iterator[tuple[str, str]]:
    """Every file below a directory, and every directory that cannot be read, with the reason."""
    unreadable: list[OSError] = []
    for folder, below, names in os.walk(top, onerror=unreadable.append):
        below.sort()
        links = [name for name in below if (Path(folder) / name).is_symlink()]
        for name in sorted([*names, *links]):
            yield str(Path(folder) / name), ""
        while unreadable:
            yield _unreadable(unreadable.pop())
    for error in unreadable:
        yield _unreadable(error)


def _unreadable(error: OSError) -> tuple[str, str]:
    return os.fsdecode(error.filename), f"cannot read directory: {error.strerror or error}"


def items(chunk: Chunk, start: int, limits: Limits) -> Iterator[Item]:
    """The files of a chunk from an index on."""
    follow = chunk.names == (chunk.address,)  # a link that somebody named is meant
    for name in chunk.names[start:]:
        try:
            yield Item(name=name, data=read_file(Path(name), limits, follow_links=follow))
        except InputError as error:
            yield Item(name=name, problem=error)
