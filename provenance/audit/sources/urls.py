"""Lists of URLs: `urls:FILE`, a URL a line, or `urls:TABLE::COLUMN`; only where it is allowed."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from provenance.audit.chunk import Chunk, Item
from provenance.audit.sources import files, tables
from provenance.audit.sources.bounds import DEFAULT_BOUNDS, Bounds
from provenance.audit.sources.kinds import kind_of
from provenance.audit.sources.place import is_remote, open_place
from provenance.errors import ConfigError, ErrorCode, InputError
from provenance.imaging import Limits
from provenance.keys import Network

KIND: Final = "urls"
PREFIX: Final = f"{KIND}:"
_COLUMN: Final = "url"
_MAX_URL: Final = 4_096


def scan(address: str, size: int, bounds: Bounds, *, allow_network: bool) -> Iterator[Chunk]:
    """The URLs of a list, in its order; nothing is fetched yet.

    Raises:
        ConfigError: the network is not allowed, or the list cannot be read.
    """
    if not allow_network:
        raise ConfigError("a list of URLs needs the network", hint="allow it with --allow-network")
    path = address.removeprefix(PREFIX)
    if is_remote(path):
        raise ConfigError("a list of URLs is a local file")
    table, column = tables.split(path)
    if column or kind_of(table, bounds) == tables.KIND:
        named = f"{table}::{column or _COLUMN}"
        for chunk in tables.scan(named, size, bounds):
            yield replace(chunk, kind=KIND, address=PREFIX + named) if not chunk.problem else chunk
        return
    for chunk in files.listed(path, size, bounds):
        yield replace(chunk, kind=KIND, address=address) if not chunk.problem else chunk


def items(
    chunk: Chunk, start: int, limits: Limits, *, network: Network = Network.PUBLIC
) -> Iterator[Item]:
    """What is behind the URLs of a chunk from an index on."""
    from provenance.audit.sources.fetch import fetch  # ssl and http take time to load

    for url in _urls(chunk, start):
        name = url if isinstance(url, str) else ""
        try:
            if isinstance(url, InputError):
                raise url
            data = fetch(url, limits, network=network)
        except InputError as error:
            yield Item(name=_last(name), problem=error)
        else:
            yield Item(name=_last(name), data=data)


def _urls(chunk: Chunk, start: int) -> Iterator[str | InputError]:
    if chunk.names:
        yield from chunk.names[start:]
        return
    from provenance.audit.sources import rows  # Arrow, where a table is read

    path, column = tables.split(chunk.address.removeprefix(PREFIX))
    with open_place(path) as place:
        if place.size != chunk.size:
            raise InputError("the table has changed since it was listed", code=ErrorCode.IO)
        found = rows.walk(column, place, chunk.first + start, DEFAULT_BOUNDS)
        for member in islice(found, chunk.count - start):
            if member.problem is not None:
                yield member.problem
            else:
                yield os.fsdecode(member.read(_MAX_URL + 1))


def _last(url: str) -> str:
    """The last part of its path, as a name."""
    try:
        return urllib.parse.urlsplit(url).path.rpartition("/")[2][-255:]
    except ValueError:
        return ""
