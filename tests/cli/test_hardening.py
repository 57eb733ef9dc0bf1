"""What a command has in memory cannot be had from outside: no core file, no debugger."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import run

READY = b"ready\n"
#: The real command, which says so and then waits for its standard input.
WAITING = """
import sys
from provenance_cli.inputs import Source
real = Source.read
def read(*arguments):
    print("ready", flush=True)
    return real(*arguments)
Source.read = read
from provenance_cli.main import main
main()
"""


def test_a_crash_leaves_no_core_file(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == 0:
        pytest.skip("core files are forbidden here already")
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))  # the child would leave one
    try:
        child = subprocess.Popen(
            [sys.executable, "-c", WAITING, "verify", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=tmp_path,
        )
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == READY
        assert resource.prlimit(child.pid, resource.RLIMIT_CORE) == (0, 0)
        child.send_signal(signal.SIGSEGV)
        _, status = os.waitpid(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == -signal.SIGSEGV
    assert not os.WCOREDUMP(status)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_DUMPABLE is Linux's")
def test_no_process_of_the_same_user_may_look_into_it() -> None:
    code = (
        "import atexit, ctypes\n"
        "atexit.register(lambda: print('dumpable', ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)))\n"
        "from provenance_cli.main import main; main()"
    )
    result = run("schemes", wrapper=("-c", code))
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout.decode().splitlines()[-1] == "dumpable 0"
