"""Faults of disk, registry, signer and clock; which test covers which fault: docs/faults.md."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support import disks, pictures

from provenance.errors import ErrorCode, ProvenanceError, RegistryError, SignerError
from provenance.keys import CallbackSigner
from provenance.model import RecordState
from provenance.registry import SqliteStore, record_table
from provenance.stamp import Action, Fsck, Sweep


@pytest.fixture
def disk(tmp_path):
    with disks.mounted(tmp_path / "disk") as made:
        yield made


def fails(bench, kind, stamper=None, to=None):
    with pytest.raises(kind) as caught:
        (stamper or bench.stamper).stamp(pictures.crop(), bench.generation, to=to or bench.target)
    return caught.value


def later(**more):
    return datetime.now(UTC) + timedelta(seconds=1, **more)


def swept(bench, store, *directories):
    """What the sweeper does; afterwards every rule holds."""
    deeds = [deed.action for deed in Sweep(store=store, before=later()).run(directories)]
    workspace = bench.workspace
    fsck = Fsck(store=store, system=workspace.system, trust=workspace.trust(), before=later())
    assert not any(fsck.run(directories).values())
    return deeds


# --- the disk ------------------------------------------------------------------------------


def test_a_full_disk_under_the_pictures_voids_the_record(bench, disk):
    disk.fill(but=20_000)
    error = fails(bench, ProvenanceError, to=disk.path / "a.png")
    assert (error.code, "No space left" in error.message) == (ErrorCode.IO, True)
    assert bench.states() == {RecordState.VOID: 1}
    assert [path.name for path in disk.path.iterdir()] == ["filler"]


@pytest.mark.parametrize("step", ["reserve", "issue", "release"])
def test_a_full_disk_under_the_registry_releases_nothing(bench, disk, step):
    class Filling(SqliteStore):
        pass

    def filled(self, *arguments, **named):
        disk.fill()
        return getattr(SqliteStore, step)(self, *arguments, **named)

    setattr(Filling, step, filled)
    store = SqliteStore.create(disk.path / "registry.sqlite3")
    error = fails(bench, RegistryError, replace(bench.stamper, store=Filling(store.path)))
    assert "full" in error.message or "disk I/O" in error.message
    assert not bench.target.exists()
    disk.empty()
    done = swept(bench, store, bench.folder)
    expected = {"reserve": [], "issue": [Action.VOIDED, Action.REMOVED]}
    assert done == expected.get(step, [Action.FINISHED])


# --- the registry ------------------------------------------------------------------------------


def test_a_registry_that_somebody_else_has_locked_releases_nothing(bench):
    path = bench.workspace.path / "registry.sqlite3"
    impatient = replace(bench.stamper, store=SqliteStore(path, busy_seconds=0.1))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert fails(bench, RegistryError, impatient).code is ErrorCode.BUSY
        assert bench.left_behind() == []
    impatient.stamp(pictures.crop(), bench.generation, to=bench.target)


@pytest.mark.parametrize("step", ["issue", "release"])
def test_a_registry_that_is_locked_half_way_releases_nothing(bench, step):
    path = bench.workspace.path / "registry.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:

        class Locked(SqliteStore):
            pass

        def locked(self, *arguments):
            other.execute("BEGIN IMMEDIATE")
            return getattr(SqliteStore, step)(self, *arguments)

        setattr(Locked, step, locked)
        store = Locked(path, busy_seconds=0.1)
        error = fails(bench, RegistryError, replace(bench.stamper, store=store))
        assert error.code is ErrorCode.BUSY
        assert not bench.target.exists()
    done = swept(bench, bench.workspace.store(), bench.folder)
    assert done == ([Action.FINISHED] if step == "release" else [Action.VOIDED, Action.REMOVED])


# --- the signer -------------------------------------------------------------------------------


@pytest.mark.parametrize("garbage", [b"", b"garbage", bytes(64), bytes(100_000)])
def test_a_signer_that_returns_garbage_voids_the_record(bench, garbage):
    chain, algorithm = bench.stamper.signer.chain, bench.stamper.signer.algorithm
    broken = CallbackSigner(algorithm=algorithm, chain=chain, callback=lambda _: garbage)
    fails(bench, SignerError, replace(bench.stamper, signer=broken))
    assert bench.states() == {RecordState.VOID: 1}
    assert bench.left_behind() == []


# --- the clock ----------------------------------------------------------------------------------


class Clock(datetime):
    """The registry's clock, which can jump."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + cls.ahead


def test_a_clock_that_jumps_does_not_change_the_order_of_the_log(bench, monkeypatch):
    monkeypatch.setattr(record_table, "datetime", Clock)
    store = bench.workspace.store()
    made = []
    for days in (0, -1, 1):
        monkeypatch.setattr(Clock, "ahead", timedelta(days=days))
        made.append(bench.stamper.stamp(pictures.crop(), bench.generation).record_id)
        store.sequence()
    assert [store.find_by_id(record_id).log_position for record_id in made] == [0, 1, 2]
    assert swept(bench, store, bench.folder) == []


def test_what_was_reserved_in_the_future_is_swept_when_that_has_come(bench, monkeypatch):
    monkeypatch.setattr(record_table, "datetime", Clock)
    monkeypatch.setattr(Clock, "ahead", timedelta(days=1))
    monkeypatch.setattr(SqliteStore, "issue", _full)
    monkeypatch.setattr(SqliteStore, "void", _full)
    fails(bench, RegistryError)
    monkeypatch.undo()
    store = bench.workspace.store()
    assert list(Sweep(store=store, before=later()).run()) == []
    (deed,) = Sweep(store=store, before=later(days=1)).run()
    assert deed.action is Action.VOIDED


def _full(*_):
    raise RegistryError("disk full")
