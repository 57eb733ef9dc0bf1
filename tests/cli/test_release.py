"""`provenance release`: after a process was killed at each step of stamping."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import crashes, tamper
from support.command import Command

from provenance import Workspace
from provenance.model import RecordState, Verdict
from provenance.registry import SqliteStore
from provenance.stamp.target import is_unreleased

#: What each crash must end as, by the release order: the commit is step 7.
COMMITTED = {"7 committed", "8 linked", "8 published", "9 released"}


class Scene:
    """A workspace and one output folder for each step at which a process was killed."""

    def __init__(self, top: Path) -> None:
        self.workspace = Workspace.create(top / "ws", system_name="acme-images")
        self.out = top / "out"
        self.out.mkdir()
        (self.out / ".provenance-notes.txt").write_text("not ours")
        os.utime(self.out / ".provenance-notes.txt", (0, 0))
        subprocess.run(
            [sys.executable, "-m", "support.crashes", str(self.workspace.path), str(self.out)],
            cwd=Path(crashes.__file__).parents[1],
            check=True,
            timeout=120,
        )

    def options(self, *more: str | Path) -> tuple[str | Path, ...]:
        return (self.out, "-w", self.workspace.path, "--older-than", "0s", *more)

    def state(self, step: str) -> RecordState:
        record_id = (self.out / f"{step}.record").read_text()
        record = self.workspace.store().find_by_id(record_id)
        assert record is not None
        return record.state

    def files(self) -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in self.out.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("crashes"))


def test_after_a_crash_every_rule_holds_again_once_it_was_swept(
    scene: Scene, command: Command
) -> None:
    # what the crashes left, and that looking at it changes nothing
    before = scene.files()
    found = command("release", "fsck", *scene.options("--json"))
    assert found.code == 3
    broken = {row["rule"]: len(row["violations"]) for row in json.loads(found.out)}
    asides = [name for name in before if is_unreleased(Path(name).name)]
    assert broken.pop("TIDY") == len(asides) == 6
    assert broken.pop("FINISHED") == len(crashes.STEPS) - 1
    assert broken.pop("RELEASED") == 2  # linked and published, and not yet noted
    assert not any(broken.values())
    # whoever may still be at work is left alone
    assert command("release", "fsck", scene.out, "-w", scene.workspace.path).code == 0
    assert command("release", "sweep", scene.out, "-w", scene.workspace.path).out == ""
    # a dry run says it and does nothing
    counts = scene.workspace.store().count()
    planned = command("release", "sweep", *scene.options("--dry-run", "--json"))
    assert scene.files() == before
    assert scene.workspace.store().count() == counts
    # the sweep does what the dry run said
    done = command("release", "sweep", *scene.options("--json"))
    assert done.code == 0
    rows = [{**row, "done": True} for row in json.loads(planned.out)]
    assert json.loads(done.out) == rows
    for step in crashes.STEPS:
        committed = step in COMMITTED
        assert scene.state(step) is (RecordState.RELEASED if committed else RecordState.VOID)
        assert len(list((scene.out / step).iterdir())) == committed
    assert (scene.out / ".provenance-notes.txt").read_text() == "not ours"
    clean = command("release", "fsck", *scene.options())
    assert clean.code == 0, clean.out
    assert "FAIL" not in clean.out
    assert command("release", "sweep", *scene.options()).out == ""
    # the picture that was finished is one like any other
    (picture,) = (scene.out / "7 committed").iterdir()
    verified = command("verify", picture, "-w", scene.workspace.path)
    assert verified.code == 0
    assert verified.out.startswith(Verdict.TRACED.value)


def test_a_file_that_was_changed_or_has_no_record_is_named(
    scene: Scene, command: Command, tmp_path: Path
) -> None:
    data = (scene.out / "9 released" / crashes.NAME).read_bytes()
    copy = tmp_path / "copy.png"
    copy.write_bytes(data)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere")
    options = ("release", "fsck", tmp_path, "-w", scene.workspace.path)
    assert command(*options).code == 0
    parts = tamper.chunks(data)
    parts.insert(-1, (b"tEXt", b"Comment\0changed"))
    copy.write_bytes(tamper.png(parts))
    changed = command(*options)
    assert changed.code == 3
    assert f"{copy}: it differs from the file of record" in changed.out
    copy.write_bytes(data)
    registry = scene.workspace.path / "registry.sqlite3"
    registry.rename(registry.with_name("aside"))
    SqliteStore.create(registry)
    try:
        missing = command(*options)
    finally:
        registry.with_name("aside").replace(registry)
    assert missing.code == 3
    assert "is missing" in missing.out


def test_what_is_issued_elsewhere_stays_issued_and_is_reported(
    command: Command, tmp_path: Path
) -> None:
    from support.records import issued_file, reserved

    workspace = Workspace.create(tmp_path / "ws", system_name="acme-images")
    store = workspace.store()
    record = reserved(store)
    store.issue(record.record_id, issued_file())
    swept = command("release", "sweep", "-w", workspace.path, "--older-than", "0s")
    assert swept.code == 0
    assert swept.out.startswith(f"kept      {record.record_id}")
    assert store.count()[RecordState.ISSUED] == 1


@pytest.mark.parametrize("name", ["fsck", "sweep"])
def test_bad_arguments_are_refused(
    command: Command, own_workspace: Path, tmp_path: Path, name: str
) -> None:
    refused = command("release", name, "-w", own_workspace, "--older-than", "soon")
    assert refused.code == 2
    assert "soon is not a time" in refused.err
    refused = command("release", name, tmp_path / "nowhere", "-w", own_workspace)
    assert refused.code == 2
    assert "not a directory" in refused.err
    assert command("release", name, "-w", tmp_path).code == 2
