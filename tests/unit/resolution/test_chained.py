"""One's own registry and extracts of others behind one resolver."""

from __future__ import annotations

import pytest
from support.records import SYSTEM, issued_file, reserved

from provenance.errors import RegistryError
from provenance.model import MarkId, RecordStatus, SystemRef, new_record_id
from provenance.registry import SqliteStore
from provenance.resolution import ChainedResolver, ExtractRegistry, LocalRegistry

OWN = SystemRef(5, "lab")
THIRD = SystemRef(78, "third")


def registry(path, system):
    store = SqliteStore.create(path)
    record = reserved(store, system)
    return store, store.issue(record.record_id, issued_file())


def fine():
    """Nothing is wrong with an extract."""


def broken():
    raise RegistryError("it was changed")


@pytest.fixture
def own(tmp_path):
    return registry(tmp_path / "own", OWN)


@pytest.fixture
def theirs(tmp_path):
    return registry(tmp_path / "theirs", SYSTEM)


def chained(own, theirs, check=fine, system=SYSTEM):
    extract = ExtractRegistry(theirs[0], system=system, description="extract X", check=check)
    return ChainedResolver(LocalRegistry(own[0]), OWN.id, {SYSTEM.id: extract})


def test_every_registry_answers_for_its_own_system(own, theirs):
    resolver = chained(own, theirs)
    for _, record in (own, theirs):
        assert resolver.by_mark(record.system.id, record.mark_id).record == record
        assert resolver.by_record(record.record_id).record == record
    assert resolver.by_mark(SYSTEM.id, own[1].mark_id).status is RecordStatus.ABSENT
    assert resolver.by_record(new_record_id()).status is RecordStatus.ABSENT


def test_whoever_is_asked_is_named(own, theirs):
    assert chained(own, theirs).description == "local registry; extract X"


def test_a_system_without_extract_is_not_asked_rather_than_absent(own, theirs):
    found = chained(own, theirs).by_mark(THIRD.id, MarkId(1))
    assert found.status is RecordStatus.NOT_ASKED
    assert "no registry extract of system 78" in found.detail


def test_a_damaged_extract_is_never_taken_for_an_empty_one(own, theirs):
    resolver = chained(own, theirs, broken)
    for found in (
        resolver.by_mark(SYSTEM.id, theirs[1].mark_id),
        resolver.by_record(theirs[1].record_id),
        resolver.by_record(new_record_id()),
    ):
        assert found.status is RecordStatus.UNREACHABLE
        assert found.detail == "extract X: it was changed"
    assert resolver.by_record(own[1].record_id).record == own[1]  # what is sound still counts


def test_an_extract_speaks_for_its_own_system_only(own, theirs):
    resolver = chained(own, theirs, system=THIRD)
    found = resolver.by_record(theirs[1].record_id)
    assert (found.status, found.record) == (RecordStatus.UNREACHABLE, None)
    assert "a record of acme-images" in found.detail


def test_an_erased_record_is_said_to_be_erased(own, theirs):
    own[0].erase(own[1].record_id)
    found = chained(own, theirs).by_record(own[1].record_id)
    assert found.status is RecordStatus.ABSENT
    assert "erased" in found.detail


def test_an_extract_never_takes_the_place_of_the_own_registry(own, theirs):
    false = ExtractRegistry(theirs[0], system=OWN, description="false", check=fine)
    resolver = ChainedResolver(LocalRegistry(own[0]), OWN.id, {OWN.id: false})
    assert resolver.by_mark(OWN.id, own[1].mark_id).record == own[1]
    assert resolver.description == "local registry"
