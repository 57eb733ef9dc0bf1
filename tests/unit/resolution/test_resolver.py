"""From an id to its record: found, absent, void, or nobody to ask."""

from __future__ import annotations

import pytest
from support.records import SYSTEM, issued_file, reserved

from provenance.model import MarkId, RecordState, RecordStatus, new_record_id
from provenance.registry import SqliteStore
from provenance.resolution import LocalRegistry, NoRegistry


@pytest.fixture
def store(tmp_path):
    return SqliteStore.create(tmp_path / "registry.sqlite3")


@pytest.fixture
def resolver(store):
    return LocalRegistry(store)


def both(resolver, record):
    return (
        resolver.by_mark(record.system.id, record.mark_id),
        resolver.by_record(record.record_id),
    )


def moved(store, state):
    record = reserved(store)
    if state in (RecordState.ISSUED, RecordState.RELEASED):
        record = store.issue(record.record_id, issued_file())
    if state is RecordState.RELEASED:
        record = store.release(record.record_id)
    if state is RecordState.VOID:
        record = store.void(record.record_id)
    return record


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (RecordState.RESERVED, RecordStatus.VOID),
        (RecordState.VOID, RecordStatus.VOID),
        (RecordState.ISSUED, RecordStatus.FOUND),
        (RecordState.RELEASED, RecordStatus.FOUND),
    ],
)
def test_a_record_counts_once_its_file_was_verified(store, resolver, state, status):
    record = moved(store, state)
    for found in both(resolver, record):
        assert (found.status, found.record) == (status, record)


def test_an_unknown_id_is_absent(resolver):
    for found in (resolver.by_mark(SYSTEM.id, MarkId(1)), resolver.by_record(new_record_id())):
        assert (found.status, found.record) == (RecordStatus.ABSENT, None)


def test_the_mark_of_another_system_is_absent(store, resolver):
    record = moved(store, RecordState.RELEASED)
    assert resolver.by_mark(SYSTEM.id + 1, record.mark_id).status is RecordStatus.ABSENT


@pytest.mark.parametrize("trouble", ["missing", "garbage", "directory"])
def test_a_registry_that_cannot_be_read_is_unreachable_and_no_error(tmp_path, trouble):
    path = tmp_path / "registry"
    if trouble == "garbage":
        path.write_bytes(b"garbage" * 999)
    if trouble == "directory":
        path.mkdir()
    resolver = LocalRegistry(SqliteStore(path, read_only=True))
    for found in (resolver.by_mark(SYSTEM.id, MarkId(1)), resolver.by_record(new_record_id())):
        assert (found.status, found.record) == (RecordStatus.UNREACHABLE, None)
        assert str(path) in found.detail


def test_without_a_registry_nobody_is_asked():
    for found in (NoRegistry().by_mark(1, MarkId(1)), NoRegistry().by_record(new_record_id())):
        assert (found.status, found.record) == (RecordStatus.NOT_ASKED, None)
        assert found.detail
