"""The issuance log of a real workspace, through its commands."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.command import Command

from provenance import Workspace
from provenance.model import RecordState, Verdict
from provenance.workspace.issuance import make_key


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "ws", system_name="acme-images")


@pytest.fixture
def picture(tmp_path: Path, plain_png: bytes) -> Path:
    path = tmp_path / "picture.png"
    path.write_bytes(plain_png)
    return path


def stamp(command: Command, workspace: Workspace, picture: Path, folder: str) -> Path:
    out = workspace.path.parent / folder
    done = command("stamp", picture, "-w", workspace.path, "--out", out)
    assert (done.code, done.err) == (0, "")
    return out / picture.name


def test_what_is_stamped_is_logged_proven_and_said_in_the_finding(
    command: Command, workspace: Workspace, picture: Path, tmp_path: Path
) -> None:
    stamped = stamp(command, workspace, picture, "one")
    stamp(command, workspace, picture, "two")
    log = workspace.log(read_only=True)
    assert log.newest().size == 2
    assert log.source.waiting() == 0
    (record,) = workspace.store().find_by_sha256(_sha256(stamped))
    proof = tmp_path / "leaf.tlog-proof"
    proven = command("log", "prove", record.record_id, "-w", workspace.path)
    proof.write_text(proven.out)
    key = command("log", "key", "-w", workspace.path).out.strip()
    checked = command("log", "verify", proof, "--key", key)
    assert checked.code == 0
    assert workspace.store().commitment_of(record.record_id).hex() in checked.out
    found = command("verify", stamped, "-w", workspace.path)
    assert found.out.startswith(Verdict.TRACED.value)
    assert f"leaf {record.log_position} of 2 in the log {log.key.name}" in found.out
    assert command("log", "fsck", "-w", workspace.path).code == 0
    assert command("registry", "fsck", "-w", workspace.path).code == 0


def test_a_registry_from_an_old_backup_is_not_stamped_into_and_counts_for_nothing(
    command: Command, workspace: Workspace, picture: Path, tmp_path: Path
) -> None:
    registry = workspace.path / "registry.sqlite3"
    stamped = stamp(command, workspace, picture, "one")
    backup = tmp_path / "backup"
    shutil.copy(registry, backup)
    stamp(command, workspace, picture, "two")
    shutil.copy(backup, registry)
    refused = command("stamp", picture, "-w", workspace.path, "--out", tmp_path / "three")
    assert refused.code == 2
    assert "backup" in refused.err
    assert refused.err.count("\n") == 1
    assert not list((tmp_path / "three").glob("*"))
    assert workspace.store().count()[RecordState.RESERVED] == 0
    assert command("log", "checkpoint", "-w", workspace.path).code == 2
    assert command("log", "fsck", "-w", workspace.path).code == 3
    # the manifest is still trusted; the record is not asked
    found = command("verify", stamped, "-w", workspace.path)
    assert "The registry could not be asked." in found.out
    assert "the issuance log does not bear it out" in found.out


def test_a_log_that_cannot_be_published_is_said_and_the_picture_is_out(
    command: Command, workspace: Workspace, picture: Path, tmp_path: Path
) -> None:
    (workspace.path / "log").write_text("in the way")
    out = tmp_path / "out"
    done = command("stamp", picture, "-w", workspace.path, "--out", out)
    assert done.code == 0
    assert "warning: the issuance log was not published" in done.err
    assert "provenance log checkpoint" in done.err
    assert (out / picture.name).is_file()
    (workspace.path / "log").unlink()
    assert workspace.store().waiting() == 1
    assert command("log", "checkpoint", "-w", workspace.path).code == 0
    assert workspace.store().waiting() == 0


def test_a_workspace_from_before_the_log_gets_a_key_and_one_that_lost_it_does_not(
    command: Command, workspace: Workspace, picture: Path
) -> None:
    key = workspace.path / "keys" / "log.key"
    key.unlink()
    assert command("log", "key", "-w", workspace.path).code == 2
    stamp(command, workspace, picture, "one")
    assert key.is_file()
    key.unlink()
    refused = command("stamp", picture, "-w", workspace.path, "--out", workspace.path.parent / "x")
    assert refused.code == 2
    assert "there is no key for the issuance log" in refused.err
    # another key would begin another log: it is refused as well
    make_key(workspace.path, workspace.store(), workspace.settings.system.id)
    refused = command("stamp", picture, "-w", workspace.path, "--out", workspace.path.parent / "x")
    assert refused.code == 2
    assert "[E_LOG]" in refused.err


def test_a_certificate_is_revoked_from_the_newest_checkpoint_on(
    command: Command, workspace: Workspace, picture: Path
) -> None:
    before = stamp(command, workspace, picture, "before")
    revoke = ("keys", "revoke", "--current", "--reason", "key-compromise", "-w", workspace.path)
    done = command(*revoke)
    assert done.code == 0
    (item,) = workspace.revocations().items
    log = workspace.log(read_only=True)
    assert (item.log, item.from_size) == (log.key.name, 1)
    assert command("verify", before, "-w", workspace.path).out.startswith(Verdict.TRACED.value)
    assert command("stamp", picture, "-w", workspace.path, "--out", before.parent).code == 2


def test_nothing_is_revoked_from_a_checkpoint_that_is_not_there(
    command: Command, workspace: Workspace
) -> None:
    revoke = ("keys", "revoke", "--current", "--reason", "key-compromise", "-w", workspace.path)
    refused = command(*revoke)
    assert refused.code == 2
    assert "nothing was published yet" in refused.err
    assert workspace.revocations().items == ()


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()
