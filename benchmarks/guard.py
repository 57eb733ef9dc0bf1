"""What watching many files costs: time of a look, and memory for each file.

    python -m benchmarks.guard [--files N] [--folder DIR]

The files are small and all of them released: the registry is one that says so to every question.
The first look reads them all, the second one (once their times are older than a second) again
nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tracemalloc
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from benchmarks.environment import print_environment
from provenance.guard import Guard, ReleaseReader
from provenance.model import RecordState

_PER_DIRECTORY = 1000


class _Everything:
    """A registry in which every file is released."""

    def find_by_sha256(self, sha256: str) -> tuple[Any, ...]:  # noqa: ARG002 - the protocol's
        return (SimpleNamespace(state=RecordState.RELEASED),)


def main() -> int:
    """Make the files, look, and report; the exit code is 1 if anything was an alarm."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="where the files are made, e.g. /dev/shm")
    options = parser.parse_args()
    print_environment()
    with tempfile.TemporaryDirectory(prefix="guard-", dir=options.folder) as top:
        for number in range(options.files):
            folder = Path(top) / str(number // _PER_DIRECTORY)
            if number % _PER_DIRECTORY == 0:
                folder.mkdir()
            (folder / f"{number:08d}.png").write_bytes(number.to_bytes(8))
        time.sleep(1.1)
        store = cast("ReleaseReader", _Everything())
        guard = Guard(store, [Path(top)], older_than=timedelta(hours=1))
        alarms = 0
        for name in ("first look", "second look", "third look"):
            start = time.perf_counter()
            alarms += sum(1 for _ in guard.look())
            seconds = time.perf_counter() - start
            print(f"{name:<14} {seconds:.2f} s for {options.files} files")
        tracemalloc.start()
        measured = Guard(store, [Path(top)], older_than=timedelta(hours=1))
        alarms += sum(1 for _ in measured.look())
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        alarms += sum(1 for _ in measured.look())
        _, peak = tracemalloc.get_traced_memory()
        print(f"{'memory kept':<14} {kept / options.files:.0f} bytes for each file")
        print(f"{'at most':<14} {peak / options.files:.0f} bytes for each file, in the second look")
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
