"""Ways to search the same hashes: faiss and a plain scan. They are only measured here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from provenance.fingerprint.search import nearest
from provenance.model.generation import PDQ_BYTES, Fingerprint

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

_SLICE = 1 << 17


class Way(NamedTuple):
    """`near` gives the numbers of all hashes within a distance of one of the questions."""

    name: str
    near: Callable[[Sequence[Fingerprint], int], set[int]]


class _Index(Protocol):
    """What faiss' binary indexes have in common."""

    def add(self, vectors: Bytes) -> None: ...

    def range_search(
        self, vectors: Bytes, radius: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int64]]: ...


def scan(hashes: Words) -> Way:
    """Every hash with every question, in slices, one thread."""

    def near(questions: Sequence[Fingerprint], within: int) -> set[int]:
        found: set[int] = set()
        for at in range(0, len(hashes), _SLICE):
            distance, _ = nearest(questions, hashes[at : at + _SLICE].data)
            found.update((np.flatnonzero(distance <= within) + at).tolist())
        return found

    return Way("numpy scan", near)


def faiss_ways(hashes: Words, within: int, threads: int) -> Iterator[Way]:
    """Faiss' exact ways up to this distance; none where it is not installed."""
    try:
        import faiss
    except ImportError:
        print("faiss is not installed: pip install faiss-cpu")
        return
    faiss.omp_set_num_threads(threads)
    yield _faiss(f"faiss BinaryFlat, threads: {threads}", faiss.IndexBinaryFlat(256), hashes)
    multi = faiss.IndexBinaryMultiHash(256, 16, 16)
    multi.nflip = within // 16  # 16 hashes of 16 bits: exact by the pigeonhole principle
    yield _faiss(f"faiss BinaryMultiHash 16 x 16, threads: {threads}", multi, hashes)


def _faiss(name: str, index: _Index, hashes: Words) -> Way:
    start = time.perf_counter()
    index.add(hashes.view(np.uint8))
    built = time.perf_counter() - start

    def near(questions: Sequence[Fingerprint], within: int) -> set[int]:
        asked = np.frombuffer(b"".join(each.bits for each in questions), np.uint8)
        _, _, labels = index.range_search(asked.reshape(-1, PDQ_BYTES), within + 1)  # below it
        return set(labels.tolist())

    return Way(f"{name}, built in {built:.1f} s", near)
