"""What stamping costs where images are made: the whole against a plain encode, by stage, by thread.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.pipeline [--pictures N] [--rounds N] [--seed N]
        [--encoding png|jpeg]

For PNG and JPEG (quality 95): the time of a stamp in memory (decode, reserve, mark, encode, sign,
verify, commit, release) and its ratio to encoding the same pixels with nothing else; the share of
each stage, as an observer is told; how much faster two threads are than one. OpenCV gets no threads
of its own, and freed memory is kept (`provenance.keep_freed_memory`). Rounds of plain encodes, of
one thread, of two threads and of two processes take turns, and the median of each is taken; of two
to one, the median of the rounds' ratios, because a machine may get faster or slower meanwhile. What
two processes give is what the machine can: its two cores may share memory, caches and clock with
each other and with other machines. A batch is long: at its end one thread waits for the other's
last picture. Wall times mean little where other programs use the machine; the ratio of processor
times holds there too, and leaves out what is waited for (the disk).

The pictures are mosaics of parts of `samples/images` at their own resolution.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.environment import print_environment
from provenance import Encoding, Generation, Stamper, Workspace, keep_freed_memory
from provenance.imaging import Metadata, encode, load
from provenance.stamp import Stage, StampEvent

SIDE = 1024
ENCODINGS = ("png", "jpeg")
SAMPLES = Path(__file__).parents[1] / "samples" / "images"
GENERATION = Generation(model="bench")
Pixels = npt.NDArray[np.uint8]


@dataclass(slots=True)
class Stages:
    """An observer that adds up the seconds of each stage."""

    seconds: dict[Stage, float] = field(default_factory=lambda: defaultdict(float))

    def observe(self, event: StampEvent) -> None:
        """Add them."""
        for stage, seconds in event.seconds.items():
            self.seconds[stage] += seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=24, help="of each batch")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--encoding", choices=ENCODINGS, help="this one alone")
    parser.add_argument("--as-it-comes", action="store_true", help="keep no freed memory")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    kept = not options.as_it_comes and keep_freed_memory()
    print_environment()
    print(f"freed memory   {'kept' if kept else 'goes back to the kernel'}")
    print(f"BLAS threads   {os.environ.get('OPENBLAS_NUM_THREADS', 'as it likes')}")
    print(
        f"n              {options.rounds} rounds of {options.pictures} pictures, "
        f"{SIDE}x{SIDE}, seed {options.seed}; a round before is not counted\n"
    )
    pictures = _pictures(options.pictures, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        stamper = Workspace.create(Path(folder) / "workspace").stamper()
        for name in [options.encoding] if options.encoding else ENCODINGS:
            with _Processes(stamper, pictures, name, kept=kept) as processes:
                _measure(name, stamper, pictures, options.rounds, processes)


def _pictures(count: int, seed: int) -> list[Pixels]:
    rng = np.random.default_rng(seed)
    paths = sorted(SAMPLES.iterdir())
    photographs = [load(path.read_bytes(), name=path.name).rgb for path in paths]

    def part() -> Pixels:
        photograph = photographs[int(rng.integers(len(photographs)))]
        top, left = (int(rng.integers(size - SIDE // 2 + 1)) for size in photograph.shape[:2])
        square = photograph[top : top + SIDE // 2, left : left + SIDE // 2]
        return np.rot90(square, int(rng.integers(4)))

    def mosaic() -> Pixels:
        return np.ascontiguousarray(np.vstack([np.hstack([part(), part()]) for _ in range(2)]))

    return [mosaic() for _ in range(count)]


_mine: tuple[Stamper, list[Pixels], Encoding]


def _begin(stamper: Stamper, pictures: list[Pixels], name: str, kept: bool) -> None:  # noqa: FBT001
    global _mine
    cv2.setNumThreads(1)
    if kept:
        keep_freed_memory()
    _mine = stamper, pictures, Encoding.parse(name)


def _work() -> None:
    stamper, pictures, encoding = _mine
    stamper.stamp_batch(pictures, GENERATION, encoding=encoding, threads=1)


class _Processes:
    """Two processes that stamp half of the pictures each, with one thread."""

    def __init__(self, stamper: Stamper, pictures: list[Pixels], name: str, *, kept: bool) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pools = [
            ProcessPoolExecutor(1, spawn, _begin, (stamper, half, name, kept))
            for half in (pictures[::2], pictures[1::2])
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.shutdown()

    def stamp(self) -> None:
        """All pictures once."""
        for future in [pool.submit(_work) for pool in self._pools]:
            future.result()


def _measure(
    name: str, stamper: Stamper, pictures: list[Pixels], rounds: int, processes: _Processes
) -> None:
    stages = Stages()
    encoding = Encoding.parse(name)
    watched = replace(stamper, observer=stages)

    def plain() -> None:
        for picture in pictures:
            encode(picture, None, encoding, Metadata())

    def one() -> None:
        watched.stamp_batch(pictures, GENERATION, encoding=encoding, threads=1)

    def two() -> None:
        stamper.stamp_batch(pictures, GENERATION, encoding=encoding, threads=2)

    times: dict[str, list[float]] = defaultdict(list)
    busy: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds + 1):
        for work in (plain, one, two, processes.stamp):
            started, busy_before = time.perf_counter(), time.process_time()
            work()
            times[work.__name__].append((time.perf_counter() - started) / len(pictures))
            busy[work.__name__].append((time.process_time() - busy_before) / len(pictures))
        if not number:
            times.clear()
            busy.clear()
            stages.seconds.clear()
    median = {key: statistics.median(values) for key, values in times.items()}
    range_of = {key: f"{1000 * min(v):.0f} to {1000 * max(v):.0f}" for key, v in times.items()}
    print(f"{name}, {encoding}")
    print(f"  plain encode       {1000 * median['plain']:7.1f} ms ({range_of['plain']})")
    ratio = median["one"] / median["plain"]
    print(f"  stamp, one thread  {1000 * median['one']:7.1f} ms ({range_of['one']})")
    print(f"  stamp, two threads {1000 * median['two']:7.1f} ms ({range_of['two']}), each picture")
    processor = statistics.median(busy["one"]) / statistics.median(busy["plain"])
    print(f"  stamp / plain      {ratio:7.2f} (of processor time: {processor:.2f})")
    for title, key in (("threads", "two"), ("processes", "stamp")):
        faster = [one / other for one, other in zip(times["one"], times[key], strict=True)]
        spread = f"{min(faster):.2f} to {max(faster):.2f}"
        print(f"  two {title} / one".ljust(21), end="")
        print(f"{statistics.median(faster):7.2f} times as fast ({spread})")
    whole = sum(stages.seconds.values())
    for stage in Stage:
        print(f"    {stage.value:<12} {stages.seconds[stage] / whole:6.1%}")
    print()


if __name__ == "__main__":
    main()
