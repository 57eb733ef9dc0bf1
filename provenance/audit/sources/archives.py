"""The kinds of archive: who counts them, and who reads them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from provenance.audit.chunk import Chunk, Item
from provenance.audit.sources import members, tables, tars, warcs, zips
from provenance.audit.sources.bounds import Bounds
from provenance.imaging import Limits

KINDS = (zips.KIND, tars.KIND, warcs.KIND, tables.KIND)


def scan(kind: str, address: str, size: int, bounds: Bounds) -> Iterator[Chunk]:
    """The chunks of an archive of a kind."""
    if kind == zips.KIND:
        return zips.scan(address, size, bounds)
    if kind == tables.KIND:
        return tables.scan(address, size, bounds)
    walker = tars.walk if kind == tars.KIND else warcs.walk
    return members.scan(kind, address, size, walker, bounds)


def items(chunk: Chunk, start: int, limits: Limits, bounds: Bounds) -> Iterator[Item]:
    """The members of a chunk from an index on; fewer where the archive breaks off."""
    if chunk.kind == tables.KIND:
        from provenance.audit.sources import rows  # Arrow, where a table is read

        path, column = tables.split(chunk.address)
        walker = partial(rows.walk, column)
        return members.items(chunk, start, limits, walker, bounds, path)
    found = {zips.KIND: zips.walk, tars.KIND: tars.walk, warcs.KIND: warcs.walk}
    return members.items(chunk, start, limits, found[chunk.kind], bounds)
