"""The guard: every file without a released record is an alarm, once."""

from __future__ import annotations

import os
import socket
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support import pictures, tamper

from provenance import Generation, Workspace
from provenance.errors import ArgumentError, ErrorCode, RegistryError
from provenance.guard import AlarmKind, Guard, watch
from provenance.imaging import Limits
from provenance.registry import SqliteStore
from provenance.stamp.target import FileTarget

HOUR = timedelta(hours=1)
MADE = Generation(model="acme-1")


class Scene:
    """A workspace of its own, a directory that is watched, and a clock that can be set."""

    def __init__(self, top):
        self.workspace = Workspace.create(top / "workspace", system_name="acme-images")
        self.store = self.workspace.store()
        self.out = top / "out"
        self.out.mkdir()
        self.ahead = timedelta()
        self.guard = self.another()

    def another(self, **options):
        options = {"older_than": HOUR, "clock": self.now} | options
        return Guard(options.pop("store", self.store), [self.out], **options)

    def now(self):
        return datetime.now(UTC) + self.ahead

    def stamp(self, name="a.png", store=None):
        stamper = self.workspace.stamper()
        stamper = stamper if store is None else replace(stamper, store=store)
        return stamper.stamp(pictures.crop(), MADE, to=self.out / name)

    def look(self):
        """What is new, by name."""
        return {alarm.path.name: alarm.kind for alarm in self.guard.look()}


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def crashed(scene, monkeypatch, *broken):
    """A file under its final name whose record stayed as it was before these methods."""

    def fails(*_):
        raise RegistryError("disk full")

    class Failing(SqliteStore):
        pass

    for method in broken:
        setattr(Failing, method, fails)
    with monkeypatch.context() as patch:
        patch.setattr(FileTarget, "discard", lambda _: None)
        patch.setattr(FileTarget, "withdraw", lambda _: None)
        with pytest.raises(RegistryError):
            scene.stamp("crashed.png", store=Failing(scene.store.path))
    for aside in scene.out.glob(".provenance-*"):
        aside.rename(scene.out / "crashed.png")


# --- what is an alarm ----------------------------------------------------------------


def test_what_was_released_is_silent_under_any_name(scene):
    made = scene.stamp()
    (scene.out / "below").mkdir()
    (scene.out / "below" / "copy").write_bytes(made.data)
    assert scene.look() == {}
    assert scene.guard.alarms == 0
    assert not scene.guard.pending


@pytest.mark.parametrize("data", [b"", b"notes", pictures.file(pictures.crop(), "PNG")])
def test_what_nobody_recorded_is_an_alarm(scene, data):
    scene.stamp()
    (scene.out / "stranger.png").write_bytes(data)
    assert scene.look() == {"stranger.png": AlarmKind.NO_RECORD}


def test_a_changed_file_names_its_record(scene):
    made = scene.stamp()
    parts = tamper.chunks(made.data)
    parts.insert(-1, (b"tEXt", b"Comment\0changed"))
    (scene.out / "a.png").write_bytes(tamper.png(parts))
    (alarm,) = scene.guard.look()
    assert (alarm.kind, alarm.record_id) == (AlarmKind.CHANGED, made.record_id)


@pytest.mark.parametrize(
    ("broken", "kind"),
    [(("issue", "void"), AlarmKind.RESERVED), (("issue",), AlarmKind.VOID)],
)
def test_a_file_that_got_out_before_the_commit_is_an_alarm(scene, monkeypatch, broken, kind):
    crashed(scene, monkeypatch, *broken)
    assert scene.look() == {"crashed.png": kind}


def test_a_file_between_its_name_and_its_note_gets_a_minute(scene, monkeypatch):
    crashed(scene, monkeypatch, "release")
    assert scene.look() == {}
    assert scene.guard.pending
    scene.ahead = 2 * watch.GRACE
    (alarm,) = scene.guard.look()
    assert (alarm.kind, alarm.path.name) == (AlarmKind.ISSUED, "crashed.png")
    assert not scene.guard.pending
    scene.store.release(alarm.record_id)
    assert scene.look() == {"crashed.png": AlarmKind.CLEARED}
    assert scene.guard.alarms == 0


def test_a_clock_that_jumped_back_hides_nothing(scene, monkeypatch):
    crashed(scene, monkeypatch, "release")
    (scene.out / ".provenance-0123456789abcdef.unreleased").touch()
    scene.ahead = -timedelta(days=1)
    assert set(scene.look().values()) == {AlarmKind.ISSUED, AlarmKind.LEFT}


def test_erased_and_foreign_records_are_told_apart(scene, tmp_path):
    made = scene.stamp()
    empty = SqliteStore.create(tmp_path / "empty.sqlite3")
    (alarm,) = scene.another(store=empty).look()
    assert (alarm.kind, alarm.record_id) == (AlarmKind.NOT_HERE, made.record_id)
    scene.store.erase(made.record_id)
    assert scene.look() == {"a.png": AlarmKind.ERASED}


def test_what_is_no_regular_file_is_an_alarm_and_is_not_opened(scene):
    made = scene.stamp()
    elsewhere = scene.out.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "inside.png").write_bytes(b"not looked at")
    (scene.out / "link.png").symlink_to(scene.out / made.path.name)
    (scene.out / "folder").symlink_to(elsewhere)
    os.mkfifo(scene.out / "fifo.png")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(scene.out / "socket"))
        found = {alarm.path.name: (alarm.kind, alarm.detail) for alarm in scene.guard.look()}
    assert found == {
        "link.png": (AlarmKind.SPECIAL, "a symbolic link"),
        "folder": (AlarmKind.SPECIAL, "a symbolic link"),
        "fifo.png": (AlarmKind.SPECIAL, "a FIFO"),
        "socket": (AlarmKind.SPECIAL, "a socket"),
    }


