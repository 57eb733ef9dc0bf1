"""`provenance registry index`, and what `registry find` does with what it made."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from support import pictures
from support.command import Command

from provenance import Generation, Workspace

SIDE = 384


def picture(name: str) -> bytes:
    return pictures.file(pictures.sample(name, SIDE, SIDE, top=200, left=200), "PNG")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with one edit of a photograph."""
    made = Workspace.create(tmp_path_factory.mktemp("index") / "workspace", system_name="a maker")
    stamped(made)
    return made


def stamped(ours: Workspace) -> str:
    after = pictures.sample("bottle.jpg", SIDE, SIDE, top=200, left=200)
    generation = Generation(model="acme-1")
    return ours.stamper().stamp(after, generation, parents=[picture("canyon.jpg")]).record_id


@pytest.fixture
def query(tmp_path: Path) -> Path:
    path = tmp_path / "query.png"
    path.write_bytes(picture("canyon.jpg"))
    return path


@pytest.fixture
def index(ours: Workspace, command: Command) -> Path:
    ours.index_path.unlink(missing_ok=True)
    assert command("registry", "index", "-w", ours.path).code == 0
    return ours.index_path


def found(command: Command, ours: Workspace, query: Path, *more: str) -> tuple[dict, str]:
    result = command("registry", "find", "--made-from", query, "-w", ours.path, "--json", *more)
    assert result.code == 0
    return json.loads(result.out), result.err


def test_the_index_is_built_for_its_owner_and_said_what_it_holds(
    command: Command, ours: Workspace
) -> None:
    ours.index_path.unlink(missing_ok=True)
    result = command("registry", "index", "-w", ours.path, "--json")
    assert result.code == 0
    said = json.loads(result.out)
    assert said.pop("seconds") >= 0
    assert said == {
        "path": str(ours.index_path),
        "size": ours.index_path.stat().st_size,
        "horizon": ours.store(read_only=True).fingerprint_horizon(),
        "records": 1,
        "parents": 1,
        "left_out": 0,
    }
    assert stat.S_IMODE(ours.index_path.stat().st_mode) == 0o600
    result = command("registry", "index", "-w", ours.path)
    assert "1 issued pictures and 1 parents, up to fingerprint" in result.out


def test_without_an_index_it_says_how_to_make_one(
    command: Command, ours: Workspace, query: Path
) -> None:
    ours.index_path.unlink(missing_ok=True)
    document, said = found(command, ours, query)
    assert (document["searched"], document["indexed"]) == (1, 0)
    assert "note: there is no index" in said
    assert "`provenance registry index`" in said


def test_with_an_index_the_answer_is_the_same(
    command: Command, ours: Workspace, query: Path, index: Path
) -> None:
    document, said = found(command, ours, query)
    assert (document["searched"], document["indexed"]) == (1, 1)
    assert "note:" not in said
    scanned, said = found(command, ours, query, "--scan")
    assert scanned["indexed"] == 0
    assert "note:" not in said
    assert scanned["candidates"] == document["candidates"] != []


def test_what_was_stamped_after_the_index_was_built_is_found(
    command: Command, ours: Workspace, query: Path, index: Path
) -> None:
    before, _ = found(command, ours, query)
    new = stamped(ours)
    after, _ = found(command, ours, query)
    assert after["indexed"] == before["indexed"]
    ids = [row["record_id"] for row in before["candidates"]]
    assert sorted(row["record_id"] for row in after["candidates"]) == sorted([*ids, new])


def test_when_much_is_newer_than_the_index_it_says_so(
    command: Command, ours: Workspace, query: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamped(ours)
    monkeypatch.setattr("provenance_cli.commands.registry_index._MANY_NEWER", 0)
    _, said = found(command, ours, query)
    assert "note: 1 fingerprints are newer than the index; `provenance registry index`" in said


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: os.truncate(path, 5000), "damaged"),
        (lambda path: path.write_bytes(b"text"), "not a search index"),
        (lambda path: path.chmod(0o666), "only its owner can write"),
        (lambda path: (path.unlink(), path.mkdir()), "not a regular file"),
        (lambda path: (path.unlink(), path.symlink_to("nowhere")), "cannot read the index"),
    ],
    ids=["short", "text", "others", "directory", "link"],
)
def test_an_index_that_cannot_be_used_is_named_and_not_used(
    command: Command, ours: Workspace, query: Path, index: Path, spoil, says: str
) -> None:
    expected, _ = found(command, ours, query)
    spoil(index)
    try:
        document, said = found(command, ours, query)
        assert document["candidates"] == expected["candidates"]
        assert document["indexed"] == 0
        (note,) = [line for line in said.splitlines() if line.startswith("note:")]
        assert says in note
        assert "meanwhile all fingerprints are read" in note
    finally:
        index.rmdir() if index.is_dir() else index.unlink()


def test_the_index_of_another_registry_is_not_used(
    command: Command, ours: Workspace, query: Path, tmp_path: Path
) -> None:
    other = Workspace.create(tmp_path / "other")
    assert command("registry", "index", "-w", other.path).code == 0
    other.index_path.replace(ours.index_path)
    document, said = found(command, ours, query)
    assert document["indexed"] == 0
    assert "note: the index is of another registry" in said


def test_an_index_that_cannot_be_written_is_an_error(command: Command, ours: Workspace) -> None:
    ours.index_path.unlink(missing_ok=True)
    ours.index_path.mkdir()
    try:
        result = command("registry", "index", "-w", ours.path)
    finally:
        ours.index_path.rmdir()
    assert (result.code, result.out) == (2, "")
    assert "error: cannot write the index: Is a directory" in result.err
    assert "[E_REGISTRY]" in result.err
    assert not [path for path in ours.path.iterdir() if "incomplete" in path.name]
