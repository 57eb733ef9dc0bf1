"""One worker after another, and an answer for every image."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

import pytest
from support import pictures
from unit.audit.conftest import chunk_of, worker

from provenance.audit import isolate
from provenance.audit.chunk import Chunk
from provenance.audit.row import Row
from provenance.errors import ProvenanceError

GOOD = (None, "INDETERMINATE")  # no key is known


def outcomes(rows: list[Row]) -> list[tuple[str | None, str | None]]:
    return [(row["error_code"], row["verdict"]) for row in rows]


@pytest.mark.usefixtures("falling")
@pytest.mark.slow
def test_each_image_that_its_worker_dies_of_has_a_row_and_costs_no_other(tmp_path: Path) -> None:
    chunk = chunk_of(tmp_path, ["", "segfault", "", "forge", "memory", ""])
    with worker() as one:
        rows = list(one.rows(chunk))
        starts = one.starts
    assert outcomes(rows) == [
        GOOD,
        ("E_CRASH", None),
        GOOD,
        ("E_CRASH", None),
        ("E_LIMIT", None),
        GOOD,
    ]
    assert rows[1]["error_message"] == "the worker crashed (SIGSEGV)"
    assert rows[3]["error_message"] == "the worker lost its place"
    assert [row["key"] for row in rows] == list(chunk.names)
    assert starts == 1 + 2 + 2  # each death is confirmed by a second one


@pytest.mark.usefixtures("falling")
def test_native_code_that_never_ends_is_stopped(tmp_path: Path) -> None:
    with worker(seconds=2.0) as one:
        rows = list(one.rows(chunk_of(tmp_path, ["spin", ""])))
    assert outcomes(rows) == [("E_TIMEOUT", None), GOOD]
    assert rows[0]["error_message"] == "took longer than 2 seconds and was stopped"


@pytest.mark.usefixtures("falling")
def test_an_image_is_not_blamed_for_what_somebody_did_to_its_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = tmp_path / "done"
    monkeypatch.setenv("PROVENANCE_TEST_DONE", str(done))
    with worker() as one:
        rows = list(one.rows(chunk_of(tmp_path, ["", "once", ""])))
    assert done.exists()
    assert outcomes(rows) == [GOOD] * 3


def test_a_worker_that_is_killed_between_two_chunks_is_replaced(tmp_path: Path) -> None:
    chunk = chunk_of(tmp_path, ["", ""])
    with worker() as one:
        first = list(one.rows(chunk))
        assert one.pid is not None
        os.kill(one.pid, signal.SIGKILL)
        second = list(one.rows(chunk))
        assert one.starts == 2
    assert outcomes(first) == outcomes(second) == [GOOD] * 2


def test_rows_that_nobody_takes_are_not_taken_for_others(tmp_path: Path) -> None:
    chunk = chunk_of(tmp_path, ["", "", ""])
    with worker() as one:
        rows = one.rows(chunk)
        next(rows)
        rows.close()
        assert one.pid is None
        assert outcomes(list(one.rows(chunk))) == [GOOD] * 3


def test_a_worker_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    chunk = chunk_of(tmp_path, [""])
    with worker() as one:
        thread = threading.Thread(target=lambda: list(one.rows(chunk)))
        thread.start()
        thread.join()
        assert outcomes(list(one.rows(chunk))) == [GOOD]
        assert one.starts == 1


@pytest.mark.parametrize("limit", ["MOST_RESIDENT", "MOST_IMAGES"])
def test_a_worker_that_has_grown_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(isolate, limit, 1)
    with worker() as one:
        assert outcomes(list(one.rows(chunk_of(tmp_path, ["", ""])))) == [GOOD] * 2
        assert one.starts == 2


def test_a_large_picture_that_needs_too_much_is_over_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(pictures.file(pictures.crop(256, 256).repeat(16, 0).repeat(16, 1), "JPEG"))
    chunk = Chunk(kind="files", address=str(path), names=(str(path),))
    with worker(memory=60_000_000) as one:
        (row,) = one.rows(chunk)
    assert (row["error_code"], row["verdict"]) == ("E_LIMIT", None)


def test_images_that_are_gone_have_their_rows(tmp_path: Path) -> None:
    chunk = chunk_of(tmp_path, ["", "", ""])
    Path(chunk.names[1]).unlink()
    with worker() as one:
        rows = list(one.rows(chunk))
        assert one.starts == 1
    assert outcomes(rows) == [GOOD, ("E_IO", None), GOOD]


def test_a_worker_writes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, falling: None
) -> None:
    monkeypatch.setenv("PROVENANCE_TEST_DONE", str(tmp_path / "leaked"))
    with worker() as one:
        (row,) = one.rows(chunk_of(tmp_path, ["write"]))
    assert row["verdict"] is None
    assert not (tmp_path / "leaked").read_bytes()


def test_where_no_worker_starts_no_image_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os; os._exit(9)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    chunk = chunk_of(tmp_path, [""])
    with worker() as one, pytest.raises(ProvenanceError) as caught:
        list(one.rows(chunk))
    assert "a worker does not start: the worker ended by itself (9)" in caught.value.message
    assert one.pid is None


def test_one_thread_and_no_look_from_outside(tmp_path: Path) -> None:
    with worker() as one:
        list(one.rows(chunk_of(tmp_path, [""])))
        status = Path(f"/proc/{one.pid}/status").read_text()
        assert "Threads:\t1\n" in status
        assert "NoNewPrivs:\t1\n" in status
        assert Path(f"/proc/{one.pid}/oom_score_adj").read_text().strip() == "800"
        limits = Path(f"/proc/{one.pid}/limits").read_text()
    for name in ("Max core file size", "Max file size"):
        assert re.search(rf"^{name} +0 +0 ", limits, re.MULTILINE)
    assert not re.search(r"^Max address space +unlimited", limits, re.MULTILINE)
