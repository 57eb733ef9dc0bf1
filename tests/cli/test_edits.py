"""`provenance stamp --parent` and the tree of `provenance inspect`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from support.command import Command


@pytest.fixture
def photo(folder: Path) -> Path:
    return folder / "below" / "b.png"


def test_an_edit_is_stamped_and_its_tree_shown(
    command: Command, own_workspace: Path, folder: Path, photo: Path, tmp_path: Path
) -> None:
    result = command(
        "stamp", "-w", own_workspace, folder / "a.png", "-o", tmp_path / "out", "--jsonl",
        "--parent", photo, "--parent", photo, "--operation", "inpaint", "--operation", "upscale",
    )  # fmt: skip
    assert result.code == 0
    (row,) = result.rows
    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    assert [parent["sha256"] for parent in row["parents"]] == [digest] * 2
    assert str(photo) not in result.out

    shown = command("inspect", "-w", own_workspace, row["output"])
    assert shown.code == 0
    title, top, first, second, blank = shown.out.splitlines()[:5]
    assert (title, blank) == ("Provenance:", "")
    assert top.startswith("  trusted: this picture; signed by test-system; c2pa.opened, ")
    assert "compositeWithTrainedAlgorithmicMedia; operations inpaint, upscale" in top
    assert first == "    no manifest: parentOf"
    assert second == "    no manifest: componentOf"

    document = json.loads(command("inspect", "-w", own_workspace, row["output"], "--json").out)
    assert document["evidence"]["manifest"]["operations"] == ["inpaint", "upscale"]


def test_a_file_without_manifest_has_a_tree_of_one_line(
    command: Command, own_workspace: Path, photo: Path
) -> None:
    lines = command("inspect", "-w", own_workspace, photo).out.splitlines()
    assert lines[:3] == ["Provenance:", "  no manifest: this picture", ""]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--parent", "{photo}", "{photo}"), 2, "--parent belongs to one picture"),
        (("--operation", "make it nicer"), 2, "unknown operation"),
        (("--operation", "inpaint"), 2, "no picture that was edited"),
        (("--parent", "{folder}/notes.txt"), 2, "parent 1: "),
        (("--parent", "{folder}/nothing.png"), 2, "parent 1, "),
    ],
)
def test_what_cannot_be_an_edit_is_refused_in_one_line(
    command: Command,
    own_workspace: Path,
    folder: Path,
    photo: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    filled = [argument.format(photo=photo, folder=folder) for argument in arguments]
    result = command(
        "stamp", "-w", own_workspace, folder / "a.png", "-o", tmp_path / "out", *filled
    )
    assert result.code == code
    assert says in result.err
    assert len(result.err.splitlines()) == 1
    assert not list(tmp_path.glob("out/*.png"))
