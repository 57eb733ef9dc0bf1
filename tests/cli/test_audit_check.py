"""`provenance audit check`: a run that was changed after it was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import Command

from provenance.audit.parts import path_of

pytest.importorskip("pyarrow", reason="needs the extra `audit`")


@pytest.fixture
def run(command: Command, folder: Path, tmp_path: Path) -> Path:
    directory = tmp_path / "run"
    done = command("audit", folder, "--out", directory, "--chunk", "1", "--depth", "fast")
    assert done.code == 6  # one of the three files is no picture
    return directory


def test_a_run_is_what_was_written_and_says_so(command: Command, run: Path) -> None:
    checked = command("audit", "check", run)
    assert (checked.code, checked.out) == (
        0,
        "ok    every part is there, and is what was written\n",
    )
    assert command("audit", "check", run, "--json").out == "[]\n"


def test_what_is_missing_is_to_be_done_and_what_was_changed_is_named(
    command: Command, run: Path
) -> None:
    path_of(run / "parts", 0).unlink()
    checked = command("audit", "check", run)
    assert checked.code == 130
    assert checked.out.startswith("todo")
    changed = path_of(run / "parts", 1)
    changed.write_bytes(path_of(run / "parts", 2).read_bytes())
    checked = command("audit", "check", run, "--json")
    assert checked.code == 3
    found = {Path(row["path"]).name: row["missing"] for row in json.loads(checked.out)}
    assert found == {path_of(run, 0).name: True, changed.name: False}


def test_a_directory_without_a_run_is_refused(command: Command, tmp_path: Path) -> None:
    refused = command("audit", "check", tmp_path)
    assert refused.code == 2
    assert "holds no run" in refused.err
