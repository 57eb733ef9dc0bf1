"""Where images come from. Every kind says in advance how many there are, and then delivers them.

A scan is cheap and deterministic: it reads directories and tables of contents, no image. What
cannot be looked at becomes a chunk of one row that says so, so that nothing is skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from provenance.audit.chunk import Chunk, Item
from provenance.audit.sources import files
from provenance.errors import ErrorCode, InputError
from provenance.imaging import Limits

Reader = Callable[[Chunk, int, Limits], Iterator[Item]]

#: Opens a chunk from an index on.
READERS: Final[dict[str, Reader]] = {files.KIND: files.items}


def items(chunk: Chunk, start: int, limits: Limits) -> Iterator[Item]:
    """The images of a chunk from an index on; exactly `chunk.count - start` of them."""
    if chunk.problem:
        problem = InputError(chunk.problem, code=ErrorCode.IO)
        yield Item(name=chunk.address, problem=problem)
        return
    if chunk.picks:
        yield from _picked(chunk, start, limits)
        return
    yield from READERS[chunk.kind](chunk, start, limits)


def _picked(chunk: Chunk, start: int, limits: Limits) -> Iterator[Item]:
    """Some images of a place that is read in a row: what lies between them is passed over."""
    picks = chunk.picks[start:]
    if not picks:
        return
    whole = replace(chunk, picks=(), count=picks[-1] + 1)
    wanted = frozenset(picks)
    for offset, item in enumerate(READERS[chunk.kind](whole, picks[0], limits), picks[0]):
        if offset in wanted:
            yield item


def scan(addresses: Sequence[str], size: int) -> Iterator[Chunk]:
    """All chunks of all places, in the order in which they were named.

    Args:
        addresses: directories and files.
        size: how many images a chunk holds at most.
    """
    for address in addresses:
        yield from files.scan(address, size)
