"""Exact search by fingerprint: the index, a scan, faiss; on the same hashes and questions."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from argparse import Namespace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.registry.hashes import KINDS, MOST_BITS, VIEWS, Material
from benchmarks.registry.peers import Peer, peers
from benchmarks.registry.timed import drop, memory, timed
from provenance.fingerprint.bands import WORD, WORDS
from provenance.fingerprint.index import FingerprintIndex, Hashes, save_index
from provenance.fingerprint.search import nearest
from provenance.model import Fingerprint

_FAR = (40, 47, 63, 84)  # other distances than that of a match
_HEADER = (
    "| what | distance | views | median ms | p99 ms | most ms | CPU ms | n |\n"
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
    return save_index(
        path, identity=bytes(16), horizon=len(own.ids), witnesses={}, own=own, parents=none
    )


def _resident(
    path: Path, questions: list[list[Fingerprint]]
) -> tuple[dict[str, float], dict[str, float]]:
    before = memory()
    index = FingerprintIndex.open(path)
    for views in questions:
        index.own.near(views, MOST_BITS)
    return before, memory()


def _measured(index: FingerprintIndex, material: Material, options: Namespace) -> None:
    single = [views[:1] for views in material.questions]
    print(_HEADER)
    for number, asked in ((1, single), (VIEWS, material.questions)):
        times = timed(lambda views: index.own.near(views, MOST_BITS), asked)
        print(f"| index | {MOST_BITS} | {number} | {times} |")
    for within in _FAR:
        some = material.questions[:10]
        times = timed(lambda views, most=within: index.own.near(views, most), some, warm=1)
        print(f"| index | {within} | {VIEWS} | {times} |")
    bands = index.own.bands
    few = material.questions[: options.checked]
    for number in (1, VIEWS):
        times = timed(lambda views, n=number: _scan(bands.hashes, views[:n]), few[:5], warm=1)
        print(f"| numpy scan | any | {number} | {times} |")
    expected = [set(_scan(bands.hashes, views).tolist()) for views in few]
    recalls = {
        "index": [set(index.own.bands.near(each, MOST_BITS).number.tolist()) for each in few]
    }
    words = [np.frombuffer(b"".join(view.bits for view in views), WORD) for views in few]
    asked = [each.reshape(-1, WORDS) for each in words]
    for threads in sorted({1, os.cpu_count() or 1}) if options.peers else ():
        for peer in peers(material.hashes, MOST_BITS, threads):
            for number in (1, VIEWS):
                times = timed(partial(_ask, peer, number), asked)
                print(f"| {peer.name} | {MOST_BITS} | {number} | {times} |")
            print(f"| (built in {peer.build_seconds:.1f} s) | | | | | | | |")
            recalls[peer.name] = [peer.near(each, MOST_BITS) for each in asked]
    near = sum(map(len, expected))
    print(
        f"\nagainst the scan, {len(few)} questions of {VIEWS} views, "
        f"{near} hashes within {MOST_BITS} bits:"
    )
    for name, found in recalls.items():
        right = sum(len(a & b) for a, b in zip(found, expected, strict=True))
        wrong = sum(len(a - b) for a, b in zip(found, expected, strict=True))
        print(f"  {name}: recall {right / near:.6f}, wrong {wrong}")


def _ask(peer: Peer, number: int, asked: npt.NDArray[np.uint64]) -> None:
    peer.near(asked[:number], MOST_BITS)


def _scan(hashes: npt.NDArray[np.uint64], views: list[Fingerprint]) -> npt.NDArray[np.intp]:
    step = 1 << 17
    found = []
    for at in range(0, len(hashes), step):
        distance, _ = nearest(views, hashes[at : at + step].data)
        found.append(np.flatnonzero(distance <= MOST_BITS) + at)
    return np.concatenate(found)


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
