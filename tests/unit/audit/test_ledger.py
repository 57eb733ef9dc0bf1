"""What a ledger begins, goes on with, and refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from provenance.audit import parts
from provenance.audit.check import check
from provenance.audit.chunk import Chunk
from provenance.audit.ledger import Ledger
from provenance.audit.row import empty
from provenance.errors import ConfigError, ErrorCode, ProvenanceError

SETTINGS = {"depth": "fast", "tool_version": "1"}
CHUNKS = [
    Chunk(kind="files", address="d", count=2, names=("d/a", "d/b")),
    Chunk(kind="files", address="d", count=1, names=("d/\udcff",)),
]


def do(ledger: Ledger, number: int) -> None:
    chunk = CHUNKS[number]
    parts.write(ledger.parts, number, [empty(chunk.key(i), "1") for i in range(chunk.count)])


def todo(ledger: Ledger) -> list[int]:
    return [number for number, _ in ledger.todo()]


def faults(ledger: Ledger) -> list[tuple[str, str, bool]]:
    return [(fault.path.name, fault.message, fault.missing) for fault in check(ledger)]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "run", SETTINGS, CHUNKS)


def never() -> Iterator[Chunk]:
    pytest.fail("listed again")
    yield


def test_a_run_begins_and_goes_on(ledger: Ledger) -> None:
    assert (ledger.chunks, ledger.images) == (2, 3)
    assert [chunk for _, chunk in ledger.todo()] == CHUNKS
    do(ledger, 0)
    again = Ledger.open(ledger.directory, SETTINGS, never())
    assert again == ledger == Ledger.existing(ledger.directory)
    assert todo(again) == [1]


def test_other_settings_are_refused_and_named(ledger: Ledger) -> None:
    with pytest.raises(ConfigError, match="under other settings: depth, more") as caught:
        Ledger.open(ledger.directory, {"depth": "deep", "tool_version": "1", "more": 1}, never())
    assert "not mixed" in caught.value.hint


@pytest.mark.parametrize("name", ["picture.png", "summary.json", ".hidden"])
def test_a_directory_with_something_else_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ConfigError, match="not empty"):
        Ledger.open(tmp_path, SETTINGS, never())


def test_parts_without_their_run_are_refused(ledger: Ledger) -> None:
    do(ledger, 0)
    (ledger.directory / "run.json").unlink()
    with pytest.raises(ConfigError, match="parts without"):
        Ledger.open(ledger.directory, SETTINGS, never())


def test_what_a_beginning_that_was_killed_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "chunks.jsonl").write_text("half")
    (tmp_path / "run.json.host-1.incomplete").write_text("{")
    (tmp_path / "parts").mkdir()
    (tmp_path / "locks").mkdir()
    assert todo(Ledger.open(tmp_path, SETTINGS, CHUNKS)) == [0, 1]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", '{"ledger_version": 1}', '{"ledger_version": 99}', "[" * 100_000],
)
def test_a_broken_run_is_refused(ledger: Ledger, text: str) -> None:
    (ledger.directory / "run.json").write_text(text)
    with pytest.raises(ConfigError):
        Ledger.open(ledger.directory, SETTINGS, never())
    with pytest.raises(ConfigError):
        Ledger.existing(ledger.directory)


def test_a_changed_list_of_chunks_is_refused(ledger: Ledger) -> None:
    path = ledger.directory / "chunks.jsonl"
    path.write_bytes(path.read_bytes().replace(b"d/a", b"d/x"))
    with pytest.raises(ConfigError, match="was changed"):
        todo(ledger)


def test_where_no_run_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no run"):
        Ledger.existing(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ProvenanceError) as caught:
        Ledger.open(tmp_path / "run", SETTINGS, CHUNKS)
    assert caught.value.code is ErrorCode.IO


def test_a_file_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    with pytest.raises(ProvenanceError) as caught:
        Ledger.open(tmp_path / "run", SETTINGS, CHUNKS)
    assert caught.value.code is ErrorCode.IO


def test_several_that_begin_at_once_have_one_list(tmp_path: Path) -> None:
    listed, opened = [], []

    def slowly() -> Iterator[Chunk]:
        listed.append(1)
        yield from CHUNKS

    threads = [
        threading.Thread(target=lambda: opened.append(Ledger.open(tmp_path, SETTINGS, slowly())))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(opened)) == 1
    assert len(opened) == 4
    assert len(listed) == 1


# --- who works ------------------------------------------------------------------------


def busy(ledger: Ledger) -> bool:
    try:
        with ledger.working():
            return False
    except ProvenanceError as error:
        if error.code is not ErrorCode.BUSY:
            raise
        return True


def test_one_process_works_on_a_run(ledger: Ledger) -> None:
    with ledger.working():
        assert busy(ledger)
    assert not busy(ledger)


_HOLDER = """
import sys, time
from pathlib import Path
from provenance.isolation import locks
with locks.working(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(3600)
"""


def test_who_is_killed_lets_go(ledger: Ledger) -> None:
    folder = str(ledger.directory / "locks")
    with subprocess.Popen([sys.executable, "-c", _HOLDER, folder], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert busy(ledger)
        other.kill()
    assert not busy(ledger)


# --- what became of it ------------------------------------------------------------------


def test_a_run_that_is_as_it_was_written(ledger: Ledger) -> None:
    assert [missing for *_, missing in faults(ledger)] == [True, True]
    do(ledger, 0)
    do(ledger, 1)
    assert faults(ledger) == []


def test_a_part_that_was_cut_off_is_named_and_done_again(ledger: Ledger) -> None:
    do(ledger, 0)
    do(ledger, 1)
    path = parts.path_of(ledger.parts, 1)
    path.write_bytes(path.read_bytes()[:-9])
    ((name, message, missing),) = faults(ledger)
    assert (name, missing) == (path.name, False)
    assert "is damaged" in message
    assert todo(ledger) == [1]
    do(ledger, 1)
    assert faults(ledger) == []


def test_parts_that_were_exchanged_or_added_are_named(ledger: Ledger) -> None:
    do(ledger, 0)
    do(ledger, 1)
    last = parts.path_of(ledger.parts, 1)
    parts.path_of(ledger.parts, 5).write_bytes(last.read_bytes())
    last.write_bytes(parts.path_of(ledger.parts, 0).read_bytes())
    assert [name for name, *_ in faults(ledger)] == ["part-0000001.parquet", "part-0000005.parquet"]
    assert todo(ledger) == [1]  # it has another number of rows


def test_run_json_says_what_a_run_is(ledger: Ledger) -> None:
    run = json.loads((ledger.directory / "run.json").read_text())
    assert run["settings"] == SETTINGS
    assert (run["ledger_version"], run["chunks"], run["images"]) == (1, 2, 3)
