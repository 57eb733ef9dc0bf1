"""A publisher that is killed between any two of its operations, and the one that comes after."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.leaves import NOON, DiskSource, make_log

from provenance.errors import LogError
from provenance.log import IssuanceLog

#: What the log does to files, each a step before which the process may end.
OPERATIONS = ("open", "write", "fsync", "replace", "mkdir", "unlink", "rmdir")
LATER = NOON + timedelta(minutes=5)


def log_in(folder: Path, step: Callable[[], None] = lambda: None) -> IssuanceLog:
    return make_log(folder, DiskSource(folder / "registry", step))


def everything(folder: Path) -> dict[str, bytes]:
    """All that is durable, but for locks and what was written aside."""
    found = {}
    for top in ("log", "keys"):
        for path in sorted((folder / top).rglob("*")):
            if path.is_file() and not path.name.endswith((".lock", ".tmp")):
                name = path.relative_to(folder).as_posix()
                if "/.tmp/" not in name:
                    found[name] = path.read_bytes()
    source = DiskSource(folder / "registry")
    found["rows"] = b"".join(source.rows)
    found["checkpoints"] = repr(source.checkpoints()).encode()
    return found


def publish_in_child(folder: Path, end_before: int | None) -> int:
    """Publish in a process that is killed before that operation; how many it did, else."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def step() -> None:
            nonlocal count
            if count == end_before:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1

        def stepping(original: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                step()
                return original(*arguments, **named)

            return call

        try:
            log = log_in(folder, step)
            for name in OPERATIONS:
                setattr(os, name, stepping(getattr(os, name)))
            log.publish(LATER)
            done, end_before = count, None
            os.write(writer, str(done).encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    with open(reader, "rb") as pipe:  # noqa: PTH123 - a descriptor
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if end_before is None:
        assert status == 0
        return int(said)
    assert status == -signal.SIGKILL
    return end_before


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A log of 250 leaves with ten that wait: publishing them fills a tile."""
    folder = tmp_path / "before"
    folder.mkdir()
    log = log_in(folder)
    log.source.issue(250)
    log.publish(NOON)
    log.source.issue(10)
    return folder


def test_after_a_crash_anywhere_publishing_ends_in_the_same_place(
    tmp_path: Path, before: Path
) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(before, whole)
    steps = publish_in_child(whole, None)
    assert steps > 40
    expected = everything(whole)
    assert "log/tile/0/000" in expected
    assert "log/tile/0/000.p/250" not in expected
    for end_before in range(steps):
        folder = tmp_path / f"killed-{end_before}"
        shutil.copytree(before, folder)
        publish_in_child(folder, end_before)
        log = log_in(folder)
        log.check()  # stamping goes on meanwhile
        published = log.publish(LATER)
        assert published.checkpoint.size == 260
        assert everything(folder) == expected, f"killed before operation {end_before}"
        assert log.fsck() == []
        shutil.rmtree(folder)


def test_a_crash_and_more_leaves_before_the_next_publication(tmp_path: Path, before: Path) -> None:
    steps = 60
    for end_before in range(0, steps, 4):
        folder = tmp_path / f"killed-{end_before}"
        shutil.copytree(before, folder)
        publish_in_child(folder, end_before)
        log = log_in(folder)
        log.source.issue(300)
        log.publish(LATER)
        assert log.newest().size == 560
        assert log.fsck() == []
        shutil.rmtree(folder)


def publishing_fails(log: IssuanceLog) -> LogError | None:
    try:
        log.publish(LATER)
    except LogError as error:
        return error
    return None


@pytest.mark.parametrize("name", ["fsync", "write", "replace"])
def test_an_operation_that_fails_is_an_error_and_the_next_call_mends_it(
    before: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    original, left = getattr(os, name), 0

    def failing(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(28, "No space left on device")
        return original(*arguments, **named)

    failed = 0
    for at in range(1, 30):
        log = log_in(before)
        left = at
        monkeypatch.setattr(os, name, failing)
        error = publishing_fails(log)
        monkeypatch.undo()
        if error is None:
            break
        assert "No space left" in error.message
        failed += 1
    assert failed
    assert log_in(before).publish(LATER).checkpoint.size == 260
    assert log_in(before).fsck() == []
