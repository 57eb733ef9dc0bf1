"""`python -m benchmarks.watermark`, through its entry point."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.watermark.commands import main
from benchmarks.watermark.timing import Timed, render

ROOT = Path(__file__).parents[3]
RUN = ("run", "--schemes", "imwatermark.dwtDctSvd", "--sets", "kodak", "--jobs", "1")


def test_run_and_report_as_one_would_type_them(material, tmp_path):
    def call(*words):
        command = [sys.executable, "-m", "benchmarks.watermark", *map(str, words)]
        return subprocess.run(
            command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120
        )

    run = call(*RUN, "--attacks", "flip", "--no-ssimulacra2", "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    told = call("report", tmp_path / "out", "--no-plots", "--out", tmp_path / "report.md")
    assert told.returncode == 0, told.stderr
    assert told.stdout == (tmp_path / "report.md").read_text()
    assert "| flip-x | imwatermark.dwtDctSvd |" in told.stdout
    assert "python -m benchmarks.watermark run --schemes" in told.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--attacks", "nothing"], "unknown attack 'nothing'"),
        (["--sets", "nothing"], "unknown set 'nothing'"),
        (["--schemes", "nothing"], "unknown watermark scheme 'nothing'"),
        (["--shard", "2/1"], "'2/1' is not a shard"),
        (["--jobs", "0"], "at least one job"),
    ],
)
def test_bad_input_is_one_line_and_code_two(material, tmp_path, capsys, words, message):
    assert main([*RUN, "--no-ssimulacra2", *words, "--out", str(tmp_path / "out")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"error: {message}")


def test_missing_material_is_one_line_and_code_two(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TEST_DATA", str(tmp_path))
    assert main([*RUN, "--no-ssimulacra2", "--out", str(tmp_path / "out")]) == 2
    assert "the larger test images are not here" in capsys.readouterr().err


def test_timing_measures_every_stage_of_every_scheme(material, tmp_path, capsys):
    out = tmp_path / "timing.md"
    words = ["timing", "--schemes", "imwatermark.dwtDctSvd", "--runs", "1", "--out", str(out)]
    assert main([*words, "--megapixels", "0.2"]) == 0
    document = capsys.readouterr().out
    assert out.read_text() == document
    for stage in ("embed", "marked, 1 system ", "transformed, 100 systems", "unmarked"):
        assert stage in document


def test_ratios_are_to_the_first_scheme_and_a_refusal_is_said():
    document = render(
        [
            Timed("a", "embed", 1.0, 10.0, 5.0),
            Timed("b", "embed", 1.0, 25.0, 7.0),
            Timed("b", "embed", 12.0, 99.0, 8.0),
        ]
    )
    assert "| 1 MP | embed | 10.0 ms, 5 MiB | 25.0 ms, 7 MiB, x2.50 |" in document
    assert "| 12 MP | embed | refused | 99.0 ms, 8 MiB |" in document
