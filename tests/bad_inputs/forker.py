"""A process that has imported the command, and forks a child for each run of it.

    python forker.py CONNECTION

Importing takes as long as most of the runs. What is forked is all the same a process of its
own: it can crash, hang or fill the memory alone, and the kernel measures it alone.
`CONNECTION` is an inherited socket: a `Run` comes in and an `End` goes out, both as plain
tuples, until it closes.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from multiprocessing.connection import Connection
from typing import NamedTuple


class Run(NamedTuple):
    """One run of the command: its arguments, what its three standard files are, its limit."""

    arguments: list[str]
    stdin: str
    out: str
    err: str
    seconds: float


class End(NamedTuple):
    """How a run ended: exit code as `subprocess` counts it, processor time, peak memory."""

    code: int
    seconds: float
    megabytes: float


def serve(connection: Connection) -> None:
    """Run what is asked for, one after the other. In the child this ends with `SystemExit`."""
    # Everything that the commands import when they are needed.
    import provenance_cli.rows  # noqa: F401
    from provenance_cli.main import main

    import provenance.stamp
    import provenance.workspace  # noqa: F401

    gc.freeze()  # or every child would visit, and so copy, all that was imported
    while True:
        try:
            run = Run(*connection.recv())
        except EOFError:
            return
        started = time.monotonic()
        child = os.fork()
        if child == 0:
            connection.close()
            _become(run)
            main()
        connection.send(tuple(_wait(child, started, run.seconds)))


def _become(run: Run) -> None:
    """Take the arguments and the standard files of the run."""
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for descriptor, (name, flags) in enumerate(
        [(run.stdin, os.O_RDONLY), (run.out, writing), (run.err, writing)]
    ):
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.argv = ["provenance", *run.arguments]


def _wait(child: int, started: float, seconds: float) -> End:
    """Wait for the child; kill it when it hangs.

    What counts is its processor time, for others may be using the machine. Whoever sleeps has
    three times as long.
    """
    killed = False
    while True:
        pid, status, usage = os.wait4(child, os.WNOHANG)
        took = time.monotonic() - started
        if pid:
            megabytes = usage.ru_maxrss / 1_000  # Linux counts in kB
            used = usage.ru_utime + usage.ru_stime
            return End(os.waitstatus_to_exitcode(status), used, megabytes)
        if took > 3 * seconds and not killed:
            os.kill(child, 9)
            killed = True
        time.sleep(0.005)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])))
