"""Registries of older versions become what a new one is, with everything that they held."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from support import schema_3, stores
from support.records import a_marking, a_request, issued_file, reserved

from provenance.errors import ErrorCode, RegistryError
from provenance.model import MarkId, RecordState
from provenance.registry import (
    SqliteStore,
    StoreRule,
    create_store,
    first_leaves,
    migrations,
    open_store,
)
from provenance.registry.tables import SCHEMA_VERSION, metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request):
    return request.param


@pytest.fixture
def place(kind, tmp_path, request):
    """A function that gives an address where there is nothing yet."""
    from contextlib import ExitStack

    server = request.getfixturevalue("postgres") if kind == "postgresql" else None
    with ExitStack() as stack:

        def new(name):
            folder = tmp_path / name
            folder.mkdir()
            return stack.enter_context(stores.place(kind, folder, server))

        yield new


@pytest.fixture
def old(place):
    """A registry of schema 3, and the ids of its records."""
    address = place("old")
    with stores.connected(address) as connection:
        ids = schema_3.fill(connection)
    return address, ids


def test_the_schema_of_a_new_registry_is_that_of_one_that_was_migrated(place, old):
    address, _ = old
    new = place("new")
    create_store(new)
    open_store(address).migrate()
    assert stores.described(address) == stores.described(new)
    for each in (address, new):
        with stores.connected(each) as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []


def test_the_first_step_makes_the_tables_of_its_time(place, monkeypatch):
    there, then = place("there"), place("then")
    with stores.connected(then) as connection:
        schema_3.metadata.create_all(connection)
    monkeypatch.setattr(migrations, "REVISIONS", migrations.REVISIONS[:1])
    with stores.connected(there) as connection:
        migrations.upgrade(connection, None)
    assert stores.described(there) == stores.described(then)


def test_everything_that_an_old_registry_held_is_there_and_has_a_leaf(old):
    address, ids = old
    assert open_store(address).migrate() == 3
    store = open_store(address)
    store.check()
    assert store.broken_rules() == dict.fromkeys(StoreRule, ())
    states = {"edited": RecordState.RELEASED}
    for number, (kind, record_id) in enumerate(ids.items()):
        record = store.find_by_id(record_id)
        assert record == store.find_by_mark(77, MarkId((1 << 47) + number))
        assert record.state is states.get(kind, RecordState(record.state))
        assert record.generation.model == "acme-1 'quoted' \u00e9"
        assert (record.file is not None) is (kind in schema_3.WITH_FILE)
        if record.file is None:
            assert store.commitment_of(record_id) is None
            continue
        assert record.file.fingerprint.bits == bytes([number]) * 32
        assert record.file.quality.psnr_db == 41.1 + number / 3
        assert record.file.quality.ssim == 0.1 + 0.2
        assert (record.file.signer, record.file.envelope) == ("", b"")
        assert record.file.grid == (b"" if kind == "issued" else b"sealed \0\xff")
    made_from = store.find_by_id(ids["edited"]).file.parents
    assert [parent.width for parent in made_from] == [4000, 4001]
    assert [parent.fingerprint.bits[0] for parent in made_from] == [100, 101]
    # in the order in which they were issued, which is not that of their ids
    assert (store.log_size(), store.waiting()) == (0, 3)
    assert store.sequence() == 3
    order = [store.commitment_of(ids[kind]) for kind in ("edited", "released", "issued")]
    assert list(store.leaves(0, 3)) == order
    prints = [row.record_id for page in store.fingerprint_pages(parents=False) for row in page]
    assert prints == [ids[kind] for kind in ("edited", "released", "issued")]
    assert len(store.registry_identity()) == 16


def test_from_schema_4_only_a_table_is_added(old, monkeypatch):
    address, ids = old
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "REVISIONS", migrations.REVISIONS[:2])
        with stores.connected(address) as connection:
            migrations.upgrade(connection, 3)
    before = stores.look(address)
    assert open_store(address).migrate() == 4
    after = stores.look(address)
    assert after.pop("markings") == []
    (was,), (now,) = before.pop("schema_version"), after.pop("schema_version")
    assert now == was.replace("(4,", "(5,")
    assert after == before
    store = open_store(address)
    assert store.broken_rules() == dict.fromkeys(StoreRule, ())
    pending = store.hold(ids["reserved"], a_marking())
    assert store.pending() == (pending,)


def test_a_migrated_registry_is_used_like_any_other(old):
    address, ids = old
    open_store(address).migrate()
    store = open_store(address)
    issued = store.issue(reserved(store, request=a_request()).record_id, issued_file())
    store.erase(ids["edited"])
    assert store.find_by_id(ids["edited"]) is None
    assert store.sequence() == 4
    assert store.find_by_id(issued.record_id).log_position == 3
    assert store.broken_rules() == dict.fromkeys(StoreRule, ())


def test_records_of_several_pages_get_their_leaves(old, monkeypatch):
    address, _ = old
    monkeypatch.setattr(first_leaves, "_PAGE", 1)
    open_store(address).migrate()
    store = open_store(address)
    assert store.waiting() == 3
    assert store.broken_rules()[StoreRule.LEAVES] == ()


def test_two_registries_that_were_migrated_are_two(place):
    identities = set()
    for name in ("one", "two"):
        address = place(name)
        with stores.connected(address) as connection:
            schema_3.fill(connection)
        open_store(address).migrate()
        identities.add(open_store(address).registry_identity())
    assert len(identities) == 2


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE records SET sha256 = NULL WHERE state = 'issued'",
        "UPDATE records SET time_stamp = 'never' WHERE state = 'issued'",
    ],
)
def test_a_damaged_record_stops_the_migration_and_nothing_is_changed(old, damage):
    address, ids = old
    with stores.connected(address) as connection:
        connection.exec_driver_sql(damage)
    before = stores.look(address)
    with pytest.raises(RegistryError, match=f"{ids['issued']} is damaged.*nothing was migrated"):
        open_store(address).migrate()
    assert stores.look(address) == before
    if "://" not in address:
        assert [path.name for path in Path(address).parent.iterdir()] == ["registry.sqlite3"]


def test_a_registry_of_this_version_is_left_alone(place):
    address = place("new")
    create_store(address)
    before = stores.look(address)
    assert open_store(address).migrate() == SCHEMA_VERSION
    assert stores.look(address) == before


@pytest.mark.parametrize(
    ("version", "hint"), [(SCHEMA_VERSION + 1, "newer"), (2, "the oldest that can be is 3")]
)
def test_a_registry_of_any_other_version_is_not_migrated(place, version, hint):
    address = place("other")
    create_store(address)
    with stores.connected(address) as connection:
        connection.execute(text("UPDATE schema_version SET version = :new"), {"new": version})
    before = stores.look(address)
    with pytest.raises(RegistryError) as caught:
        open_store(address).migrate()
    assert hint in caught.value.hint
    assert stores.look(address) == before


def test_an_old_registry_is_refused_with_what_to_do(old):
    address, ids = old
    calls = [
        lambda store: store.find_by_id(ids["issued"]),
        lambda store: reserved(store),
        lambda store: store.count(),
        lambda store: store.check(),
        lambda store: store.broken_rules(),
    ]
    for call in calls:
        with pytest.raises(RegistryError, match="schema version 3, not 5") as caught:
            call(open_store(address))
        assert caught.value.hint == "provenance registry migrate"


def test_a_newer_registry_is_refused_before_it_is_touched(place):
    address = place("newer")
    create_store(address)
    with stores.connected(address) as connection:
        connection.exec_driver_sql("UPDATE schema_version SET version = 99")
    before = stores.look(address)
    with pytest.raises(RegistryError, match="schema version 99") as caught:
        reserved(open_store(address))
    assert "newer" in caught.value.hint
    assert stores.look(address) == before


def test_two_who_migrate_at_once_do_it_once(old):
    from concurrent.futures import ThreadPoolExecutor

    address, _ = old
    with ThreadPoolExecutor(2) as pool:
        versions = list(pool.map(lambda _: open_store(address).migrate(), range(2)))
    assert sorted(versions) == [3, SCHEMA_VERSION]
    assert open_store(address).broken_rules() == dict.fromkeys(StoreRule, ())


# --- the revisions -----------------------------------------------------------------------


def test_alembic_finds_one_line_of_revisions_that_ends_at_the_version_of_the_schema():
    config = Config()
    folder = str(Path(migrations.__file__).parent)
    config.set_main_option("script_location", folder)
    config.set_main_option("version_locations", folder)
    config.set_main_option("path_separator", "newline")
    scripts = ScriptDirectory.from_config(config)
    line = [script.revision for script in scripts.walk_revisions()][::-1]
    assert line == [step.revision for step in migrations.REVISIONS]
    versions = [step.VERSION for step in migrations.REVISIONS]
    assert versions == list(range(versions[0], SCHEMA_VERSION + 1))


# --- the copy of an SQLite file ----------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "registry.sqlite3"
    with stores.connected(str(path)) as connection:
        schema_3.fill(connection)
    path.chmod(0o640)
    return path


def test_the_old_file_is_copied_aside_with_its_mode(file):
    before = stores.look(str(file))
    SqliteStore(file).migrate()
    copy = file.with_name("registry.sqlite3.before-5")
    assert stores.look(str(copy)) == before
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name, copy.name]


def test_a_copy_that_is_there_already_is_never_replaced(file):
    copy = file.with_name("registry.sqlite3.before-5")
    copy.write_text("mine")
    with pytest.raises(RegistryError, match="exists already"):
        SqliteStore(file).migrate()
    assert copy.read_text() == "mine"
    assert SqliteStore(file).version() == 3


def test_without_room_for_the_copy_nothing_is_migrated(file, monkeypatch):
    usage = shutil.disk_usage(file.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(RegistryError, match="1,000 are free"):
        SqliteStore(file).migrate()
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert SqliteStore(file).version() == 3


def test_whoever_may_only_read_does_not_migrate(file):
    with pytest.raises(RegistryError, match="reading only"):
        SqliteStore(file, read_only=True).migrate()


def test_whoever_comes_too_late_leaves_the_copy_of_another_alone(file):
    with SqliteStore(file)._migrating():
        copy = file.with_name("registry.sqlite3.before-5")
        copy.write_text("of the other one")
        with pytest.raises(RegistryError) as caught:
            SqliteStore(file, busy_seconds=0.2).migrate()
        assert caught.value.code is ErrorCode.BUSY
    assert copy.read_text() == "of the other one"


def test_a_migration_that_is_killed_changes_nothing_and_can_be_made_again(file):
    code = (
        "import os, pathlib, sys; from provenance.registry import SqliteStore, first_leaves; "
        "first_leaves.add = lambda _: os.kill(os.getpid(), 9); "
        "SqliteStore(pathlib.Path(sys.argv[1])).migrate()"
    )
    before = stores.look(str(file))
    killed = subprocess.run([sys.executable, "-c", code, str(file)], timeout=60, check=False)
    assert killed.returncode == -9
    assert stores.look(str(file)) == before
    copy = file.with_name("registry.sqlite3.before-5")
    assert stores.look(str(copy)) == before
    with pytest.raises(RegistryError, match="exists already"):
        SqliteStore(file).migrate()
    copy.unlink()
    assert SqliteStore(file).migrate() == 3
