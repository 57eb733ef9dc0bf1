"""`provenance registry show`, `stats` and `fsck`: what the registry says of itself."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.command import Command
from support.records import SYSTEM, a_request, checkpoint, issued_file, parent_file, reserved

from provenance import Workspace
from provenance.model import Record
from provenance.registry import StoreRule


@pytest.fixture
def ours(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace", system_name="acme-images", system_id=SYSTEM.id)


@pytest.fixture
def record(ours: Workspace) -> Record:
    """An edit of two pictures, in the log."""
    store = ours.store()
    account = ours.pseudonyms().of("somebody")
    made = reserved(store, request=a_request(), account=account)
    file = issued_file(parents=(parent_file(), parent_file(1)))
    store.issue(made.record_id, file)
    store.release(made.record_id)
    store.sequence()
    found = store.find_by_id(made.record_id)
    assert found is not None
    return found


def shown(command: Command, ours: Workspace, *arguments: str | Path) -> dict[str, object]:
    result = command("registry", *arguments, "-w", ours.path, "--json")
    assert result.code == 0, result.err
    document: dict[str, object] = json.loads(result.out)
    return document


def test_a_record_is_shown_whole_and_without_its_secrets(
    command: Command, ours: Workspace, record: Record
) -> None:
    assert record.file is not None
    assert record.issued_at is not None
    document = shown(command, ours, "show", record.record_id)
    leaf = ours.store().commitment_of(record.record_id)
    assert leaf is not None
    file = document.pop("file")
    assert document == {
        "schema_version": 1,
        "record_id": record.record_id,
        "state": "released",
        "system": {"id": SYSTEM.id, "name": SYSTEM.name},
        "mark_id": str(record.mark_id),
        "manifest_id": record.manifest_id,
        "scheme": record.scheme,
        "epoch": 3,
        "model": "acme-1",
        "model_version": "2.0",
        "operations": ["inpaint", "upscale"],
        "reserved_at": record.reserved_at.isoformat(),
        "issued_at": record.issued_at.isoformat(),
        "idempotent": True,
        "pseudonym": record.pseudonym,
        "leaf": {"sha256": leaf.hex(), "position": 0},
    }
    assert isinstance(file, dict)
    assert file["sha256"] == record.file.sha256
    assert file["manifest"] == {
        "sha256": hashlib.sha256(record.file.manifest).hexdigest(),
        "byte_size": 100,
    }
    assert file["signer_sha256"] == record.file.signer
    parents = record.file.parents
    assert [item["sha256"] for item in file["parents"]] == [item.sha256 for item in parents]
    assert [item["relationship"] for item in file["parents"]] == ["parentOf", "componentOf"]


@pytest.mark.parametrize("form", ["--json", None])
def test_nothing_that_is_sealed_or_secret_is_shown(
    command: Command, ours: Workspace, record: Record, form: str | None
) -> None:
    assert record.file is not None
    assert record.request is not None
    arguments = ["registry", "show", record.record_id, "-w", ours.path, *([form] if form else [])]
    result = command(*arguments)
    with closing(sqlite3.connect(ours.path / "registry.sqlite3")) as connection:
        ((salt, sealed),) = connection.execute("SELECT salt, sealed FROM records, accounts")
    secrets = (
        salt,
        sealed,
        record.file.grid,
        record.file.manifest,
        record.file.envelope,
        record.request.key,
        record.request.digest,
    )
    assert [item.hex() for item in secrets if item[:8].hex() in result.out] == []
    assert "somebody" not in result.out


def test_a_record_is_shown_to_people(command: Command, ours: Workspace, record: Record) -> None:
    result = command("registry", "show", str(record.mark_id), "-w", ours.path)
    assert result.code == 0
    lines = dict(line.split(maxsplit=1) for line in result.out.splitlines())
    assert lines["record"] == f"{record.record_id}, released"
    assert lines["mark"].startswith(str(record.mark_id))
    assert lines["log"].startswith("position 0, leaf ")
    assert lines["edit"] == "inpaint, upscale"
    assert lines["account"] == f"pseudonym {record.pseudonym}"
    assert record.file is not None
    assert lines["componentOf"].startswith(record.file.parents[1].sha256)


def test_a_record_without_a_file_is_shown_as_far_as_it_goes(
    command: Command, ours: Workspace, tmp_path: Path
) -> None:
    made = ours.store().void(reserved(ours.store()).record_id)
    document = shown(command, ours, "show", made.record_id)
    assert (document["state"], document["file"], document["leaf"]) == ("void", None, None)
    text = command("registry", "show", made.record_id, "-w", ours.path).out
    assert "no leaf: nothing was issued" in text
    assert "account     none known" in text
    out = tmp_path / "m.c2pa"
    refused = command("registry", "show", made.record_id, "-w", ours.path, "--manifest", out)
    assert (refused.code, refused.out) == (2, "")
    assert "is void: no manifest" in refused.err
    assert not out.exists()


def test_a_manifest_is_written_to_a_new_file_only(
    command: Command, ours: Workspace, record: Record, tmp_path: Path
) -> None:
    assert record.file is not None
    out = tmp_path / "manifest.c2pa"
    arguments = ("registry", "show", record.record_id, "-w", ours.path, "--manifest", out)
    assert command(*arguments).code == 0
    assert out.read_bytes() == record.file.manifest
    out.write_bytes(b"somebody's")
    refused = command(*arguments)
    assert (refused.code, refused.out) == (2, "")
    assert "exists already" in refused.err
    assert out.read_bytes() == b"somebody's"


def test_a_file_of_several_records_has_to_be_named_otherwise(
    command: Command, ours: Workspace
) -> None:
    store, file = ours.store(), issued_file()
    made = [store.issue(reserved(store).record_id, file) for _ in range(2)]
    result = command("registry", "show", file.sha256, "-w", ours.path)
    assert (result.code, result.out) == (2, "")
    assert "2 records have this file" in result.err
    assert all(record.record_id in result.err for record in made)


def test_what_a_registry_holds_is_counted(
    command: Command, ours: Workspace, record: Record
) -> None:
    store = ours.store()
    store.issue(reserved(store).record_id, issued_file())
    store.erase(store.issue(reserved(store).record_id, issued_file()).record_id)
    head = checkpoint(1)
    store.add_checkpoint(head)
    (ours.path / "registry.index").write_bytes(bytes(77))
    document = shown(command, ours, "stats")
    sizes = document.pop("bytes")
    assert sizes == {
        "registry": (ours.path / "registry.sqlite3").stat().st_size,
        "index": 77,
        "log": 0,
    }
    days = document.pop("issued_by_day")
    assert isinstance(days, dict)
    assert sum(days.values()) == 2
    assert document == {
        "schema_version": 1,
        "records": {"reserved": 0, "issued": 1, "released": 1, "void": 0},
        "erased": 1,
        "issued": [
            {
                "system": {"id": SYSTEM.id, "name": SYSTEM.name},
                "model": "acme-1",
                "model_version": "2.0",
                "scheme": record.scheme,
                "epoch": 3,
                "records": 2,
            }
        ],
        "fingerprints": {"own": 2, "parents": 2},
        "leaves": {"total": 3, "waiting": 2},
        "checkpoints": {
            "total": 1,
            "newest_size": 1,
            "newest_root": head.root.hex(),
            "newest_signed_at": head.signed_at.isoformat(),
        },
        "accounts": 1,
        "access_entries": 0,
    }
    text = command("registry", "stats", "-w", ours.path).out
    assert "records       2: 0 reserved, 1 issued, 1 released, 0 void; 1 erased" in text
    assert "index 77 bytes" in text


def test_an_empty_registry_has_statistics_too(command: Command, ours: Workspace) -> None:
    result = command("registry", "stats", "-w", ours.path)
    assert result.code == 0
    assert "checkpoints   none" in result.out


def test_a_registry_that_breaks_a_rule_is_told_so(
    command: Command, ours: Workspace, record: Record
) -> None:
    arguments = ("registry", "fsck", "-w", ours.path)
    clean = command(*arguments)
    assert clean.code == 0
    assert [line[:2] for line in clean.out.splitlines()] == ["ok"] * len(StoreRule)
    with closing(sqlite3.connect(ours.path / "registry.sqlite3")) as connection, connection:
        connection.execute("UPDATE records SET system_name = ?", ("\x1b[31mred",))
    broken = command(*arguments)
    assert broken.code == 3
    assert f"      record {record.record_id} is not the one that was logged" in broken.out
    rows = json.loads(command(*arguments, "--json").out)
    assert [row["rule"] for row in rows if row["violations"]] == ["LEAVES"]
    refused = command("registry", "show", record.record_id, "-w", ours.path)
    assert refused.code == 2
    assert "is not the one that was logged" in refused.err


def test_a_registry_that_cannot_be_counted_is_told_so(
    command: Command, ours: Workspace, record: Record
) -> None:
    with closing(sqlite3.connect(ours.path / "registry.sqlite3")) as connection, connection:
        connection.execute("UPDATE records SET state = 'sold'")
    result = command("registry", "stats", "-w", ours.path)
    assert (result.code, result.out) == (2, "")
    assert "is damaged" in result.err
    assert "registry fsck" in result.err
    assert command("registry", "fsck", "-w", ours.path).code == 3


@pytest.mark.parametrize("name", ["show", "stats", "fsck", "access"])
def test_looking_changes_nothing(
    command: Command, ours: Workspace, record: Record, name: str
) -> None:
    before = {path: path.read_bytes() for path in ours.path.rglob("*") if path.is_file()}
    given = [record.record_id] if name == "show" else []
    assert command("registry", name, *given, "-w", ours.path).code == 0
    assert {path: path.read_bytes() for path in ours.path.rglob("*") if path.is_file()} == before


def test_two_outputs_of_the_access_log_exclude_each_other(
    command: Command, ours: Workspace
) -> None:
    result = command("registry", "access", "-w", ours.path, "--json", "--jsonl")
    assert (result.code, result.out) == (2, "")
