"""The benchmark of the mark on a device, in small."""

from __future__ import annotations

import sys

import pytest
from support import devices

from benchmarks import device


def test_it_says_how_fast_how_equal_and_where_the_time_goes(monkeypatch, capsys):
    assert devices.torch.get_num_threads() == 1
    sizes = ["--device", "cpu", "--sides", "256", "--batches", "1", "--runs", "1"]
    monkeypatch.setattr(sys, "argv", ["device", *sizes])
    device.main()
    said = capsys.readouterr().out
    assert "torch" in said
    assert "device, batch 1" in said
    assert "most apart        1 level" in said
    shares = [line.split()[-1] for line in said.splitlines() if line.startswith("    ")]
    assert len(shares) == 7
    assert sum(float(share.rstrip("%")) for share in shares) == pytest.approx(100, abs=0.5)
