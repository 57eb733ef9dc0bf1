"""Times in milliseconds, and memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")


class Times(NamedTuple):
    """Milliseconds of n calls: by the clock, and of processor time, all threads together.

    Where the machine has other work, the latter say what a call costs on one that has not.
    """

    median: float
    p99: float
    cpu_median: float
    cpu_p99: float
    n: int

    def __str__(self) -> str:
        times = (self.median, self.p99, self.cpu_median, self.cpu_p99)
        return " | ".join([*(f"{value:.2f}" for value in times), str(self.n)])


def timed(call: Callable[[T], object], arguments: Iterable[T], *, warm: int = 3) -> Times:
    """One call for each argument; the first ones are made once more before, and not counted."""
    given = list(arguments)
    for argument in given[:warm]:
        call(argument)
    wall, cpu = [], []
    for argument in given:
        start, used = time.perf_counter(), time.process_time()
        call(argument)
        cpu.append(1e3 * (time.process_time() - used))
        wall.append(1e3 * (time.perf_counter() - start))
    return Times(
        median=float(np.median(wall)),
        p99=float(np.quantile(wall, 0.99)),
        cpu_median=float(np.median(cpu)),
        cpu_p99=float(np.quantile(cpu, 0.99)),
        n=len(given),
    )


def memory() -> dict[str, float]:
    """MB of this process: `own` pages, pages of `files` that it has mapped and touched."""
    lines = Path("/proc/self/status").read_text().splitlines()
    fields = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return {
        "own": int(fields["RssAnon"].split()[0]) / 1e3,
        "files": int(fields["RssFile"].split()[0]) / 1e3,
        "peak": int(fields["VmHWM"].split()[0]) / 1e3,
    }


def drop(path: Path) -> None:
    """Let go of what the page cache holds of a file, so that the next reading is from the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
