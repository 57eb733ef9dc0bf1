"""The benchmarks of the audit, in small."""

from __future__ import annotations

import json
import math
import sys

import pytest

from benchmarks.audit import evidence, stop, throughput
from provenance.watermark import Depth


def test_evidence_that_did_not_change_has_no_differences(tmp_path, material, monkeypatch, capsys):
    before = tmp_path / "before.json"
    arguments = ["write", str(material), "--out", str(before), "--depth", "fast"]
    monkeypatch.setattr(sys, "argv", ["evidence", *arguments])
    evidence.main()
    monkeypatch.setattr(sys, "argv", ["evidence", "compare", str(before), str(material)])
    with pytest.raises(SystemExit) as ended:
        evidence.main()
    assert not ended.value.code
    assert "0 differences" in capsys.readouterr().out


def test_every_change_of_evidence_is_named():
    before = {"a.png": {"fast": {"pdq": "00", "evidence": {"record": "1", "markers": "()"}}}}
    after = {"a.png": {"fast": {"pdq": "01", "evidence": {"record": "1", "markers": "(x)"}}}}
    assert list(evidence.differences(before, before)) == []
    assert list(evidence.differences(before, after)) == [
        "a.png fast markers: () -> (x)",
        "a.png fast pdq: 00 -> 01",
    ]
    assert len(list(evidence.differences(before, {}))) == 2


def outcomes(*scores, deep=True):
    return [stop.Outcome(score=score, deep=deep) for score in scores]


def test_the_table_counts_what_a_threshold_loses():
    found = [*outcomes(math.inf, 9.0, 7.0, 6.9), *outcomes(math.nan, deep=False)]
    lines = list(stop.table(found, {0.0: ([30.0], 1.0), 7.0: ([10.0, 12.0, 20.0], 0.25)}))
    assert "5 attacked pictures: 4 read without a stop, 3 of them" in lines[0]
    assert "| 0 | 0 (0.00%) | 0.00% | 30.0 (mean 30.0) | 100.0% |" in lines
    assert "| 7 | 1 (25.00%) | 33.33% | 12.0 (mean 14.0) | 25.0% |" in lines


def test_the_stop_is_measured_and_put_back(material, monkeypatch, capsys):
    kept = stop.glance.IN_PLACE, stop.glance.SEARCH
    options = ["--images", "1", "--sets", "kodak", "--attacks", "flip", "--unmarked", "1"]
    monkeypatch.setattr(sys, "argv", ["stop", *options])
    monkeypatch.setattr(stop, "THRESHOLDS", (0.0,))
    monkeypatch.setattr(stop, "_SIDE", 300)
    stop.main()
    assert "| 0 | 0 (0.00%)" in capsys.readouterr().out
    assert kept == (stop.glance.IN_PLACE, stop.glance.SEARCH)


def test_marks_in_place_are_seen_at_a_glance(material, monkeypatch, capsys):
    options = ["--images", "1", "--sets", "kodak", "--attacks", "none", "--in-place"]
    monkeypatch.setattr(sys, "argv", ["stop", *options])
    stop.main()
    assert "1 marks read in place" in capsys.readouterr().out


def test_throughput_tells_times_decode_and_what_two_workers_give(
    tmp_path, material, monkeypatch, capsys
):
    classes = {throughput.ACCEPTED_CLASS: (300, "JPEG", {"quality": 85})}
    monkeypatch.setattr(throughput, "CLASSES", classes)
    monkeypatch.setattr(throughput, "POOL_DEPTHS", (Depth.STANDARD,))
    options = ["--files", "1", "--rounds", "1", "--pool-files", "2", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["throughput", *options])
    throughput.main()
    said = capsys.readouterr().out
    assert said.strip() == (tmp_path / "audit-throughput.md").read_text().strip()
    found = json.loads((tmp_path / "audit-throughput.json").read_text())
    costs = found["classes"][throughput.ACCEPTED_CLASS]
    assert set(costs["cpu_ms"]) == {"Pillow", "OpenCV", "loader", "fast", "standard", "deep"}
    assert all(number > 0 for number in costs["images_per_core_hour"].values())
    assert found["dump"]["cpu_ms"] == costs["cpu_ms"]  # of one class, which is all of it
    assert found["workers"]["standard"]["2"]["images"] == 2


def test_the_dump_is_a_hundred_files_of_the_classes():
    assert sum(throughput.DUMP.values()) == 100
    assert set(throughput.DUMP) == set(throughput.CLASSES)


def test_workers_can_be_measured_alone(tmp_path, material, monkeypatch, capsys):
    monkeypatch.setattr(throughput, "POOL_DEPTHS", (Depth.FAST,))
    options = ["--workers-only", "--files", "1", "--pool-files", "2", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["throughput", *options])
    throughput.main()
    assert "| fast | 2 |" in capsys.readouterr().out
    made = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert made == {"audit-workers.json", "audit-workers.md"}
