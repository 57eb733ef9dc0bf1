"""A process on the other side of pipes, which says and does what it likes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provenance.errors import ErrorCode
from provenance.isolation import Process, WorkerLostError
from provenance.isolation import process as module

TESTS = Path(__file__).resolve().parents[2]
Start = Callable[[str], Process]
SECONDS = 30  # far more than is needed


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts a liar and tells it what to do."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    begun: list[Process] = []

    def start(deed: str) -> Process:
        process = Process.start("support.liar")
        begun.append(process)
        process.send(deed.encode() + b"\n", SECONDS)
        return process

    yield start
    for process in begun:
        process.kill()


def says(text: bytes) -> str:
    return text.hex()


def lost(process: Process, seconds: float = SECONDS) -> WorkerLostError:
    with pytest.raises(WorkerLostError) as caught:
        process.receive(seconds)
    return caught.value


def is_gone(pid: int) -> bool:
    """True once there is no such process; waits a while for that."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_an_answer(start: Start) -> None:
    assert start(says(b'["row", 1, {"a": null}]')).receive(SECONDS) == ["row", 1, {"a": None}]


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe",
        b"",
        b"ready",
        b'{"row": 1}',
        b"3",
        b"[" * 100_000,
        b"[NaN]",
        b"[-Infinity]",
        b"[" + b"9" * 5000 + b"]",
    ],
)
def test_what_is_no_answer(start: Start, text: bytes) -> None:
    error = lost(start(says(text)))
    assert "something else" in str(error)
    assert error.code is ErrorCode.CRASH


def test_an_answer_without_end_is_not_collected(start: Start) -> None:
    assert "without end" in str(lost(start("endless")))


@pytest.mark.parametrize("deed", ["drip", "stop"])
def test_time_is_over_whatever_it_does(start: Start, deed: str) -> None:
    error = lost(start(deed), 0.7)
    assert error.code is ErrorCode.TIMEOUT
    assert str(error) == "took longer than 0.7 seconds and was stopped"


def test_one_that_closes_its_pipe_and_goes_on(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_END_SECONDS", 0.3)
    assert str(lost(start("close"))) == "the worker stopped answering"


def test_its_death_is_noticed_while_a_child_holds_its_pipe(start: Start) -> None:
    process = start("child")
    assert str(lost(process)) == "the worker crashed (SIGSEGV)"


def test_its_children_are_killed_with_it(start: Start) -> None:
    process = start("child")
    lost(process)
    group = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/stat")
        if _group_of(path) == process.pid and int(path.parent.name) != process.pid
    ]
    assert len(group) == 1
    process.kill()
    assert is_gone(group[0])
    process.kill = lambda: None  # type: ignore[method-assign] # for the fixture


def _group_of(path: Path) -> int:
    try:
        return int(path.read_text().rpartition(") ")[2].split()[2])
    except OSError:
        return 0


@pytest.mark.parametrize(
    ("deed", "message", "killed"),
    [
        ("exit", "the worker ended by itself (3)", False),
        ("kill", "the worker crashed (SIGKILL)", True),
        ("real-time signal", f"the worker crashed (signal {signal.SIGRTMIN + 3})", False),
    ],
)
def test_how_it_ended(start: Start, deed: str, message: str, killed: bool) -> None:
    error = lost(start(deed))
    assert (str(error), error.killed) == (message, killed)


def test_one_that_does_not_read_its_orders_holds_nobody_up(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIAR_DOES_NOT_READ", "1")
    process = start("")
    with pytest.raises(WorkerLostError, match="did not read"):
        process.send(b"x" * 10_000_000, 0.5)


def test_orders_larger_than_a_pipe_arrive(start: Start) -> None:
    text = b'["' + b"x" * 300_000 + b'"]'
    assert start(says(text)).receive(SECONDS) == ["x" * 300_000]


def test_what_was_not_asked_for_is_noticed(start: Start) -> None:
    process = start("twice")
    assert process.receive(SECONDS) == ["one"]
    assert not process.silent
    assert process.receive(SECONDS) == ["two"]
    assert process.silent


def test_it_inherits_its_own_pipes_and_nothing_else(start: Start, tmp_path: Path) -> None:
    others = [start("stop"), start("stop")]
    with (tmp_path / "file").open("wb"):
        assert start("descriptors").receive(SECONDS) == []
    del others


def test_signals_from_the_terminal_do_not_reach_it(start: Start) -> None:
    assert start("session").receive(SECONDS) == [True]


def test_nothing_is_imported_from_the_current_directory(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = "import os; os._exit(99)"
    for name in ("json", "support", "provenance", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(hostile)
    monkeypatch.chdir(tmp_path)
    assert start(says(b'["fine"]')).receive(SECONDS) == ["fine"]


def test_time_during_which_this_side_was_stopped_does_not_count(start: Start) -> None:
    """A stopped parent must not blame the worker: its answer is there when it wakes up."""
    process = start("drip")
    helper = subprocess.Popen(
        ["sh", "-c", f"sleep 0.3; kill -STOP {os.getpid()}; sleep 2; kill -CONT {os.getpid()}"]
    )
    begin = time.monotonic()
    lost(process, 1.5)
    passed = time.monotonic() - begin
    helper.wait()
    assert passed > 2.5  # 1.5 of its own, and most of the 2 in which nobody waited


_PARENT = """
import os, sys
from provenance.isolation import Process
process = Process.start("provenance.audit.worker")
print(process.pid, flush=True)
if sys.argv[1] == "begun":
    from provenance.audit.worker import Orders
    from provenance.isolation.child import order
    from provenance.verify import Verifier
    process.send(order(Orders(verifier=Verifier(), memory=10**9)), 100)
    assert process.receive(100) == ["ready"]
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("when", ["at once", "begun"])
def test_a_worker_does_not_outlive_its_parent(when: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PARENT, when], stdout=subprocess.PIPE, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert is_gone(int(done.stdout))
