"""Where images come from. Every kind says in advance how many there are, and then delivers them.

A scan is cheap and deterministic: it reads directories and tables of contents, no image. What
cannot be looked at becomes a chunk of one row that says so, so that nothing is skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    yield from READERS[chunk.kind](chunk, start, limits)


def scan(addresses: Sequence[str], size: int) -> Iterator[Chunk]:
    """All chunks of all places, in the order in which they were named.

    Args:
        addresses: directories and files.
        size: how many images a chunk holds at most.
    """
    for address in addresses:
        yield from files.scan(address, size)
