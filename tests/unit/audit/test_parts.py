"""Parts on a disk that fills up, and that changes what was written."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provenance.audit import parts
from provenance.audit.row import Row, empty
from provenance.errors import ErrorCode, ProvenanceError


def rows(count: int = 3, **fields: object) -> list[Row]:
    made = [empty(f"key-{number}", "1") for number in range(count)]
    return [row | {"sha256": f"{n:064x}", "pdq": "00ff", **fields} for n, row in enumerate(made)]


KEYS = [row["key"] for row in rows()]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    parts.write(tmp_path, 7, rows())
    path = tmp_path / "part-0000007.parquet"
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    assert parts.read(path).column("key").to_pylist() == KEYS
    assert parts.read(path, ["pdq"]).column("pdq").to_pylist() == [b"\x00\xff"] * 3
    assert parts.holds(path, 3)
    assert not parts.holds(path, 4)
    parts.require_sound(path, KEYS)
    assert parts.done(tmp_path) == {7}


def test_the_digest_is_that_of_the_rows_and_not_of_their_times() -> None:
    one, other = parts.table(rows(milliseconds=1)), parts.table(rows(milliseconds=2))
    assert parts.digest(one) == parts.digest(other)
    assert parts.digest(one) != parts.digest(parts.table(rows(format="png")))
    assert parts.digest(one) != parts.digest(one.take([1, 0, 2]))


def test_a_part_that_is_cut_off_anywhere_is_noticed(tmp_path: Path) -> None:
    parts.write(tmp_path, 0, rows())
    path = parts.path_of(tmp_path, 0)
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert not parts.holds(path, 3)
        with pytest.raises(ProvenanceError) as caught:
            parts.read(path)
        assert caught.value.code is ErrorCode.CORRUPT
        assert str(path) in caught.value.message


def test_no_flipped_bit_changes_a_row_unnoticed(tmp_path: Path) -> None:
    parts.write(tmp_path, 0, rows())
    path = parts.path_of(tmp_path, 0)
    whole, true = path.read_bytes(), parts.read(path)
    noticed = 0
    for position in range(0, len(whole), 23):
        path.write_bytes(
            whole[:position] + bytes([whole[position] ^ 1 << position % 8]) + whole[position + 1 :]
        )
        try:
            parts.require_sound(path, KEYS)
        except ProvenanceError:
            noticed += 1
        else:
            assert parts.read(path).equals(true)
    assert noticed > 100


def test_a_part_about_other_images_is_noticed(tmp_path: Path) -> None:
    parts.write(tmp_path, 0, rows())
    with pytest.raises(ProvenanceError, match="about other images"):
        parts.require_sound(parts.path_of(tmp_path, 0), [*KEYS[1:], KEYS[0]])


def test_a_file_with_other_columns_is_noticed(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = parts.path_of(tmp_path, 0)
    pq.write_table(pa.table({"key": KEYS}), path)
    assert not parts.holds(path, 3)
    with pytest.raises(ProvenanceError, match="other columns"):
        parts.read(path)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process grows beyond: like a full disk, for whoever writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [0, 1, 1000, 4000])
def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path: Path, size: int) -> None:
    with file_size_limit(size), pytest.raises(ProvenanceError) as caught:
        parts.write(tmp_path, 0, rows())
    assert caught.value.code is ErrorCode.IO
    assert caught.value.message == f"cannot write {parts.path_of(tmp_path, 0)}: File too large"
    assert not list(tmp_path.iterdir())
    parts.write(tmp_path, 0, rows())


def test_only_what_the_dead_of_this_machine_left_is_swept(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host = socket.gethostname()
    left = f"part-0000001.parquet.{host}-{dead.pid}.incomplete"
    kept = {
        f"part-0000002.parquet.{host}-{os.getpid()}.incomplete",
        f"part-0000003.parquet.{host}-1.incomplete",
        f"part-0000004.parquet.elsewhere-{dead.pid}.incomplete",
        "part-0000005.parquet.incomplete",
        "part-0000006.parquet.tmp",
        "notes.txt",
        "part-0000009.parquet",
    }
    for name in {left, *kept}:
        (tmp_path / name).touch()
    parts.sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert parts.done(tmp_path) == {9}
