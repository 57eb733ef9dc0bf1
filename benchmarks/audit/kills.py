"""An audit that is killed again and again, and what it comes to in the end.

    python -m benchmarks.audit.kills DIR [--kills 20] [--images 600] [--seed 1]

Audits a dump once undisturbed. Then once more, while the command or one of its workers gets
SIGKILL at random times; a killed command is started again. Both results, sorted by key and without
the times, have to be the same bytes.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from benchmarks.audit import dump
from benchmarks.audit.command import Command, workers_of
from benchmarks.environment import print_environment
from benchmarks.watermark.seeds import generator

_DONE: Final = (0, 6)


def undisturbed(command: Command) -> bytes:
    """The result of a run that nobody kills."""
    code = command.start().wait()
    if code not in _DONE:
        raise RuntimeError(f"the command ended with {code}")
    return result(command)


def disturbed(
    command: Command, *, kills: int, seed: int, longest: float = 4.0
) -> tuple[bytes, dict[str, int]]:
    """The result of a run with that many kills, and how often what was killed.

    The command is killed every other time, a worker in between, each after a random while
    of at most `longest` seconds.
    """
    done = {"command": 0, "worker": 0}
    rng = generator(seed, "kills", kills)
    process = command.start()
    for number in range(kills):
        victim = _victim(process, number, rng.uniform(0.1, longest), rng)
        if victim is None:  # it was done too early
            break
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            done["command" if victim == process.pid else "worker"] += 1
        if victim == process.pid:
            process.wait()
            process = command.start()
    code = process.wait()
    if code not in _DONE:
        raise RuntimeError(f"the command ended with {code}")
    return result(command), done


def _victim(
    process: subprocess.Popen[bytes], number: int, seconds: float, rng: np.random.Generator
) -> int | None:
    """Whom to kill next, after a while in which it worked."""
    while not (workers := workers_of(process.pid)):
        if process.poll() is not None:
            return None
        time.sleep(0.02)
    time.sleep(seconds)
    if process.poll() is not None:
        return None
    workers = workers_of(process.pid) or workers
    return process.pid if number % 2 == 0 else int(rng.choice(workers))


def result(command: Command) -> bytes:
    """All rows but their times, sorted by key, as bytes."""
    table = command.rows().replace_schema_metadata()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit.kills")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not (options.folder / "expected.jsonl").exists():
        plan = dump.Plan(images=options.images, originals=2, attacks=("quick",), seed=options.seed)
        dump.build(options.folder, plan)
    print_environment()
    command = Command(folder=options.folder, out="undisturbed", chunk=8)
    wanted = undisturbed(command)
    found, done = disturbed(
        replace(command, out="disturbed"), kills=options.kills, seed=options.seed
    )
    print(f"{'seed':<14} {options.seed}")
    print(f"{'n':<14} {len(dump.expected(options.folder))} images")
    print(f"{'killed':<14} {done['command']} times the command, {done['worker']} times a worker")
    print(f"{'result':<14} {'the same bytes' if found == wanted else 'DIFFERENT'}")
    return found != wanted


if __name__ == "__main__":
    sys.exit(main())
