"""Wall time of the command line, start-up included.

    python -m benchmarks.cli_start

Prints the median and the range over n runs of `provenance --help` and of `provenance verify`
of one 1 MP JPEG, beside the same Python doing nothing, so that the figures mean something on
another machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from benchmarks.environment import print_environment
from provenance import Encoding, Generation, Workspace
from provenance.workspace.selftest import synthetic_picture

RUNS = 15
SIDE = 1024


def main() -> None:
    print_environment()
    print(f"n              {RUNS} runs each, after one that is not counted\n")
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "workspace")
        scaled = cv2.resize(synthetic_picture(), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        picture = np.asarray(scaled, dtype=np.uint8)
        path = Path(folder) / "picture.jpg"
        workspace.stamper().stamp(
            picture, Generation(model="bench"), encoding=Encoding.parse("jpeg"), to=path
        )
        bare = _measure("python -c pass", ["-c", "pass"])
        cli = ["-m", "provenance_cli"]
        _measure("provenance --help", [*cli, "--help"], bare)
        verify = [*cli, "verify", "-w", str(workspace.path), str(path)]
        _measure(f"provenance verify ({SIDE}x{SIDE} JPEG)", verify, bare)


def _measure(title: str, arguments: list[str], base: float | None = None) -> float:
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    median = statistics.median(times[1:])
    ratio = f", {median / base:.1f} x bare Python" if base else ""
    print(f"{title:<38} {median:.3f} s ({min(times[1:]):.3f} to {max(times[1:]):.3f}){ratio}")
    return median


if __name__ == "__main__":
    main()
