"""The benchmark of the issuance log, in small."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import log


def test_the_benchmark_runs_and_both_implementations_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    sizes = ["--leaves", "300", "--batch", "7", "--proofs", "20", "--folder", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["log", *sizes])
    log.main()
    said = capsys.readouterr().out
    assert "20 of 20 proofs hold" in said
    assert "0 violations" in said
    assert "seed" in said
    assert list(tmp_path.iterdir()) == []
