"""Running the command line as a user does, and measuring what it takes."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from bad_inputs import forker
from bad_inputs.forker import End, Run

MAX_SECONDS = 20.0
MAX_MEGABYTES = 1_000
MAX_STDERR_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command did. `megabytes` is an upper bound of its peak memory.

    (The child starts with the memory of the process that it is forked from, which is what the
    command needs to start.)
    """

    code: int
    out: bytes
    err: bytes
    seconds: float
    megabytes: float

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def row(self) -> dict[str, Any]:
        """The only JSON line."""
        rows = self.rows
        assert len(rows) == 1, f"{len(rows)} rows: {self.out[:400]!r} {self.err[:400]!r}"
        return rows[0]


def provenance(
    *arguments: str | bytes | Path, seconds: float = MAX_SECONDS, stdin: Path = Path(os.devnull)
) -> Ran:
    """Run the command in a process of its own; fail the test if it takes too long."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        connection = _forker()
        decoded = [os.fsdecode(argument) for argument in arguments]
        connection.send(tuple(Run(decoded, str(stdin), str(out), str(err), seconds)))
        end = End(*connection.recv())
        ran = Ran(out=out.read_bytes(), err=err.read_bytes(), **end._asdict())
    if ran.code == -signal.SIGKILL or ran.seconds >= seconds:
        used = f"{ran.seconds:.0f} s of processor time and {ran.megabytes:.0f} MB"
        pytest.fail(f"not done in {seconds:.0f} s: {used}")
    return ran


@lru_cache(maxsize=1)
def _forker() -> Connection:
    """The process that forks the runs, as long as this one lives."""
    ours, theirs = Pipe()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PROVENANCE_")}
    process = subprocess.Popen(
        [sys.executable, "-P", forker.__file__, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # The command asks for this before it imports, which is too late here.
        env=environment | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    theirs.close()
    atexit.register(process.wait)
    atexit.register(ours.close)  # first: the last that was registered
    return ours


def check_behaviour(ran: Ran) -> None:
    """What holds for every input: no crash, few words, bounded memory."""
    assert b"Traceback" not in ran.err, ran.err.decode(errors="replace")
    assert len(ran.err.splitlines()) <= MAX_STDERR_LINES, ran.err.decode(errors="replace")
    assert ran.megabytes < MAX_MEGABYTES, f"peak memory {ran.megabytes:.0f} MB"
