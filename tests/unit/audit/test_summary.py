"""Counts of a run: all rows, capped kinds, and the first of each kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import runs

from provenance.audit import tally
from provenance.audit.results import Results
from provenance.audit.summary import EXAMPLES, Distinct, summarise, write
from provenance.errors import ConfigError, ErrorCode, ProvenanceError


def test_every_row_is_counted_once(tmp_path: Path) -> None:
    rows = [
        runs.traced("a", issued_at="2026-03-01T10:00:00+00:00", milliseconds=40),
        runs.row("b", milliseconds=20),
        runs.row("c", "b", markers=["signed: X", "signed: Y"], milliseconds=30),
        runs.error("d", "E_TIMEOUT", "took longer", milliseconds=20_000),
        runs.row("e", verdict="CONFLICT", log10_p=-30.0),
    ]
    found = summarise(runs.make(tmp_path / "run", rows, per_part=2))
    assert (found.images, found.rows, found.complete, found.errors) == (5, 5, True, 1)
    assert found.counts["verdict"].kinds == {"NOT_FOUND": 2, "CONFLICT": 1, "TRACED": 1}
    assert found.counts["markers"].kinds == {"signed: X": 1, "signed: Y": 1}
    assert found.counts["error_code"].kinds == {"E_TIMEOUT": 1}
    assert found.issued == {"2026-03-01": 1}
    assert found.same_bytes == 1
    assert found.milliseconds == {
        "mean": 4020.0, "p50": 30, "p90": 20_000, "p99": 20_000, "most": 20_000,
    }  # fmt: skip
    assert sum(found.durations.values()) == 5
    assert found.durations["20"] == 1
    assert found.durations["50"] == 2
    assert [row["key"] for row in found.examples["TRACED"]] == ["a"]
    assert [row["key"] for row in found.examples["errors"]] == ["d"]
    assert [row["key"] for row in found.examples["slowest"]][:2] == ["d", "a"]
    looks = found.calibration.looks
    assert (looks.pictures, looks.looks) == (4, 4)
    assert looks.expected == pytest.approx(4e-12)


def test_a_run_that_is_not_finished_says_so(tmp_path: Path) -> None:
    found = summarise(runs.make(tmp_path / "run", [runs.row("a")], images=2))
    assert not found.complete


def test_duplicates_count_once_where_asked(tmp_path: Path) -> None:
    rows = [
        runs.traced("a"),
        runs.traced("a") | {"key": "copy"},
        runs.row("b", pdq=runs.traced("a")["pdq"]),
        runs.error("c"),
        runs.error("d"),
    ]
    results = runs.make(tmp_path / "run", rows)
    assert summarise(results, Distinct.ROWS).counted == 5
    exact = summarise(results, Distinct.EXACT)
    assert (exact.counted, exact.counts["verdict"].of("TRACED"), exact.errors) == (4, 1, 2)
    near = summarise(results, Distinct.NEAR)
    assert (near.counted, near.alike, near.counts["verdict"].kinds) == (3, 2, {"TRACED": 1})
    assert near.calibration.looks.looks == 1


def test_weak_readings_are_named_and_stay_as_they_are(tmp_path: Path) -> None:
    rows = [
        runs.traced("strong"),
        runs.traced("weak", log10_p=-2.5, log10_chance=-2.5),
        runs.traced("no bound", log10_p=None),
        runs.traced("signed", log10_p=None, basis=["metadata"]),
        runs.row("public", marker_log10_p=-2.0, markers=["public_watermark: Z"]),
    ]
    found = summarise(runs.make(tmp_path / "run", rows))
    assert found.counts["verdict"].of("TRACED") == 4
    assert found.calibration.looks.log10_threshold == pytest.approx(-3.699, abs=1e-3)
    assert found.calibration.weak_traced == 2
    assert found.calibration.weak_traced_keys == ("weak", "no bound")
    assert found.calibration.weak_markers == 1


def test_kinds_are_capped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MOST_KINDS", 150)
    rows = [runs.error(f"{i}", message=f"message {i}") for i in range(300)]
    rows += [runs.error(f"x{i}", message="message 0") for i in range(5)]
    found = summarise(runs.make(tmp_path / "run", rows, per_part=100))
    counted = found.counts["error_message"]
    assert len(counted.kinds) == tally.LISTED
    assert counted.total == 305
    assert counted.of("message 0") == 6
    assert (counted.more, counted.elsewhere) == (50, 200)
    assert len(found.examples["errors"]) == EXAMPLES


def test_it_is_written_as_json(tmp_path: Path) -> None:
    results = runs.make(tmp_path / "run", [runs.row("a"), runs.error("b\x1b[2J")])
    document = json.loads(write(results.directory, summarise(results)).read_bytes())
    assert document["rows"] == document["images"] == 2
    assert document["calibration"]["alpha"] == 0.001
    assert document["settings"] == runs.SETTINGS
    assert document["examples"]["errors"][0]["key"] == "b\\x1b[2J"
    assert list(results.directory.glob("*.incomplete")) == []


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no run"):
        Results.open(tmp_path)
    (tmp_path / "run.json").write_text("[" * 100_000)
    with pytest.raises(ConfigError, match="not a run"):
        Results.open(tmp_path)
    (tmp_path / "run.json").write_text('{"settings": {"row_version": 99}, "images":1, "chunks":1}')
    with pytest.raises(ConfigError, match="version 99"):
        Results.open(tmp_path)


def test_a_damaged_part_is_named(tmp_path: Path) -> None:
    results = runs.make(tmp_path / "run", [runs.row("a")])
    results.paths[0].write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(ProvenanceError, match=r"part-0000000\.parquet is damaged") as caught:
        summarise(results)
    assert caught.value.code is ErrorCode.CORRUPT
