"""Which of the images are looked at: a sample, the first few, or the share of one machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from provenance.audit.chunk import Chunk
from provenance.errors import ArgumentError

_SHARD: Final = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Applied in this order: sample, limit, shard. A row depends on none of them.

    Attributes:
        sample: share of the images that is looked at, more than 0 and at most 1. Which ones
            follows from their keys and `seed` alone, so a larger sample holds every smaller one.
        seed: of the sample.
        limit: no more images than this, the first ones; None for all.
        shard: (i, n): of the chunks that remain the i-th, counted from 1, of every n.
    """

    sample: float = 1.0
    seed: int = 0
    limit: int | None = None
    shard: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        if not 0 < self.sample <= 1:
            raise ArgumentError("a sample is a share: more than 0 and at most 1")
        if self.limit is not None and self.limit < 1:
            raise ArgumentError("a limit is at least 1")
        if not 1 <= self.shard[0] <= self.shard[1]:
            raise ArgumentError("shard i/n: i is at least 1 and at most n")

    @classmethod
    def of(
        cls, *, sample: float = 1.0, seed: int = 0, limit: int | None = None, shard: str = "1/1"
    ) -> Self:
        """From the options of a command.

        Raises:
            ArgumentError: one of them makes no sense.
        """
        match = _SHARD.fullmatch(shard)
        if match is None:
            raise ArgumentError("a shard is written i/n, as in 1/4")
        pair = int(match[1]), int(match[2])
        return cls(sample=sample, seed=seed, limit=limit, shard=pair)

    @property
    def settings(self) -> dict[str, Any]:
        """What a ledger keeps of it, as JSON types."""
        number, of = self.shard
        return {
            "sample": self.sample,
            "seed": self.seed,
            "limit": self.limit,
            "shard": f"{number}/{of}",
        }

    def of_chunks(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """What is left of the chunks. What stands for a place that cannot be read is never
        sampled away: nobody knows how many images it holds.
        """
        number, of = self.shard
        left = self._limited(self._sampled(chunks))
        return (chunk for place, chunk in enumerate(left) if place % of == number - 1)

    def _sampled(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        for chunk in chunks:
            if self.sample == 1 or chunk.problem:
                yield chunk
            elif picks := [i for i in range(chunk.count) if self._drawn(chunk.key(i))]:
                yield picked(chunk, picks)

    def _drawn(self, key: str) -> bool:
        text = f"{self.seed}\0".encode() + key.encode("utf-8", "surrogatepass")
        draw = int.from_bytes(hashlib.sha256(text).digest()[:8])
        return draw < self.sample * 2**64

    def _limited(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        left = self.limit
        for chunk in chunks:
            if left is None:
                yield chunk
                continue
            if left <= 0:
                return
            yield chunk if chunk.count <= left else picked(chunk, range(left))
            left -= chunk.count


def picked(chunk: Chunk, picks: Iterable[int]) -> Chunk:
    """Some images of a chunk, by their indices in it, in rising order.

    Where the chunk names its images, the names are chosen; else `Chunk.picks` says which ones.
    """
    wanted = tuple(picks)
    if len(wanted) == chunk.count:
        return chunk
    if chunk.names:
        names = tuple(chunk.names[index] for index in wanted)
        return replace(chunk, names=names, count=len(names))
    if chunk.picks:
        wanted = tuple(chunk.picks[index] for index in wanted)
    return replace(chunk, picks=wanted, count=len(wanted))
