"""What a scan counts and what its chunks deliver, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from provenance.audit.chunk import Chunk, Item
from provenance.audit.sources import Options, items, scan
from provenance.audit.sources.bounds import DEFAULT_BOUNDS, Bounds
from provenance.errors import InputError
from provenance.imaging import DEFAULT_LIMITS, Limits


@dataclass(frozen=True)
class Row:
    """An item under its key; `said` is the code and the message of a problem."""

    key: str
    name: str
    data: bytes
    said: str


def row(chunk: Chunk, index: int, item: Item) -> Row:
    said = f"{item.problem.code.value}: {item.problem.message}" if item.problem else ""
    return Row(chunk.key(index), item.name, item.data, said)


def chunks(
    *addresses: str, size: int = 4, bounds: Bounds = DEFAULT_BOUNDS, **options: object
) -> list[Chunk]:
    """What a scan finds, after a way through a ledger."""
    found = scan(addresses, size, Options(bounds=bounds, **options))
    return [Chunk.parse(chunk.dump()) for chunk in found]


def rows_of(
    chunk: Chunk,
    start: int = 0,
    limits: Limits = DEFAULT_LIMITS,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> list[Row]:
    """The rows of a chunk; exactly as many as it counts."""
    found = list(items(chunk, start, limits, bounds))
    assert len(found) == chunk.count - start
    assert all(isinstance(item.problem, InputError | None) for item in found)
    return [row(chunk, start + index, item) for index, item in enumerate(found)]


def rows(
    *addresses: str,
    size: int = 4,
    limits: Limits = DEFAULT_LIMITS,
    bounds: Bounds = DEFAULT_BOUNDS,
    **options: object,
) -> list[Row]:
    """All rows of all places."""
    found = chunks(*addresses, size=size, bounds=bounds, **options)
    return [r for chunk in found for r in rows_of(chunk, 0, limits, bounds)]


def images(found: Sequence[Row]) -> list[bytes]:
    """The bytes of the rows that have some."""
    return [r.data for r in found if not r.said]


def problems(found: Sequence[Row]) -> list[str]:
    return [r.said for r in found if r.said]
