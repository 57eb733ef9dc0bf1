"""Banded search: which of many hashes are near one of a few, without comparing them all?

A hash is cut into 16 bands of 16 bits. Two hashes that differ in d = 16 a + r bits agree, but for
at most a bits, in one of their first r + 1 bands, or but for at most a - 1 bits in one of the
others: were there more in each, they would add up to more than d. (Norouzi, Punjani and Fleet,
"Fast exact search in Hamming space with multi-index hashing", IEEE TPAMI 36 (2014), section 3.)
For each band a list of all hashes, sorted by its 16 bits, gives those that agree; all of them are
then compared. So the answer is exact, whatever the hashes are.

Where that would compare more than a scan costs, because the distance is great or because many
hashes share a band, the hashes are scanned instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from provenance.fingerprint.search import nearest
from provenance.model.generation import PDQ_BYTES, Fingerprint

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.uint32]
_Places = npt.NDArray[np.intp]

BANDS: Final = 16
#: How the hashes lie in memory: (n, WORDS) uint64, and the bands are their 16-bit numbers.
WORD: Final = np.dtype(np.uint64)
WORDS: Final = PDQ_BYTES // WORD.itemsize
#: A list of places has one entry for each value of a band, and the end.
STARTS: Final = (1 << 16) + 1
MAX_HASHES: Final = (1 << 32) - 1  # they are numbered in 32 bits

_KEY: Final = np.dtype("<u2")
_KEY_BITS: Final = 16
#: To fetch and compare one hash from a list costs as much as to scan this many.
_DEAR: Final = 4
_FLIPS: Final = 3  # with more, a band has more neighbours than a scan has hashes to compare
_SLICE: Final = 1 << 17  # hashes that are compared at a time: 4 MB


class Near(NamedTuple):
    """Hashes near one of the questions, in the order of their numbers.

    `number` intp (m,), `distance` uint16 (m,) in bits to the nearest question, `which` intp (m,)
    that question; of equally near ones the first.
    """

    number: _Places
    distance: npt.NDArray[np.uint16]
    which: _Places


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Hashes and their sorted lists; in memory or in a mapped file, and never changed.

    `hashes` uint64 (n, 4); `starts` uint32 (16, 65537): where in its list each value of a band
    begins; `lists` uint32 (16, n): numbers of the hashes, sorted by the value of the band.
    """

    hashes: Words
    starts: Numbers
    lists: Numbers

    @classmethod
    def of(cls, hashes: Words) -> Self:
        """The lists of these hashes, in memory."""
        lists = np.empty((BANDS, len(hashes)), np.uint32)
        for row, numbers in zip(lists, sorted_lists(hashes), strict=True):
            row[:] = numbers
        return cls(hashes, starts_of(hashes), lists)

    def near(self, questions: Sequence[Fingerprint], within: int) -> Near:
        """All hashes within a distance of one of the questions.

        Args:
            questions: at least one.
            within: greatest distance in bits.
        """
        found: list[Near] = []
        too_many: list[int] = []
        probes = _probes(within)
        for which, question in enumerate(questions):
            wanted = None if probes is None else self._wanted(question, *probes)
            if wanted is None:
                too_many.append(which)
            else:
                found += self._compared(question, which, within, *wanted)
        if too_many:
            found += self._scanned([questions[which] for which in too_many], too_many, within)
        return _nearest_of(found)

    def _wanted(
        self, question: Fingerprint, band: _Places, flips: _Places
    ) -> tuple[_Places, _Places] | None:
        """First place and length of each stretch of the lists to compare; None: rather scan."""
        keys = np.frombuffer(question.bits, _KEY).astype(np.intp)
        at = band * STARTS + (keys[band] ^ flips)
        starts = self.starts.reshape(-1)
        first = starts[at].astype(np.intp)
        length = starts[at + 1] - first
        if int(length.sum()) * _DEAR > len(self.hashes):
            return None
        some = length > 0
        return (first + band * len(self.hashes))[some], length[some]

    def _compared(
        self, question: Fingerprint, which: int, within: int, first: _Places, length: _Places
    ) -> Iterator[Near]:
        """What is near among the hashes of these stretches, a bounded number at a time."""
        lists = self.lists.reshape(-1)
        asked = np.frombuffer(question.bits, WORD)
        ends = np.cumsum(length)
        begins = ends - length
        total = int(length.sum())
        for low in range(0, total, _SLICE):
            high = min(low + _SLICE, total)
            here = slice(np.searchsorted(ends, low, "right"), np.searchsorted(begins, high, "left"))
            start = np.maximum(begins[here], low)
            stop = np.minimum(ends[here], high)
            # Places of all stretches in a row: an even count, moved to where each one begins.
            shift = first[here] - begins[here]
            places = np.repeat(shift, stop - start) + np.arange(low, high)
            number = lists.take(places)
            distance = _bits(self.hashes.take(number, axis=0) ^ asked)
            yield _kept(number.astype(np.intp), distance, within, np.intp(which))

    def _scanned(
        self, questions: Sequence[Fingerprint], which: Sequence[int], within: int
    ) -> Iterator[Near]:
        """What is near among all hashes."""
        names = np.asarray(which, np.intp)
        for low in range(0, len(self.hashes), _SLICE):
            distance, index = nearest(questions, self.hashes[low : low + _SLICE].data)
            number = np.arange(low, low + len(distance))
            yield _kept(number, distance, within, names[index])


