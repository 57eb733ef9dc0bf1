"""`provenance registry migrate`: from an old schema, and from a file to a server and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from support import pictures, schema_3, stores
from support.command import Command, run
from support.postgres import Server

from provenance import Generation, Workspace
from provenance.model import RecordState, Verdict


@pytest.fixture
def made(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "ws", system_name="acme-images")


@pytest.fixture
def empty(postgres: Server) -> Iterator[str]:
    """The address of a database with nothing in it."""
    with postgres.database(template="template1") as name:
        yield postgres.url(name)


def settled(workspace: Workspace, line: str) -> Workspace:
    """The workspace once the operator has written this line where he was told to."""
    config = workspace.path / "config.toml"
    config.write_text(config.read_text().replace("[registry]\n", f"[registry]\n{line}\n"))
    return Workspace.open(workspace.path)


def test_a_workspace_moves_to_a_server_and_back(
    made: Workspace, empty: str, command: Command, tmp_path: Path
) -> None:
    stamped = made.stamper().stamp(pictures.crop(), Generation(model="acme-1"))
    picture = tmp_path / "leak.png"
    picture.write_bytes(stamped.data)
    moved = command("registry", "migrate", "--to", empty, "-w", made.path, "--operator", "admin 3")
    assert moved.code == 0, moved.err
    summary, line = moved.out.splitlines()
    assert "1 records, 1 leaves" in summary
    assert line == f'url = "{empty}"'
    assert str(made.path / "config.toml") in moved.err
    # on the server
    (made.path / "registry.sqlite3").rename(tmp_path / "aside.sqlite3")
    there = settled(made, line)
    assert there.store().count()[RecordState.RELEASED] == 1
    verified = command("verify", picture, "-w", made.path)
    assert verified.out.startswith(Verdict.TRACED.value), verified.out
    again = there.stamper().stamp(pictures.crop(), Generation(model="acme-1"))
    assert command("doctor", "-w", made.path).out.count(f"registry: {there.store().name}") == 1
    # and back into a file
    back = command("registry", "migrate", "--to", made.path / "registry.sqlite3", "-w", made.path)
    assert back.code == 0, back.err
    assert "2 records" in back.out
    config = made.path / "config.toml"
    config.write_text(config.read_text().replace(line, ""))
    here = Workspace.open(made.path).store()
    assert here.find_by_id(again.record_id).file.sha256 == sha256(again.data).hexdigest()
    assert [entry.operator for entry in here.access_entries()] == ["admin 3", ""]


def test_an_address_comes_from_the_environment_too(made: Workspace, empty: str) -> None:
    run("registry", "migrate", "--to", empty, "-w", made.path).check_returncode()
    shown = run("config", "show", "--json", "-w", made.path, env={"PROVENANCE_REGISTRY_URL": empty})
    (row,) = [row for row in json.loads(shown.stdout) if row["key"] == "registry.url"]
    assert (row["value"], row["origin"]) == (empty, "PROVENANCE_REGISTRY_URL")


def test_an_old_registry_is_refused_until_it_was_migrated(
    made: Workspace, command: Command
) -> None:
    registry = made.path / "registry.sqlite3"
    registry.unlink()
    with stores.connected(str(registry)) as connection:
        schema_3.fill(connection)
    refused = command("registry", "find", "--similar-to", made.path / "none", "-w", made.path)
    refused = command("release", "sweep", "-w", made.path)
    assert refused.code == 2
    assert "schema version 3" in refused.err
    assert "hint: provenance registry migrate" in refused.err
    assert "provenance registry migrate" in command("doctor", "-w", made.path).out
    done = command("registry", "migrate", "-w", made.path)
    assert done.code == 0, done.err
    assert done.out == f"{registry}: from schema version 3 to 5\n"
    assert registry.with_name("registry.sqlite3.before-5").is_file()
    assert made.store().count()[RecordState.RELEASED] == 2
    (entry,) = made.store().access_entries()
    assert entry.reason == "from schema 3 to 5"
    again = command("registry", "migrate", "-w", made.path)
    assert again.code == 0
    assert "has schema version 5 already" in again.out


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://me:secret@host/db", "no password"),
        ("mysql://host/db", "cannot lie in"),
        ("registry.sqlite3", "already"),
        ("nowhere/registry.sqlite3", "No such file"),
    ],
)
def test_where_it_cannot_go_it_says_so(
    made: Workspace, command: Command, monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    monkeypatch.chdir(made.path)
    before = stores.look("registry.sqlite3")
    refused = command("registry", "migrate", "--to", address, "-w", made.path)
    assert refused.code == 2
    assert said in refused.err
    assert "secret" not in refused.err
    assert stores.look("registry.sqlite3") == before


def test_whoever_verifies_with_a_file_loads_nothing_of_servers_and_migrations(
    made: Workspace, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(made.stamper().stamp(pictures.crop(), Generation(model="acme-1")).data)
    code = (
        "import sys; from provenance import Workspace; "
        "Workspace.open(sys.argv[1]).verifier().verify(open(sys.argv[2], 'rb').read()); "
        "sys.exit(bool({'alembic', 'mako', 'psycopg'} & set(sys.modules)))"
    )
    done = run(made.path, picture, wrapper=("-c", code))
    assert done.returncode == 0, done.stderr
