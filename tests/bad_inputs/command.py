"""Running the command line as a user does, and measuring what it takes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MAX_SECONDS = 20.0
MAX_MEGABYTES = 1_000
MAX_STDERR_LINES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command did. `megabytes` is an upper bound of its peak memory.

    (The kernel starts counting before the child has become the command, so the memory of
    the test process is the least that it can report.)
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
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PROVENANCE_")}
    command = [sys.executable, "-m", "provenance_cli", *arguments]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, stdin.open() as source:
        started = time.monotonic()
        child = subprocess.Popen(command, stdin=source, stdout=out, stderr=err, env=environment)
        megabytes = _wait(child, started + seconds)
        took = time.monotonic() - started
        out.seek(0)
        err.seek(0)
        ran = Ran(
            code=child.returncode,
            out=out.read(),
            err=err.read(),
            seconds=took,
            megabytes=megabytes,
        )
    if ran.code == -signal.SIGKILL and took >= seconds:
        pytest.fail(f"not done after {seconds:.0f} s; it had {megabytes:.0f} MB")
    return ran


def _wait(child: subprocess.Popen[bytes], deadline: float) -> float:
    """Wait for the child, kill it at the deadline, and return its peak memory in MB."""
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_maxrss / 1_000  # Linux counts in kB
        if time.monotonic() > deadline:
            child.kill()
            deadline = float("inf")
        time.sleep(0.01)


def check_behaviour(ran: Ran) -> None:
    """What holds for every input: no crash, few words, bounded memory."""
    assert b"Traceback" not in ran.err, ran.err.decode(errors="replace")
    assert len(ran.err.splitlines()) <= MAX_STDERR_LINES, ran.err.decode(errors="replace")
    assert ran.megabytes < MAX_MEGABYTES, f"peak memory {ran.megabytes:.0f} MB"
