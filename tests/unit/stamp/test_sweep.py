"""What the sweeper may touch. The whole of it, after real crashes: tests/cli/test_release.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import ANY

import pytest
from support import pictures
from support.records import issued_file

from provenance.errors import ArgumentError, RegistryError
from provenance.model import RecordState
from provenance.registry import SqliteStore
from provenance.stamp import Action, Fsck, Rule, Sweep

ASIDE = ".provenance-0123456789abcdef.unreleased"


def later():
    return datetime.now(UTC) + timedelta(seconds=1)


def test_a_file_beside_of_another_registry_or_with_other_bytes_is_kept(bench):
    data = bench.stamper.stamp(pictures.crop(), bench.generation).data
    empty = SqliteStore.create(bench.folder.with_name("empty.sqlite3"))
    changed = data[:-1] + bytes([data[-1] ^ 1])
    for store, found in ((empty, data), (bench.workspace.store(), changed)):
        (bench.folder / ASIDE).write_bytes(found)
        (deed,) = Sweep(store=store, before=later()).run([bench.folder])
        assert deed.action is Action.KEPT
        assert (bench.folder / ASIDE).read_bytes() == found


@pytest.mark.parametrize("length", [None, -1, 8000])
def test_a_second_copy_of_a_released_file_is_removed_whole_or_not(bench, length):
    """What a request leaves that was made again and killed before or after its name."""
    data = bench.stamper.stamp(pictures.crop(), bench.generation).data
    (bench.folder / ASIDE).write_bytes(data[:length])
    (deed,) = Sweep(store=bench.workspace.store(), before=later()).run([bench.folder])
    assert deed.action is Action.REMOVED
    assert bench.left_behind() == []


def test_only_what_is_old_and_has_our_name_is_removed(bench):
    names = [ASIDE, ASIDE + ".bak", "x" + ASIDE, ".provenance-0123.unreleased", "cut.png"]
    for name in names:
        (bench.folder / name).write_bytes(b"cut off")
    (bench.folder / ASIDE.replace("0", "f")).symlink_to(bench.folder / "cut.png")
    store = bench.workspace.store()
    before = bench.left_behind()
    young = datetime.now(UTC) - timedelta(hours=1)
    assert list(Sweep(store=store, before=young).run([bench.folder])) == []
    assert bench.left_behind() == before
    (deed,) = Sweep(store=store, before=later()).run([bench.folder])
    assert (deed.action, deed.path) == (Action.REMOVED, (bench.folder / ASIDE).absolute())
    assert set(before) - set(bench.left_behind()) == {ASIDE}


def test_a_name_that_is_taken_is_never_replaced_and_the_rest_goes_on(bench, monkeypatch):
    monkeypatch.setattr(SqliteStore, "release", _fails)
    monkeypatch.setattr("provenance.stamp.target.FileTarget.publish", _fails)
    monkeypatch.setattr("provenance.stamp.target.FileTarget.discard", lambda _: None)
    with pytest.raises(RegistryError):
        bench.stamper.stamp(pictures.crop(), bench.generation, to=bench.target)
    monkeypatch.undo()
    store = bench.workspace.store()
    (record,) = store.unfinished(later())
    taken = bench.folder / f"{record.record_id}.png"
    taken.write_bytes(b"somebody else's")
    (deed,) = Sweep(store=store, before=later()).run([bench.folder])
    assert deed.action is Action.FAILED
    assert "exists already" in deed.detail
    assert taken.read_bytes() == b"somebody else's"
    taken.unlink()
    (deed,) = Sweep(store=store, before=later()).run([bench.folder])
    assert (deed.action, deed.path) == (Action.FINISHED, taken.absolute())
    assert bench.states() == {RecordState.RELEASED: 1}


def test_who_is_still_at_work_on_a_record_that_was_swept_gets_no_file(bench):
    class Swept(SqliteStore):
        def issue(self, record_id, file):
            list(Sweep(store=self, before=later()).run([bench.folder]))
            return super().issue(record_id, issued_file())

    swept = Swept(bench.workspace.path / "registry.sqlite3")
    stamper = replace(bench.stamper, store=swept)
    with pytest.raises(RegistryError, match="is void"):
        stamper.stamp(pictures.crop(), bench.generation, to=bench.target)
    assert bench.left_behind() == []
    assert bench.states() == {RecordState.VOID: 1}


# --- marked, to be signed later ------------------------------------------------------------


def far():
    """Later than anything that is made here expires."""
    return datetime.now(UTC) + timedelta(days=365)


def expire(store, record_id):
    """Let a pending record expire a second ago."""
    marking = store.find_by_id(record_id).marking
    past = datetime.now(UTC) - timedelta(seconds=1)
    store.hold(record_id, replace(marking, expires_at=past))


def rules_that_break(bench, before):
    trust = bench.workspace.trust()
    check = Fsck(
        store=bench.workspace.store(), system=bench.stamper.system, trust=trust, before=before
    )
    found = check.run([bench.folder])
    return {rule: [item.detail for item in broken] for rule, broken in found.items() if broken}


def test_a_pending_record_is_left_alone_until_it_expires_and_void_after(bench):
    made = bench.stamper.mark(pictures.crop(), bench.generation)
    store = bench.workspace.store()
    assert list(Sweep(store=store, before=far()).run([bench.folder])) == []
    assert rules_that_break(bench, far()) == {}
    assert bench.states() == {RecordState.RESERVED: 1}
    expire(store, made.record_id)
    young = datetime.now(UTC) - timedelta(hours=1)
    assert list(Sweep(store=store, before=young).run([bench.folder])) == []
    (broken,) = rules_that_break(bench, later()).values()
    assert broken == [f"record {made.record_id} is marked, not signed, and expired"]
    (deed,) = Sweep(store=store, before=later(), dry_run=True).run([bench.folder])
    assert bench.states() == {RecordState.RESERVED: 1}
    (deed,) = Sweep(store=store, before=later()).run([bench.folder])
    assert (deed.action, deed.record_id) == (Action.VOIDED, made.record_id)
    assert "marked, and not signed until" in deed.detail
    assert bench.states() == {RecordState.VOID: 1}
    assert rules_that_break(bench, far()) == {}


@pytest.mark.parametrize("again", ["pending", "issued", "released", "expired"])
def test_what_a_signing_left_that_died_is_removed_once_nobody_needs_it(bench, again, monkeypatch):
    made = bench.stamper.mark(pictures.crop(), bench.generation)
    store = bench.workspace.store()
    with monkeypatch.context() as patch:
        patch.setattr(SqliteStore, "issue", _dies)
        patch.setattr("provenance.stamp.target.FileTarget.discard", lambda _: None)
        with pytest.raises(KeyboardInterrupt):
            bench.stamper.sign(made, to=bench.target)
    (left,) = bench.left_behind()
    assert rules_that_break(bench, later()) == {Rule.TIDY: [ANY]}
    if again == "expired":
        expire(store, made.record_id)
    elif again == "issued":
        monkeypatch.setattr(SqliteStore, "release", _fails)
        with pytest.raises(RegistryError):
            bench.stamper.sign(made)
        monkeypatch.undo()
    elif again == "released":
        bench.stamper.sign(made, to=bench.target)
    deeds = list(Sweep(store=store, before=later()).run([bench.folder]))
    assert [deed.action for deed in deeds] == {
        "pending": [Action.REMOVED],
        "issued": [Action.KEPT, Action.KEPT],
        "released": [Action.REMOVED],
        "expired": [Action.VOIDED, Action.REMOVED],
    }[again]
    if again == "issued":
        assert bench.left_behind() == [left]
        return
    assert bench.left_behind() == (["stamped.png"] if again == "released" else [])
    if again == "pending":
        assert bench.stamper.sign(made).record_id == made.record_id
    assert rules_that_break(bench, later()) == {}


def test_a_place_that_is_no_directory_is_refused(bench):
    with pytest.raises(ArgumentError, match="not a directory"):
        list(Sweep(store=bench.workspace.store(), before=later()).run([bench.target]))


def _dies(*_):
    raise KeyboardInterrupt


def _fails(*_):
    raise RegistryError("disk full")
