"""A registry that is copied to another database is the same registry."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import stores
from support.records import (
    a_marking,
    a_request,
    checkpoint,
    issued_file,
    parent_file,
    reserved,
)

from provenance.errors import ErrorCode, RegistryError
from provenance.model import AccessAction, AccessEntry, Account, RecordState
from provenance.registry import (
    SqliteStore,
    StoreRule,
    copy_registry,
    create_store,
    moving,
    open_store,
)
from provenance.registry.postgres_store import PostgresStore
from provenance.registry.tables import leaves, metadata

WAYS = [
    ("sqlite", "postgresql"),
    ("postgresql", "sqlite"),
    ("sqlite", "sqlite"),
    ("postgresql", "postgresql"),
]


@pytest.fixture
def place(tmp_path, request):
    """A function that gives an address of a kind where there is nothing yet."""
    with ExitStack() as stack:

        def new(kind, name):
            folder = tmp_path / name
            folder.mkdir()
            server = request.getfixturevalue("postgres") if kind == "postgresql" else None
            return stack.enter_context(stores.place(kind, folder, server))

        yield new


def filled(address):
    """A registry with something in every table; its highest numbers are those of the erased."""
    store = create_store(address)
    account = Account("ab" * 16, b"sealed \0\xff")
    for number in range(3):
        record = reserved(store, request=a_request(), account=account)
        file = issued_file(parents=tuple(map(parent_file, range(number))))
        store.issue(record.record_id, replace(file, byte_size=(1 << 53) + number))
    store.release(record.record_id)
    store.hold(reserved(store).record_id, a_marking())
    store.void(reserved(store).record_id)
    store.sequence()
    store.add_checkpoint(checkpoint(3))
    gone = store.issue(reserved(store).record_id, issued_file(parents=(parent_file(),)))
    store.erase(gone.record_id)
    entry = AccessEntry(
        at=datetime(2026, 11, 1, tzinfo=UTC),
        action=AccessAction.REVEAL,
        subject=record.record_id,
        operator="examiner 7",
        reason="caf\u00e9 'quoted' \U0001f600",
    )
    store.note_access(entry)
    return store


def without_log(address):
    return {name: rows for name, rows in stores.look(address).items() if name != "access_log"}


@pytest.mark.parametrize(("one", "other"), WAYS)
def test_everything_is_there_and_the_registry_goes_on(place, one, other, monkeypatch):
    monkeypatch.setattr(moving, "_PAGE", 2)
    here, there = place(one, "here"), place(other, "there")
    source = filled(here)
    before = stores.look(here)
    copied = copy_registry(source, open_store(there), operator="examiner 7")
    assert (copied.records, copied.leaves, copied.log_size, copied.checkpoint) == (5, 4, 3, 3)
    for name in metadata.tables:
        assert before[name], f"{name} was empty"
    assert without_log(here) == {n: rows for n, rows in before.items() if n != "access_log"}
    target = open_store(there)
    for record in before["records"]:
        record_id = record.split("'")[1]
        assert target.find_by_id(record_id) == source.find_by_id(record_id)
    assert list(target.leaves(0, 3)) == list(source.leaves(0, 3))
    assert target.newest_checkpoint() == source.newest_checkpoint()
    assert target.registry_identity() == source.registry_identity()
    assert target.broken_rules() == dict.fromkeys(StoreRule, ())
    if one == other:
        assert without_log(there) == without_log(here)
    # both say so
    for store, reason in ((source, f"copied to {target.name}"), (target, "copied from ")):
        first, noted = store.access_entries()
        assert first.reason == "caf\u00e9 'quoted' \U0001f600"
        assert noted.action is AccessAction.MIGRATE
        assert noted.reason.startswith(reason)
        assert noted.operator == "examiner 7"
        assert noted.subject == source.registry_identity().hex()
    # numbers go on above those that were ever given, the erased ones included
    target.issue(reserved(target).record_id, issued_file())
    (row,) = [row for page in target.fingerprint_pages(parents=False, after=6) for row in page]
    assert row.fingerprint_id > 8
    assert target.sequence() == 5
    assert target.broken_rules() == dict.fromkeys(StoreRule, ())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_empty_registry_is_copied_too(place, kind):
    here, there = place("sqlite", "here"), place(kind, "there")
    copied = copy_registry(create_store(here), open_store(there))
    assert (copied.records, copied.log_size, copied.checkpoint) == (0, 0, None)
    target = open_store(there)
    target.issue(reserved(target).record_id, issued_file())
    assert target.sequence() == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_where_there_is_a_registry_already_nothing_is_changed(place, kind):
    here, there = place("sqlite", "here"), place(kind, "there")
    source, target = filled(here), create_store(there)
    reserved(target)
    before = stores.look(here), stores.look(there)
    with pytest.raises(RegistryError, match="already"):
        copy_registry(source, open_store(there))
    assert (stores.look(here), stores.look(there)) == before


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_copy_that_differs_is_not_left_there(place, kind, monkeypatch):
    here, there = place("sqlite", "here"), place(kind, "there")
    source = filled(here)
    before = stores.look(here)
    original = moving._copied

    def spoiling(original_side, copy, table):
        content = original(original_side, copy, table)
        if table is leaves:
            copy.execute(leaves.update().where(leaves.c.position == 1).values(position=77))
        return content

    monkeypatch.setattr(moving, "_copied", spoiling)
    with pytest.raises(RegistryError, match=r"leaves in .* is not what was copied"):
        copy_registry(source, open_store(there))
    assert stores.look(here) == before
    if kind == "sqlite":
        assert not Path(there).exists()
    else:
        assert stores.look(there) == {}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nobody_writes_to_the_original_meanwhile(place, kind):
    here = place(kind, "here")
    source = filled(here)
    impatient = (
        SqliteStore(Path(here), busy_seconds=0.2)
        if kind == "sqlite"
        else PostgresStore(here, busy_seconds=0.2)
    )
    with source.frozen():
        with pytest.raises(RegistryError) as caught:
            reserved(impatient)
        assert caught.value.code is ErrorCode.BUSY
        assert impatient.count()[RecordState.ISSUED] == 2  # readers do not wait
    reserved(impatient)


def test_a_log_with_a_gap_is_not_copied(place):
    here, there = place("sqlite", "here"), place("sqlite", "there")
    source = filled(here)
    with stores.connected(here) as connection:
        connection.exec_driver_sql("UPDATE leaves SET position = 9 WHERE position = 2")
    with pytest.raises(RegistryError, match="without a gap"):
        copy_registry(source, open_store(there))
    assert not Path(there).exists()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_registry_that_breaks_a_rule_of_its_tables_is_not_copied(place, kind):
    here, there = place("sqlite", "here"), place(kind, "there")
    source = filled(here)
    with stores.connected(here) as connection:
        # What a hand that removes the constraint could do.
        connection.exec_driver_sql("CREATE TABLE copy AS SELECT * FROM erased")
        connection.exec_driver_sql("DROP TABLE erased")
        connection.exec_driver_sql("ALTER TABLE copy RENAME TO erased")
        connection.exec_driver_sql("INSERT INTO erased SELECT * FROM erased")
    with pytest.raises(RegistryError) as caught:
        copy_registry(source, open_store(there))
    assert caught.value.hint == "provenance release fsck"
    assert "\n" not in caught.value.message
    assert not Path(there).exists() if kind == "sqlite" else stores.look(there) == {}


def test_a_file_that_cannot_be_made_is_our_error(place, tmp_path):
    source = filled(place("sqlite", "here"))
    with pytest.raises(RegistryError, match="No such file"):
        copy_registry(source, open_store(tmp_path / "nowhere" / "registry.sqlite3"))


def test_a_file_that_appears_meanwhile_is_never_replaced(tmp_path):
    path = tmp_path / "registry.sqlite3"
    path.write_bytes(b"")
    with pytest.raises(RegistryError, match="exists already"):
        SqliteStore.create(path)
    assert path.read_bytes() == b""


def test_a_registry_of_another_version_is_not_copied(place):
    here, there = place("sqlite", "here"), place("sqlite", "there")
    create_store(here)
    with closing(stores.engine(here).raw_connection()) as connection:
        connection.execute("UPDATE schema_version SET version = 3")
        connection.commit()
    with pytest.raises(RegistryError, match="version 3") as caught:
        copy_registry(open_store(here), open_store(there))
    assert caught.value.hint == "provenance registry migrate"
    assert not Path(there).exists()
