"""A record counts only as far as the issuance log bears it out."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from support.records import SYSTEM, issued_file, reserved

from provenance.errors import LogError
from provenance.log import IssuanceLog, NoteSigner, SignatureType
from provenance.model import MarkId, RecordStatus, new_record_id
from provenance.registry import SqliteStore
from provenance.resolution import LoggedRegistry


class Scene:
    """A registry with three issued records and its log."""

    def __init__(self, folder):
        self.path = folder / "registry.sqlite3"
        self.store = SqliteStore.create(self.path)
        self.records = [
            self.store.issue(reserved(self.store).record_id, issued_file()) for _ in range(3)
        ]
        signer = NoteSigner.generate(folder / "log.key", "test/log", SignatureType.ED25519)
        self.log = IssuanceLog(
            source=self.store,
            directory=folder / "log",
            head_path=folder / "log.head",
            key=signer.verifier,
            signer=signer,
        )
        self.resolver = LoggedRegistry(SqliteStore(self.path, read_only=True), lambda: self.log)

    def publish(self):
        self.log.publish(datetime.now(UTC))

    def sql(self, statement, *values):
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement, values)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def test_a_logged_record_says_where_it_is(scene):
    scene.publish()
    record = scene.records[1]
    for found in (
        scene.resolver.by_record(record.record_id),
        scene.resolver.by_mark(SYSTEM.id, record.mark_id),
    ):
        assert found.status is RecordStatus.FOUND
        assert found.record.record_id == record.record_id
        leaf = scene.store.commitment_of(record.record_id)
        position = scene.store.leaf_position(leaf)
        assert found.detail.startswith(f"leaf {position} of 3 in the log test/log, signed 20")


def test_a_record_whose_leaf_waits_counts_and_it_is_said(scene):
    scene.publish()
    record = scene.store.issue(reserved(scene.store).record_id, issued_file())
    found = scene.resolver.by_record(record.record_id)
    assert found.status is RecordStatus.FOUND
    assert "waits for the next one" in found.detail
    scene.store.sequence()  # a publisher was killed between two of its steps
    again = scene.resolver.by_record(record.record_id)
    assert (again.status, again.detail) == (found.status, found.detail)


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("UPDATE fingerprints SET pdq = zeroblob(32)", "not the one that was logged"),
        ("UPDATE records SET issued_at = reserved_at", "not the one that was logged"),
        ("UPDATE records SET salt = x''", "has no leaf"),
        ("DELETE FROM leaves", "not the one that was logged"),
    ],
)
def test_a_record_that_was_rewritten_does_not_count(scene, statement, text):
    scene.publish()
    scene.sql(statement)
    found = scene.resolver.by_record(scene.records[0].record_id)
    assert text in found.detail
    assert found.status is RecordStatus.UNREACHABLE


def test_a_record_and_its_leaf_that_were_rewritten_together_do_not_count(scene):
    scene.publish()
    record = scene.records[0]
    position = scene.store.find_by_id(record.record_id).log_position
    forged = scene.store.issue(reserved(scene.store).record_id, issued_file())
    leaf = scene.store.commitment_of(forged.record_id)
    scene.sql("DELETE FROM leaves WHERE position = ?", position)
    scene.sql("UPDATE leaves SET position = ? WHERE commitment = ?", position, leaf)
    found = scene.resolver.by_record(forged.record_id)
    assert found.status is RecordStatus.UNREACHABLE
    assert found.record is None
    assert "does not bear it out" in found.detail


def test_a_record_that_was_added_later_and_says_it_is_older_does_not_count(scene):
    scene.log.publish(datetime.now(UTC) + timedelta(minutes=4))
    late = scene.store.issue(reserved(scene.store).record_id, issued_file())
    assert scene.resolver.by_record(late.record_id).status is RecordStatus.FOUND
    scene.log.publish(datetime.now(UTC) + timedelta(hours=1))
    added = scene.store.issue(reserved(scene.store).record_id, issued_file())
    found = scene.resolver.by_record(added.record_id)
    assert found.status is RecordStatus.UNREACHABLE
    assert "before the last checkpoint" in found.detail
    assert scene.resolver.by_record(late.record_id).status is RecordStatus.FOUND


def test_leaves_that_were_taken_out_of_their_order_are_noticed(scene):
    scene.publish()
    scene.sql("UPDATE leaves SET position = NULL")
    found = scene.resolver.by_record(scene.records[0].record_id)
    assert found.status is RecordStatus.UNREACHABLE


def test_an_old_registry_beside_a_newer_log_does_not_count(scene, tmp_path):
    scene.publish()
    old = tmp_path / "old.sqlite3"
    shutil.copy(scene.path, old)
    scene.store.issue(reserved(scene.store).record_id, issued_file())
    scene.publish()
    shutil.copy(old, scene.path)
    found = scene.resolver.by_record(scene.records[0].record_id)
    assert found.status is RecordStatus.UNREACHABLE
    assert "4 were signed" in found.detail


def test_a_log_that_is_gone_bears_nothing_out(scene, tmp_path):
    scene.publish()
    shutil.rmtree(tmp_path / "log")
    found = scene.resolver.by_record(scene.records[0].record_id)
    assert found.status is RecordStatus.UNREACHABLE


def test_a_log_that_cannot_be_opened_bears_nothing_out(scene):
    scene.publish()

    def refuse():
        raise LogError("no key")

    resolver = LoggedRegistry(scene.store, refuse)
    assert resolver.by_record(scene.records[0].record_id).status is RecordStatus.UNREACHABLE


def test_what_has_no_file_or_is_not_there_is_answered_as_before(scene):
    scene.publish()
    waiting = reserved(scene.store)
    assert scene.resolver.by_record(waiting.record_id).status is RecordStatus.VOID
    assert scene.resolver.by_record(new_record_id()).status is RecordStatus.ABSENT
    assert scene.resolver.by_mark(SYSTEM.id, MarkId(1)).status is RecordStatus.ABSENT
    scene.store.erase(scene.records[2].record_id)
    erased = scene.resolver.by_record(scene.records[2].record_id)
    assert erased.status is RecordStatus.ABSENT
    assert "erased" in erased.detail