def starts_of(hashes: Words) -> Numbers:
    """Where in its list each value of each band begins: uint32 (16, 65537)."""
    starts = np.zeros((BANDS, STARTS), np.uint32)
    for row, keys in zip(starts, _keys(hashes), strict=True):
        np.cumsum(np.bincount(keys, minlength=STARTS - 1), out=row[1:])
    return starts


def sorted_lists(hashes: Words) -> Iterator[Numbers]:
    """The list of each band in turn, uint32 (n,), so that a caller need not hold all."""
    for keys in _keys(hashes):
        yield np.argsort(keys, kind="stable").astype(np.uint32)  # stable: a radix sort


def _keys(hashes: Words) -> Iterator[npt.NDArray[np.uint16]]:
    bands = hashes.view(_KEY)
    for band in range(BANDS):
        yield np.ascontiguousarray(bands[:, band])


@lru_cache(maxsize=8)
def _probes(within: int) -> tuple[_Places, _Places] | None:
    """Which changes of which band to look up: intp (k,) twice; None if they are too many."""
    most, rest = divmod(within, BANDS)
    if most > _FLIPS:
        return None
    near = {flips: _masks(flips) for flips in (most, most - 1)}
    masks = [near[most if band <= rest else most - 1] for band in range(BANDS)]
    band = np.repeat(np.arange(BANDS), [len(values) for values in masks])
    return band, np.concatenate(masks)


def _masks(flips: int) -> _Places:
    """All 16-bit numbers with at most so many bits set; none for -1."""
    return np.array(
        [
            sum(1 << bit for bit in bits)
            for number in range(flips + 1)
            for bits in combinations(range(_KEY_BITS), number)
        ],
        np.intp,
    )


def _bits(words: Words) -> npt.NDArray[np.uint16]:
    """How many bits are set in each row of four words. A sum over so short an axis is slow."""
    a, b, c, d = np.bitwise_count(words).T
    total: npt.NDArray[np.uint16] = np.add(a, b, dtype=np.uint16) + np.add(c, d, dtype=np.uint16)
    return total


def _kept(
    number: _Places, distance: npt.NDArray[np.uint16], within: int, which: _Places | np.intp
) -> Near:
    good = np.flatnonzero(distance <= within)
    which = np.broadcast_to(which, distance.shape)
    return Near(number[good], distance[good], which[good])


def _nearest_of(found: Sequence[Near]) -> Near:
    """Each hash once: at its least distance, and from the first question at that distance."""
    number = np.concatenate([np.zeros(0, np.intp), *(part.number for part in found)])
    distance = np.concatenate([np.zeros(0, np.uint16), *(part.distance for part in found)])
    which = np.concatenate([np.zeros(0, np.intp), *(part.which for part in found)])
    order = np.lexsort((which, distance, number))
    number, distance, which = number[order], distance[order], which[order]
    first = np.ones(len(number), bool)
    first[1:] = number[1:] != number[:-1]
    return Near(number[first], distance[first], which[first])
