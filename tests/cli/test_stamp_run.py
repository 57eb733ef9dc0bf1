"""`provenance stamp` of many files: workers, resuming, and what may go wrong on the way."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import disks, falls, pictures
from support.command import Command, Result, run

from provenance import Workspace
from provenance.model import RecordState

SIDE = 256


@pytest.fixture
def owner(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return filled(tmp_path / "archive", 4)


def filled(folder: Path, count: int) -> Path:
    """A directory with so many pictures, some of them below."""
    (folder / "below").mkdir(parents=True)
    for number in range(count):
        kind = ("PNG", "JPEG")[number % 2]
        name = f"{number:02}.{kind.lower()}"
        path = folder / ("below" if number % 3 == 2 else ".") / name
        path.write_bytes(pictures.file(picture(number), kind))
    return folder


def picture(number: int) -> pictures.Pixels:
    return pictures.sample("kitchen.png", SIDE, SIDE, top=7 * number, left=3 * number)


def files(folder: Path) -> dict[str, bytes]:
    """Every file that is no part of a run's own notes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] != ".provenance-run"
    }


def counted(result: Result) -> list[int]:
    """Stamped, skipped, refused, all: from the last line of the summary."""
    (line,) = [line for line in result.err.splitlines() if line.endswith(" in all")]
    return [int(word) for word in line.replace(",", "").split() if word.isdigit()]


def require_whole(owner: Workspace, folder: Path, count: int) -> None:
    """One released record for each file, which is the file of that record; nothing else."""
    store = owner.store()
    found = files(folder)
    assert len(found) == count
    for data in found.values():
        (record,) = store.find_by_sha256(hashlib.sha256(data).hexdigest())
        assert record.state is RecordState.RELEASED
    states = store.count()
    assert states[RecordState.RELEASED] == count
    assert states[RecordState.RESERVED] == states[RecordState.ISSUED] == 0


def test_two_workers_do_what_one_does(
    command: Command, owner: Workspace, archive: Path, tmp_path: Path
) -> None:
    one = command("stamp", "-w", owner.path, archive, "-o", tmp_path / "1", "--workers", "1")
    two = command("stamp", "-w", owner.path, archive, "-o", tmp_path / "2", "--workers", "2")
    assert one.code == two.code == 0
    assert counted(one) == counted(two) == [4, 0, 0, 4]
    names = {"00.png", "01.jpeg.png", "below/02.png", "03.jpeg.png"}
    assert set(files(tmp_path / "1")) == set(files(tmp_path / "2")) == names
    # A run is not another one's: nobody is given the same record twice.
    assert owner.store().count()[RecordState.RELEASED] == 8
    checked = command("verify", "-w", owner.path, "--jsonl", tmp_path / "2" / "below")
    assert [row["verdict"] for row in checked.rows] == ["TRACED"]


def test_rows_say_what_was_stamped_and_what_was_skipped_by_proof(
    command: Command, owner: Workspace, archive: Path, tmp_path: Path
) -> None:
    arguments = ("stamp", "-w", owner.path, archive, "-o", tmp_path / "out", "--resume", "--jsonl")
    first, second = command(*arguments).rows, command(*arguments).rows
    assert {row.pop("outcome") for row in first} == {"stamped"}
    assert {row.pop("outcome") for row in second} == {"skipped"}
    assert sorted(map(str, first)) == sorted(map(str, second))
    require_whole(owner, tmp_path / "out", 4)


