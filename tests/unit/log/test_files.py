"""Files of the log: synced before they are named, in an order that survives a loss of power."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.leaves import NOON, MemorySource, make_log

from provenance.errors import LogError
from provenance.log.files import locked, read_bounded, replace_file


def test_nothing_is_named_before_it_is_on_disk_and_the_head_comes_after_the_tiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = MemorySource()
    source.issue(300)
    log = make_log(tmp_path, source)
    done: list[tuple[str, str]] = []
    replace = os.replace

    def name_of(descriptor: int) -> str:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", lambda descriptor: done.append(("sync", name_of(descriptor))))

    def replacing(before: Path, after: Path) -> None:
        assert done[-1] == ("sync", str(before))
        replace(before, after)
        done.append(("name", str(after)))

    monkeypatch.setattr(os, "replace", replacing)
    log.publish(NOON)
    head = done.index(("name", str(log.head_path)))
    tiles = {str(p) for p in log.directory.glob("tile/**/*") if p.is_file()}
    assert {path for kind, path in done[:head] if kind == "name"} == tiles
    for folder in {str(Path(tile).parent) for tile in tiles}:
        last = max(i for i, (kind, p) in enumerate(done) if kind == "name" and p.startswith(folder))
        assert ("sync", folder) in done[last:head]
    # New directories are on disk too, up to the one that holds the log.
    folders = {p for p in log.directory.glob("tile/**/") if p.is_dir()} | {log.directory}
    assert {("sync", str(folder.parent)) for folder in folders} <= set(done[:head])
    served = done.index(("name", str(log.directory / "checkpoint")))
    assert done[head + 1] == ("sync", str(log.head_path.parent))
    assert head < served
    assert ("sync", str(log.directory)) in done[served:]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_short_writes_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    replace_file(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert read_bounded(tmp_path / "none", 10) is None
    assert read_bounded(tmp_path / "none" / "below", 10) is None
    (tmp_path / "long").write_bytes(b"x" * 11)
    with pytest.raises(LogError, match="more than 10 bytes"):
        read_bounded(tmp_path / "long", 10)
    with pytest.raises(LogError, match="not a regular file"):
        read_bounded(tmp_path, 10)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(LogError, match="not a regular file"):
        read_bounded(tmp_path / "fifo", 10)


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="cannot write"):
        replace_file(tmp_path / "none" / "file", b"")
    (tmp_path / ".file.tmp").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LogError, match="cannot write"):
        replace_file(tmp_path / "file", b"")
    assert not (tmp_path / "elsewhere").exists()
    with (
        pytest.raises(LogError, match="cannot open"),
        locked(tmp_path / "none" / "lock", seconds=0),
    ):
        pass


def test_readers_share_a_lock_and_keep_writers_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, seconds=0, shared=True):
        assert not path.exists()  # a reader writes nothing
    with locked(path, seconds=0):
        pass
    with (
        locked(path, seconds=0, shared=True),
        locked(path, seconds=0, shared=True),
        pytest.raises(LogError, match="stayed locked"),
        locked(path, seconds=0),
    ):
        pass
