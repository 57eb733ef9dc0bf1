"""`provenance guard`."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support import guard, pictures
from support.command import Command, run

from provenance import Generation, Workspace
from provenance.registry import SqliteStore

SCRIPT = str(Path(guard.__file__))


@pytest.fixture
def out(own_workspace: Path, workspace: Workspace, tmp_path: Path) -> Path:
    """A directory with one released file, and a file that nobody recorded."""
    folder = tmp_path / "out"
    folder.mkdir()
    workspace.stamper().stamp(pictures.crop(), Generation(model="m"), to=folder / "a.png")
    (folder / "stranger.png").write_bytes(b"x")
    return folder


def test_once_says_by_its_exit_code_what_was_found(
    own_workspace: Path, out: Path, command: Command
) -> None:
    found = command("guard", out, "-w", own_workspace, "--once")
    assert found.code == 3
    pattern = rf"[-0-9]+ [:0-9]+Z  no record: {re.escape(str(out))}/stranger\.png\n"
    assert re.fullmatch(pattern, found.out)
    rows = command("guard", out, "-w", own_workspace, "--once", "--jsonl").rows
    assert [(row["alarm"], row["path"]) for row in rows] == [
        ("NO_RECORD", str(out / "stranger.png"))
    ]
    (out / "stranger.png").unlink()
    clean = command("guard", out, "-w", own_workspace, "--once")
    assert (clean.code, clean.out, clean.err) == (0, "", "")


def test_it_writes_nothing(own_workspace: Path, out: Path) -> None:
    if run("writes", "--try", wrapper=(SCRIPT,)).returncode != 0:
        pytest.skip("this kernel or container does not allow seccomp filters")
    done = run(
        "guard", out, "-w", own_workspace, "--once", wrapper=(SCRIPT, "writes"),
        env={"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 3, done.stderr.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_watches_until_it_is_stopped(
    own_workspace: Path, out: Path, number: signal.Signals
) -> None:
    watching = subprocess.Popen(
        [
            sys.executable, "-m", "provenance_cli", "guard", out, "-w", own_workspace,
            "--interval", "0s",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    limit = threading.Timer(60, watching.kill)
    limit.start()
    try:
        assert watching.stdout
        assert "no record: " in watching.stdout.readline()
        (out / "stranger.png").rename(out / "other.png")
        second = watching.stdout.readline() + watching.stdout.readline()
        assert "cleared: " in second
        assert "other.png" in second
        watching.send_signal(number)
        rest, err = watching.communicate()
    finally:
        limit.cancel()
        watching.kill()
    assert (rest, err, watching.returncode) == ("", "stopped; alarms: 1\n", 3)


def test_a_registry_that_does_not_answer_is_said_and_is_no_all_clear(
    own_workspace: Path, out: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (out / "stranger.png").unlink()
    monkeypatch.setattr(SqliteStore, "__init__", _elsewhere(SqliteStore.__init__))
    refused = command("guard", out, "-w", own_workspace, "--once")
    assert refused.code == 2
    assert "not everything was looked at: there is no registry" in refused.err
    assert "[E_REGISTRY]" in refused.err


def _elsewhere(original):
    def made(self, path, **options):
        original(self, path.with_name("nowhere"), **options)

    return made


def test_bad_arguments_are_refused(own_workspace: Path, out: Path, command: Command) -> None:
    refused = command("guard", out, "-w", own_workspace, "--interval", "soon")
    assert refused.code == 2
    assert "soon is not a time" in refused.err
    refused = command("guard", out / "nowhere", "-w", own_workspace, "--once")
    assert refused.code == 2
    assert "not a directory" in refused.err
