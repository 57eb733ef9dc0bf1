"""`provenance audit` and what comes of it, through the real entry point."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from provenance_cli.exit_codes import ExitCode
from support import runs
from support.command import Command
from support.hostile_rows import hostile_rows

from provenance.audit.questions import QUESTIONS

QUICK = ("--depth", "fast", "--workers", "1")


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory, plain_png: bytes) -> Path:
    """Seven pictures, three of them the same file, and one file that is none."""
    folder = tmp_path_factory.mktemp("dump")
    for number in range(4):
        (folder / f"{number}.png").write_bytes(plain_png + bytes(number))
    for name in ("x", "y", "z"):
        (folder / f"{name}.png").write_bytes(plain_png)
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, dump: Path) -> Path:
    """A run over it that is done."""
    out = tmp_path_factory.mktemp("finished") / "run"
    done = subprocess.run(
        [sys.executable, "-m", "provenance_cli", "audit", str(dump), "--out", str(out),
         "--chunk", "3", *QUICK],
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == ExitCode.ROW_ERRORS, done.stderr
    return out


def rows_of(run: Path) -> list[dict[str, object]]:
    """All rows but their times, by key."""
    table = pq.read_table(run / "parts").drop_columns(["milliseconds"])
    return table.sort_by("key").to_pylist()


def test_rows_are_as_many_as_images(finished: Path, dump: Path) -> None:
    rows = rows_of(finished)
    assert [row["key"] for row in rows] == sorted(str(path) for path in dump.iterdir())
    summary = json.loads((finished / "summary.json").read_text())
    assert (summary["rows"], summary["images"], summary["complete"]) == (8, 8, True)
    assert summary["rows_with_the_bytes_of_an_earlier_one"] == 3
    assert "Audit of 8 images" in (finished / "report.html").read_text()


def test_run_may_be_said(command: Command, dump: Path, tmp_path: Path) -> None:
    result = command("audit", "run", dump, "--out", tmp_path / "run", "--limit", "1", *QUICK)
    assert result.code == ExitCode.TRACED
    assert "1 rows for 1 images" in result.err


def test_a_directory_may_be_called_like_a_command(
    command: Command, tmp_path: Path, plain_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "query").mkdir()
    (tmp_path / "query" / "a.png").write_bytes(plain_png)
    monkeypatch.chdir(tmp_path)
    assert command("audit", "./query", "--dry-run").out.startswith("1 images in 1 chunks")
    assert command("audit", "query").code == ExitCode.ERROR


def test_options_may_come_first(command: Command, dump: Path) -> None:
    assert command("audit", "--dry-run", dump).out.startswith("8 images")


def test_help_names_all_commands(command: Command) -> None:
    result = command("audit", "--help")
    for name in ("run", "summary", "report", "query", "diff", "export", "join"):
        assert f"\n  {name} " in result.out


def test_going_on_does_only_what_is_missing(
    command: Command, finished: Path, dump: Path, tmp_path: Path
) -> None:
    again = tmp_path / "run"
    shutil.copytree(finished, again)
    part = again / "parts" / "part-0000001.parquet"
    kept = (again / "parts" / "part-0000000.parquet").stat().st_mtime_ns
    part.unlink()
    (again / "summary.json").unlink()
    result = command("audit", dump, "--out", again, *QUICK)
    assert result.code == ExitCode.ROW_ERRORS
    assert "5 of 8 images are done already" in result.err
    assert rows_of(again) == rows_of(finished)
    assert (again / "parts" / "part-0000000.parquet").stat().st_mtime_ns == kept
    assert (again / "summary.json").exists()


@pytest.mark.parametrize(
    "changed",
    [("--depth", "deep"), ("--seconds", "5"), ("--sample", "0.5"), ("--limit", "3"),
     ("--shard", "1/2"), ("--formats", "tiff"), ("--seed", "1")],
)  # fmt: skip
def test_other_settings_are_refused(
    command: Command, finished: Path, dump: Path, changed: tuple[str, str]
) -> None:
    result = command("audit", dump, "--out", finished, *QUICK, *changed)
    assert result.code == ExitCode.ERROR
    assert "other settings" in result.err
    assert result.err.count("error:") == 1


@pytest.mark.parametrize(
    "wrong",
    [("--depth", "most"), ("--shard", "3/2"), ("--sample", "0"), ("--sample", "2"),
     ("--limit", "0"), ()],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    command: Command, dump: Path, tmp_path: Path, wrong: tuple[str, str]
) -> None:
    out = () if not wrong else ("--out", tmp_path / "run")
    result = command("audit", dump, *out, *wrong)
    assert result.code == ExitCode.ERROR
    assert not (tmp_path / "run").exists()


def test_a_plan_does_nothing(command: Command, dump: Path, tmp_path: Path) -> None:
    result = command("audit", dump, "--dry-run", "--json", "--chunk", "3", "--out", tmp_path / "r")
    document = json.loads(result.out)
    assert (document["images"], document["chunks"]) == (8, 3)
    assert not (tmp_path / "r").exists()
    assert "(nothing" not in result.err


def test_shards_join_to_the_whole(
    command: Command, finished: Path, dump: Path, tmp_path: Path
) -> None:
    for number in (1, 2):
        out = tmp_path / f"{number}"
        command("audit", dump, "--out", out, "--chunk", "3", "--shard", f"{number}/2", *QUICK)
    assert (
        command("audit", "join", tmp_path / "2", tmp_path / "1", "--out", tmp_path / "all").code
        == 0
    )
    for name in ("run.json", "chunks.jsonl"):
        assert (tmp_path / "all" / name).read_bytes() == (finished / name).read_bytes()
    assert rows_of(tmp_path / "all") == rows_of(finished)
    # And the joined run is one that can be gone on with.
    assert command("audit", dump, "--out", tmp_path / "all", *QUICK).code == ExitCode.ROW_ERRORS


# --- what comes of a run --------------------------------------------------------------


def test_summary(command: Command, finished: Path) -> None:
    document = json.loads(command("audit", "summary", finished, "--json").out)
    assert document == json.loads((finished / "summary.json").read_text())
    exact = json.loads(command("audit", "summary", finished, "--distinct", "exact", "--json").out)
    assert exact["rows_counted"] == 5
    assert json.loads((finished / "summary.json").read_text())["rows_counted"] == 8
    assert "counted: 2 of them" in command("audit", "summary", finished, "--distinct", "near").err


def test_report(command: Command, finished: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert command("audit", "report", finished, "--out", page).code == 0
    assert page.read_bytes() == (finished / "report.html").read_bytes()
    refused = command("audit", "report", finished, "--out", page)
    assert refused.code == ExitCode.ERROR
    assert command("audit", "report", finished, "--out", page, "--overwrite").code == 0


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question(command: Command, finished: Path, question: str) -> None:
    rows = command("audit", "query", finished, question, "--jsonl").rows
    document = json.loads(command("audit", "query", finished, question, "--json").out)
    assert document == rows
    assert len(command("audit", "query", finished, question, "--limit", "1").out.splitlines()) <= 2
    assert question in command("audit", "query", finished).out


def test_sql(command: Command, finished: Path) -> None:
    result = command("audit", "query", finished, "select count(*) as n from rows", "--jsonl")
    assert result.rows == [{"n": 8}]
    refused = command("audit", "query", finished, "select * from read_text('/etc/passwd')")
    assert refused.code == ExitCode.ERROR
    assert refused.out == ""


def test_values_of_sql_become_json(command: Command, finished: Path) -> None:
    statement = (
        "select pdq, date '2026-01-01' as day, 'nan'::double as odd, 1.5::decimal(4, 2) as price, "
        "[1, 2] as list, {'a': 1} as map, null as none from rows where pdq is not null limit 1"
    )
    (row,) = command("audit", "query", finished, statement, "--jsonl").rows
    assert len(row.pop("pdq")) == 64
    assert row == {
        "day": "2026-01-01", "odd": "nan", "price": "1.50", "list": [1, 2], "map": {"a": 1},
        "none": None,
    }  # fmt: skip


def test_a_question_that_there_is_not(command: Command, finished: Path) -> None:
    result = command("audit", "query", finished, "everything")
    assert result.code == ExitCode.ERROR
    assert "traced" in result.err


def test_diff(command: Command, finished: Path, tmp_path: Path) -> None:
    same = command("audit", "diff", finished, finished)
    assert (same.code, same.out) == (0, "")
    other = tmp_path / "other"
    runs.make(other, [runs.traced("new\x1b[2J")])
    result = command("audit", "diff", finished, other, "--most", "3")
    assert result.code == ExitCode.NOT_FOUND
    assert result.out.splitlines()[-1] == "and 6 more"
    assert "1 new, 8 gone, 0 changed" in result.err
    document = json.loads(command("audit", "diff", finished, other, "--by", "sha256", "--json").out)
    assert document["counts"] == {"new": 1, "gone": 5, "changed": 0}


def test_exports(command: Command, finished: Path, tmp_path: Path) -> None:
    rows = list(
        csv.DictReader(io.StringIO(command("audit", "export", finished, "--to", "csv").out))
    )
    assert len(rows) == 8
    lines = command("audit", "export", finished, "--to", "jsonl", "--verdict", "not-found").rows
    assert all(row["verdict"] == "NOT_FOUND" for row in lines)
    path = tmp_path / "hashes.json"
    assert command("audit", "export", finished, "--to", "vics", "--out", path).code == 0
    assert len(json.loads(path.read_text())["value"]) == 8
    assert command("audit", "export", finished, "--to", "vics", "--out", path).code == 2
    assert command("audit", "export", finished, "--to", "csv", "--verdict", "real").code == 2


@pytest.mark.parametrize(
    "words",
    [("summary",), ("report",), ("query",), ("export", "--to", "csv"), ("diff", ".")],
)
def test_what_is_no_run_is_refused(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = command("audit", words[0], tmp_path, *words[1:])
    assert result.code == ExitCode.ERROR
    assert result.err.count("error:") == 1
    assert list(tmp_path.iterdir()) == []


def test_hostile_rows_steer_no_terminal(command: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    runs.make(run, hostile_rows(), per_part=100)
    runs.make(tmp_path / "none", [])
    for words in (
        *(("query", run, question) for question in QUESTIONS),
        ("query", run, "select * from rows"),
        ("diff", tmp_path / "none", run),
        ("summary", run),
        ("summary", run, "--json"),
    ):
        result = command("audit", *words)
        steering = [c for c in result.out + result.err if ord(c) < 32 and c not in "\n\t"]
        assert steering == [], words
        assert not any(c in result.out + result.err for c in "\x7f\x9b\u202e\u2066\u2028")


# --- signals ---------------------------------------------------------------------------


def _started(dump: Path, out: Path) -> subprocess.Popen[bytes]:
    """A run with many small chunks that has kept one of them."""
    process = subprocess.Popen(
        [sys.executable, "-m", "provenance_cli", "audit", str(dump), "--out", str(out),
         "--chunk", "1", *QUICK],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    for _ in range(600):
        if list(out.glob("parts/part-*.parquet")):
            return process
        time.sleep(0.05)
    process.kill()
    pytest.fail(f"no chunk was kept: {process.communicate()}")


@pytest.fixture
def many(tmp_path: Path, plain_png: bytes) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:03}.png").write_bytes(plain_png)
    return folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_what_was_begun(
    command: Command, many: Path, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "run"
    process = _started(many, out)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.STOPPED, err
    assert b"go on with: provenance audit" in err
    kept = len(list(out.glob("parts/*.parquet")))
    assert 0 < kept < 60
    assert list(out.glob("parts/*.incomplete")) == []
    assert not (out / "summary.json").exists()
    assert command("audit", many, "--out", out, *QUICK).code == 0
    assert len(rows_of(out)) == 60


def test_a_second_signal_stops_at_once(command: Command, many: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = _started(many, out)
    workers = _children(process.pid)
    os.kill(workers[0], signal.SIGSTOP)  # its chunk will not be finished
    time.sleep(0.5)  # between two chunks it is given one meanwhile
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=15)
    assert process.returncode == ExitCode.STOPPED
    os.kill(workers[0], signal.SIGCONT)  # what does not run cannot notice that it is alone
    assert not _alive(workers[0])
    assert command("audit", many, "--out", out, *QUICK).code == 0
    assert len(rows_of(out)) == 60


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    found = [(task / "children").read_text().split() for task in tasks.iterdir()]
    return [int(child) for some in found for child in some]


def _alive(pid: int) -> bool:
    for _ in range(100):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return False
        time.sleep(0.05)
    return True
