"""Stamping a directory of files: one worker process and two, and two threads beside.

    python -m benchmarks.stamp_files [--images 32] [--rounds 3]

Each round stamps the same directory once in each way, in turns, so that what else the machine does
meets all of them. Printed are pictures a second over the whole command, start-up included, as the
median and range of the rounds, and the processor time of one; then how fast a complete run is
gone through again.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.environment import print_environment
from provenance import Encoding, Generation, Workspace
from provenance.imaging import Metadata, encode
from provenance.workspace.selftest import synthetic_picture

SIDE = 1024
SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print_environment()
    count, rounds = options.images, options.rounds
    print(f"n              {count} PNG of {SIDE}x{SIDE}, {rounds} rounds, seed {SEED}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = Workspace.create(folder / "workspace")
        _fill(folder / "in", count)
        found: dict[str, list[Cost]] = {}
        for number, width in itertools.product(range(rounds), (1, 2)):
            cost = _run(folder, folder / f"{number}-{width}", "--workers", str(width))
            found.setdefault(f"{width} worker processes", []).append(cost)
            cost = _threads(workspace, folder / "in", folder / f"{number}-{width}t", width)
            found.setdefault(f"{width} threads", []).append(cost)
        for title, costs in found.items():
            _print(title, costs, count)
        for kind in ("worker processes", "threads"):
            pairs = zip(found[f"1 {kind}"], found[f"2 {kind}"], strict=True)
            ratio = statistics.median(one.wall / two.wall for one, two in pairs)
            print(f"2 to 1 {kind:<20} {ratio:.2f} x")
        again = [_run(folder, folder / "0-1", "--workers", "1") for _ in range(rounds)]
        _print("skipped by proof, 1 worker", again, count)


class Cost(NamedTuple):
    """Seconds by the clock, and of processors."""

    wall: float
    cpu: float


def _fill(folder: Path, count: int) -> None:
    folder.mkdir()
    rng = np.random.default_rng(SEED)
    scaled = cv2.resize(synthetic_picture(), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    for number in range(count):
        shift = rng.integers(0, SIDE, 2)
        picture = np.asarray(np.roll(scaled, shift, axis=(0, 1)), dtype=np.uint8)
        data = encode(picture, None, Encoding.parse("png"), Metadata())
        (folder / f"{number:04}.png").write_bytes(data)


def _run(folder: Path, out: Path, *options: str) -> Cost:
    """Of the command."""
    command = ["stamp", "-w", folder / "workspace", folder / "in", "-o", out, "--resume", *options]
    start, before = time.perf_counter(), _cpu(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "provenance_cli", *map(str, command)],
        capture_output=True,
        check=True,
    )
    return Cost(time.perf_counter() - start, _cpu(resource.RUSAGE_CHILDREN) - before)


def _threads(workspace: Workspace, folder: Path, out: Path, count: int) -> Cost:
    """In this process, by threads that share a stamper."""
    out.mkdir()
    stamper, paths = workspace.stamper(), sorted(folder.iterdir())

    def one(path: Path) -> None:
        stamper.stamp(path.read_bytes(), Generation(model="bench"), to=out / path.name)

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # as in a worker
    start, before = time.perf_counter(), _cpu(resource.RUSAGE_SELF)
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(one, paths))
    cost = Cost(time.perf_counter() - start, _cpu(resource.RUSAGE_SELF) - before)
    cv2.setNumThreads(threads)
    return cost


def _cpu(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def _print(title: str, costs: list[Cost], count: int) -> None:
    rates = [count / cost.wall for cost in costs]
    cpu = statistics.median(cost.cpu for cost in costs) / count
    print(
        f"{title:<27} {statistics.median(rates):.2f} a second "
        f"({min(rates):.2f} to {max(rates):.2f}), {cpu:.2f} s of processor each"
    )


if __name__ == "__main__":
    main()
