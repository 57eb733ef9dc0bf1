"""faiss, which is only measured here: the same questions over the same hashes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]


class Peer(NamedTuple):
    """`near` gives the numbers of all hashes within the distance of one of the questions."""

    name: str
    build_seconds: float
    near: Callable[[Words, int], set[int]]


def peers(hashes: Words, within: int, threads: int) -> Iterator[Peer]:
    """Faiss' exact ways; none where it is not installed."""
    try:
        import faiss
    except ImportError:
        print("faiss is not installed: pip install faiss-cpu")
        return
    faiss.omp_set_num_threads(threads)
    label = f"{threads} thread{'s' if threads > 1 else ''}"
    yield _peer(f"faiss BinaryFlat, {label}", faiss.IndexBinaryFlat(256), hashes)
    multi = faiss.IndexBinaryMultiHash(256, 16, 16)
    multi.nflip = within // 16  # 16 hashes of 16 bits: exact by the pigeonhole principle
    yield _peer(f"faiss BinaryMultiHash 16 x 16, {label}", multi, hashes)


class _Index(Protocol):
    """What faiss' binary indexes have in common."""

    def add(self, vectors: Bytes) -> None: ...

    def range_search(
        self, vectors: Bytes, radius: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int64]]: ...


def _peer(name: str, index: _Index, hashes: Words) -> Peer:
    start = time.perf_counter()
    index.add(hashes.view(np.uint8))
    seconds = time.perf_counter() - start

    def near(questions: Words, within: int) -> set[int]:
        _, _, labels = index.range_search(questions.view(np.uint8), within + 1)  # strictly below
        return set(labels.tolist())

    return Peer(name, seconds, near)
