"""Exact search by fingerprint: the index, a scan, faiss; on the same hashes and questions."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from argparse import Namespace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.registry.hashes import KINDS, MOST_BITS, VIEWS, Material
from benchmarks.registry.peers import Way, faiss_ways, scan
from benchmarks.registry.timed import drop, memory, timed
from provenance.fingerprint.bands import WORD, WORDS
from provenance.fingerprint.index import Contents, FingerprintIndex, Hashes, save_index
from provenance.model import Fingerprint

_FAR = (40, 47, 63, 84)  # other distances than that of a match
_HEADER = (
    "| what | distance | views | median ms | p99 ms | CPU median | CPU p99 | n |\n"
    "|---|---|---|---|---|---|---|---|"
)


def run(options: Namespace) -> None:
    rng = np.random.default_rng(options.seed)
    material = KINDS[options.hashes](options.records, options.questions, rng)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "index"
        index = _built(path, material)
        _measured(index, material, options)
        _hard(path, options.records, rng)


def _built(path: Path, material: Material) -> FingerprintIndex:
    own = Hashes(words=material.hashes, ids=np.arange(1, len(material.hashes) + 1), left_out=0)
    start = time.perf_counter()
    size = _save(path, own)
    print(f"built in        {time.perf_counter() - start:.1f} s, synced to the disk included")
    print(f"index           {size / 1e6:.0f} MB, {size / len(own.ids):.0f} bytes a record")
    drop(path)
    for state in ("from the disk", "from the page cache"):
        start = time.perf_counter()
        index = FingerprintIndex.open(path)
        print(f"opened in       {time.perf_counter() - start:.2f} s, checked whole, {state}")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        before, after = pool.apply(_resident, (path, material.questions[:20]))
    print(
        f"memory          {after['own'] - before['own']:.0f} MB of its own, "
        f"{after['files'] - before['files']:.0f} MB of the mapped file, after 20 questions\n"
    )
    return index


def _save(path: Path, own: Hashes) -> int:
    none = Hashes(words=np.zeros((0, WORDS), WORD), ids=np.zeros(0, np.int64), left_out=0)
    contents = Contents(
        identity=bytes(16), horizon=len(own.ids), witnesses={}, own=own, parents=none
    )
    return save_index(path, lambda: contents)


def _resident(
    path: Path, questions: list[list[Fingerprint]]
) -> tuple[dict[str, float], dict[str, float]]:
    before = memory()
    index = FingerprintIndex.open(path)
    for views in questions:
        index.own.near(views, MOST_BITS)
    return before, memory()


def _measured(index: FingerprintIndex, material: Material, options: Namespace) -> None:
    bands = index.own.bands
    ours = Way("index", lambda asked, within: set(bands.near(asked, within).number.tolist()))
    plain = scan(bands.hashes)
    few = material.questions[: options.checked]
    print(_HEADER)
    for number in (1, VIEWS):
        _row(ours, material.questions, number, MOST_BITS)
    for within in _FAR:
        _row(ours, material.questions[:10], VIEWS, within)
    for number in (1, VIEWS):
        _row(plain, few[:5], number, MOST_BITS)
    expected = [plain.near(views, MOST_BITS) for views in few]
    said = [_recall(ours, few, expected)]
    for threads in sorted({1, os.cpu_count() or 1}) if options.peers else ():
        for way in faiss_ways(material.hashes, MOST_BITS, threads):
            for number in (1, VIEWS):
                _row(way, few, number, MOST_BITS)
            said.append(_recall(way, few, expected))
    near = sum(map(len, expected))
    print(f"\nof {near} hashes within {MOST_BITS} bits, by a scan, {len(few)} questions")
    print("\n".join(said))


def _row(way: Way, questions: list[list[Fingerprint]], number: int, within: int) -> None:
    asked = [views[:number] for views in questions]
    times = timed(lambda views: way.near(views, within), asked)
    print(f"| {way.name} | {within} | {number} | {times} |", flush=True)


def _recall(way: Way, questions: list[list[Fingerprint]], expected: list[set[int]]) -> str:
    found = [way.near(views, MOST_BITS) for views in questions]
    right = sum(len(a & b) for a, b in zip(found, expected, strict=True))
    wrong = sum(len(a - b) for a, b in zip(found, expected, strict=True))
    return f"{way.name}: recall {right / sum(map(len, expected)):.6f}, wrong {wrong}"


def _hard(path: Path, n: int, rng: np.random.Generator) -> None:
    """Hashes that share half of their bands, and none of them near: the lists are of no use."""
    words = rng.integers(0, 1 << 64, (n, 4), np.uint64, endpoint=False)
    words[:, :2] = words[0, :2]
    _save(path, Hashes(words=words, ids=np.arange(1, n + 1), left_out=0))
    index = FingerprintIndex.open(path)
    turned = [[_turned(words[0], rng) for _ in range(VIEWS)] for _ in range(5)]
    times = timed(lambda views: index.own.near(views, MOST_BITS), turned, warm=1)
    print(f"\n{_HEADER}")
    print(f"| index, half of all bits equal | {MOST_BITS} | {VIEWS} | {times} |")


def _turned(words: npt.NDArray[np.uint64], rng: np.random.Generator) -> Fingerprint:
    other = words.copy()
    other[2:] = rng.integers(0, 1 << 64, 2, np.uint64, endpoint=False)
    return Fingerprint(bits=other.tobytes(), quality=100)