def test_a_name_is_no_proof(
    command: Command, owner: Workspace, archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ("stamp", "-w", owner.path, archive, "-o", out, "--resume")
    assert command(*arguments).code == 0
    before = files(out)
    (out / "00.png").unlink()  # made again, the same file
    (out / "01.jpeg.png").write_bytes(b"something else")
    (archive / "03.jpeg").write_bytes(pictures.file(picture(9), "JPEG"))
    result = command(*arguments)
    assert result.code == 6
    assert counted(result) == [1, 1, 2, 4]
    assert result.err.count("exists already") == 2
    assert (out / "00.png").read_bytes() == before["00.png"]
    assert (out / "01.jpeg.png").read_bytes() == b"something else"


def kill_when(event: str, owner: Workspace, out: Path, *arguments: str | Path) -> None:
    """Kill the command once a record is reserved, a file lies beside, or a row was written."""
    process = subprocess.Popen(
        [sys.executable, "-m", "provenance_cli", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    store = owner.store()  # it undoes what the writer killed before left half way
    if event == "row":
        process.stdout.readline()
    while process.poll() is None and event != "row":
        if event == "reserved" and store.count()[RecordState.RESERVED]:
            break
        if event == "beside" and any(out.rglob("*.unreleased")):
            break
    process.kill()
    process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_anywhere_and_started_again_it_ends_the_same(
    command: Command, owner: Workspace, tmp_path: Path, seed: int
) -> None:
    archive, out = filled(tmp_path / "archive", 8), tmp_path / "out"
    arguments = ("stamp", "-w", owner.path, archive, "-o", out, "--workers", "2", "--resume")
    events = ["reserved", "beside", "row", "reserved"]
    random.Random(seed).shuffle(events)  # noqa: S311 - no secret
    released: dict[str, bytes] = {}
    for event in events:
        kill_when(event, owner, out, *arguments, "--jsonl")
        now = {name: data for name, data in files(out).items() if "/." not in f"/{name}"}
        assert released.items() <= now.items()  # what was there stays as it was
        released = now
    result = command(*arguments)
    assert result.code == 0
    assert sum(counted(result)[:3]) == counted(result)[3] == 8
    assert released.items() <= files(out).items()
    require_whole(owner, out, 8)
    assert owner.store().count()[RecordState.VOID]  # somebody was killed at work
    assert command("log", "fsck", "-w", owner.path).code == 0
    assert owner.store().waiting() == 0  # all of it is in the log


def test_a_signal_lets_what_was_begun_be_finished_and_says_how_to_go_on(
    command: Command, owner: Workspace, tmp_path: Path
) -> None:
    archive, out = filled(tmp_path / "archive", 8), tmp_path / "out"
    arguments = ("stamp", "-w", owner.path, archive, "-o", out, "--workers", "1")
    process = subprocess.Popen(
        [sys.executable, "-m", "provenance_cli", *map(str, arguments), "--jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert f"--out {out}" in err.decode() or f"-o {out}" in err.decode()
    assert err.decode().rstrip().endswith("--resume")
    stamped = 1 + len(rest.splitlines())
    assert stamped < 8
    require_whole(owner, out, stamped)
    result = command(*arguments, "--resume")
    assert counted(result) == [8 - stamped, stamped, 0, 8]


@pytest.mark.parametrize(
    ("deed", "says"),
    [
        ("segfault", "the worker crashed (SIGSEGV)"),
        ("kill", "the worker crashed (SIGKILL)"),
        ("forge", "the worker answered with something else"),
    ],
)
def test_a_file_that_workers_die_of_costs_no_other(
    owner: Workspace, archive: Path, tmp_path: Path, deed: str, says: str
) -> None:
    (archive / "poison.png").write_bytes(falls.picture(deed))
    arguments = ("stamp", "-w", owner.path, archive, "-o", tmp_path / "out", "--workers", "2")
    done = run(*arguments, "--jsonl", env=falls.environment())
    assert done.returncode == 6, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    (lost,) = [row for row in rows if row["error"]]
    assert lost["input"].endswith("poison.png")
    assert lost["error"]["code"] == "E_CRASH"
    assert lost["error"]["message"] == says
    require_whole(owner, tmp_path / "out", 4)


def test_changed_settings_are_not_mixed(
    command: Command, owner: Workspace, archive: Path, tmp_path: Path
) -> None:
    arguments = ("stamp", "-w", owner.path, archive, "-o", tmp_path / "out", "--resume")
    assert command(*arguments).code == 0
    for changed, name in {
        ("--format", "webp-lossless"): "encoding",
        ("--model", "another"): "generation",
        ("--account", "somebody"): "account",
        ("--label", "eu"): "label",
    }.items():
        result = command(*arguments, *changed)
        assert result.code == 2
        assert f"under other settings: {name}" in result.err
    state = (tmp_path / "out" / ".provenance-run" / "run.json").read_text()
    assert "somebody" not in state
    again = command(*arguments[:-1], "--workers", "1")
    assert again.code == 2
    assert "--resume goes on with it" in again.err
    require_whole(owner, tmp_path / "out", 4)


def test_the_account_of_a_run_is_in_the_registry_alone(
    command: Command, owner: Workspace, archive: Path, tmp_path: Path
) -> None:
    arguments = ("stamp", "-w", owner.path, archive, "-o", tmp_path / "out", "--resume")
    assert command(*arguments, "--account", "somebody").code == 0
    state = (tmp_path / "out" / ".provenance-run" / "run.json").read_text()
    pseudonym = owner.pseudonyms().of("somebody").pseudonym
    assert len(owner.store().records_of(pseudonym)) == 4
    assert "somebody" not in state
    assert pseudonym not in state
    assert counted(command(*arguments, "--account", "somebody")) == [0, 4, 0, 4]


def test_odd_inputs_each_have_their_row(
    command: Command, owner: Workspace, archive: Path, tmp_path: Path
) -> None:
    (archive / "link.png").symlink_to(archive / "00.png")
    (archive / "loop").symlink_to(archive)
    (archive / "notes.txt").write_text("not a picture")
    (archive / "empty.png").write_bytes(b"")
    os.mkfifo(archive / "pipe.png")
    (archive / "01.jpeg.png").write_bytes(pictures.file(picture(5), "PNG"))  # meets 01.jpeg
    (archive / os.fsdecode(b"\xff.png")).write_bytes(pictures.file(picture(6), "PNG"))
    second = filled(tmp_path / "second", 1)
    out = tmp_path / "out"
    result = command(
        "stamp", "-w", owner.path, archive, second, archive / "00.png", tmp_path / "nothing.png",
        "-o", out, "--workers", "2", "--jsonl",
    )  # fmt: skip
    assert result.code == 6
    refused = {Path(row["input"]).name: row["error"] for row in result.rows if row["error"]}
    assert {name: error["code"] for name, error in refused.items()} == {
        "link.png": "E_IO",
        "loop": "E_IO",
        "notes.txt": "E_FORMAT",
        "empty.png": "E_FORMAT",
        "pipe.png": "E_IO",
        "01.jpeg": "E_ARGUMENT",
        "00.png": "E_ARGUMENT",
        "nothing.png": "E_IO",
    }
    assert "which is that of" in refused["01.jpeg"]["message"]
    assert counted(result) == [5, 0, 8, 13]
    require_whole(owner, out, 5)


def test_a_stamped_input_is_not_stamped_again(
    command: Command, owner: Workspace, archive: Path, tmp_path: Path
) -> None:
    assert command("stamp", "-w", owner.path, archive / "00.png", "-o", tmp_path / "in").code == 0
    result = command("stamp", "-w", owner.path, tmp_path / "in", "-o", tmp_path / "out", "--resume")
    assert result.code == 2
    assert "E_STAMPED" in result.err
    assert not files(tmp_path / "out")


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        (("--request", "x", "--workers", "1"), "not for a run of many files"),
        (("--json", "--resume"), "not for a run of many files"),
        (("--workers", "0"), "Invalid value"),
        (("--label", "uk"), "there is no label"),
    ],
)
def test_what_makes_no_sense_is_refused(
    command: Command,
    owner: Workspace,
    archive: Path,
    tmp_path: Path,
    extra: tuple[str, ...],
    says: str,
) -> None:
    result = command("stamp", "-w", owner.path, archive, "-o", tmp_path / "out", *extra)
    assert result.code == 2
    assert says in result.err
    assert not (tmp_path / "out").exists()


def test_places_that_do_not_do(
    command: Command, owner: Workspace, archive: Path, tmp_path: Path
) -> None:
    def stamp(source: Path, out: Path) -> Result:
        return command("stamp", "-w", owner.path, source, "-o", out, "--resume")

    assert "overlap" in stamp(archive, archive / "out").err
    assert "overlap" in stamp(archive, tmp_path).err
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert "cannot keep a run in" in stamp(archive, blocked).err
    (tmp_path / "none").mkdir()
    empty = stamp(tmp_path / "none", tmp_path / "out")
    assert empty.code == 2
    assert "directory holds no files" in empty.err
    strange = tmp_path / "strange" / ".provenance-run"
    strange.mkdir(parents=True)
    (strange / "run.json").write_text("[]")
    assert "not a run of this software" in stamp(archive, tmp_path / "strange").err


def test_a_run_that_cannot_succeed_ends_early(
    command: Command, owner: Workspace, tmp_path: Path
) -> None:
    registry = owner.path / "registry.sqlite3"
    shutil.copy(registry, tmp_path / "backup")
    first = filled(tmp_path / "first", 1)
    assert command("stamp", "-w", owner.path, first, "-o", tmp_path / "1", "--resume").code == 0
    shutil.copy(tmp_path / "backup", registry)  # nothing may be issued from an old backup
    many = filled(tmp_path / "many", 12)
    result = command("stamp", "-w", owner.path, many, "-o", tmp_path / "2", "--workers", "2")
    assert result.code == 2
    assert "8 files in a row failed for a reason that is not theirs" in result.err
    assert "E_LOG" in result.err
    assert "--resume" in result.err
    assert not files(tmp_path / "2")


def test_a_full_disk_ends_the_run_and_space_lets_it_go_on(
    command: Command, owner: Workspace, tmp_path: Path
) -> None:
    archive = filled(tmp_path / "archive", 16)
    with disks.mounted(tmp_path / "disk", "8m") as disk:
        out = disk.path / "out"
        arguments = ("stamp", "-w", owner.path, archive, "-o", out, "--workers", "2", "--resume")
        out.mkdir()
        disk.fill(but=300_000)
        full = command(*arguments)
        assert full.code == 2
        assert "No space left on device" in full.err
        assert "E_IO" in full.err
        assert owner.store().count()[RecordState.RESERVED] == 0
        disk.empty()
        assert command(*arguments).code == 0
        require_whole(owner, out, 16)


def test_only_one_process_works_on_a_run(owner: Workspace, archive: Path, tmp_path: Path) -> None:
    from provenance.isolation import locks

    place = tmp_path / "out" / ".provenance-run" / "locks"
    place.parent.mkdir(parents=True)
    with locks.working(place):
        done = run("stamp", "-w", owner.path, archive, "-o", tmp_path / "out", "--resume")
    assert done.returncode == 2
    assert b"E_BUSY" in done.stderr