def test_a_file_that_is_written_is_an_alarm_once_it_is_old(scene):
    target = FileTarget(scene.out / "b.png")
    target.write(b"half")
    assert scene.look() == {}
    scene.ahead = HOUR + timedelta(minutes=1)
    (kind,) = scene.look().values()
    assert kind is AlarmKind.LEFT
    target.discard()
    (kind,) = scene.look().values()
    assert kind is AlarmKind.CLEARED


def test_a_file_that_cannot_be_read_is_an_alarm(scene):
    scene.stamp()
    scene.guard = scene.another(limits=Limits(max_bytes=1000))
    (alarm,) = scene.guard.look()
    assert alarm.kind is AlarmKind.UNREADABLE
    assert "bytes" in alarm.detail


def test_a_directory_that_is_gone_is_an_alarm(scene):
    scene.stamp()
    assert scene.look() == {}
    scene.out.rename(scene.out.with_name("moved"))
    assert scene.look() == {"out": AlarmKind.UNREADABLE}
    assert scene.look() == {}
    scene.out.with_name("moved").rename(scene.out)
    assert scene.look() == {"out": AlarmKind.CLEARED}


def test_a_place_that_is_no_directory_is_refused(scene, tmp_path):
    with pytest.raises(ArgumentError, match="not a directory"):
        Guard(scene.store, [tmp_path / "nowhere"], older_than=HOUR)


# --- again and again ---------------------------------------------------------------------


def test_an_alarm_is_given_once_and_again_when_it_changes(scene):
    stranger = scene.out / "stranger.png"
    stranger.write_bytes(b"one")
    assert scene.look() == {"stranger.png": AlarmKind.NO_RECORD}
    assert scene.look() == {}
    stranger.write_bytes(b"other")
    assert scene.look() == {"stranger.png": AlarmKind.NO_RECORD}
    stranger.write_bytes(scene.stamp().data)
    assert scene.look() == {"stranger.png": AlarmKind.CLEARED}
    stranger.write_bytes(b"one")
    assert scene.look() == {"stranger.png": AlarmKind.NO_RECORD}
    stranger.unlink()
    assert scene.look() == {"stranger.png": AlarmKind.CLEARED}
    assert scene.guard.alarms == 0


def test_nothing_is_read_twice_until_it_changes(scene, monkeypatch):
    read, names = watch.read_file, []

    def counted(path, *arguments, **named):
        names.append(path.name)
        return read(path, *arguments, **named)

    monkeypatch.setattr(watch, "read_file", counted)
    made = scene.stamp()
    (scene.out / "stranger").write_bytes(b"x")
    scene.look()
    scene.look()  # so young that its times might hide another change
    assert sorted(names) == ["a.png", "a.png", "stranger"]
    monkeypatch.setattr(watch, "_SETTLED_NS", 0)
    scene.look()
    names.clear()
    scene.look()
    assert names == []
    # the same length, and the time of its content put back
    times = made.path.stat()
    made.path.write_bytes(made.data[:-1] + b"x")
    os.utime(made.path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert scene.look() == {"a.png": AlarmKind.CHANGED}
    assert names == ["a.png"]


def test_a_file_that_vanishes_while_it_is_looked_at_is_no_alarm(scene, monkeypatch):
    (scene.out / "gone").write_bytes(b"x")
    read = watch.read_file

    def vanished(path, *arguments, **named):
        path.unlink()
        return read(path, *arguments, **named)

    monkeypatch.setattr(watch, "read_file", vanished)
    assert scene.look() == {}


def test_a_registry_that_does_not_answer_loses_no_alarm(scene):
    class Busy(SqliteStore):
        answers = 1

        def find_by_sha256(self, sha256):
            self.answers -= 1
            if self.answers < 0:
                raise RegistryError("locked", code=ErrorCode.BUSY)
            return super().find_by_sha256(sha256)

    for name in ("a", "b", "c"):
        (scene.out / name).write_bytes(name.encode())
    busy = Busy(scene.store.path)
    guard = scene.another(store=busy)
    look = guard.look()
    first = next(look).path.name
    with pytest.raises(RegistryError):
        next(look)
    busy.answers = 100
    assert sorted([first, *(alarm.path.name for alarm in guard.look())]) == ["a", "b", "c"]
    assert guard.alarms == 3


def test_a_damaged_record_hides_nothing_else(scene):
    for name in ("a.png", "b.png", "c.png"):
        record_id = scene.stamp(name).record_id
    with closing(sqlite3.connect(scene.store.path)) as registry, registry:
        registry.execute("UPDATE records SET state = 'x' WHERE record_id = ?", (record_id,))
    (scene.out / "stranger").write_bytes(b"x")
    found = {"c.png": AlarmKind.DAMAGED, "stranger": AlarmKind.NO_RECORD}
    assert scene.look() == found
    assert scene.look() == {}


def test_more_alarms_than_can_be_remembered_are_counted(scene, monkeypatch):
    monkeypatch.setattr(watch, "MAX_ALARMS", 2)
    for name in ("a", "b", "c", "d"):
        (scene.out / name).write_bytes(name.encode())
    assert len(scene.look()) == 2
    assert (scene.guard.alarms, scene.guard.uncounted) == (4, 2)
    assert scene.look() == {}
    assert scene.guard.alarms == 4
