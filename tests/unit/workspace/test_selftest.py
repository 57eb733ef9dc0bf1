"""The self-test passes here, says what it did, and leaves nothing behind."""

from __future__ import annotations

import tempfile

import numpy as np

from provenance.workspace.selftest import run_selftest, synthetic_picture


def test_every_step_passes_and_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    steps = run_selftest()
    assert [step.name for step in steps if not step.passed] == []
    assert len(steps) == 4
    assert all(step.detail for step in steps)
    assert list(tmp_path.iterdir()) == []


def test_the_synthetic_picture_is_always_the_same():
    one, two = synthetic_picture(), synthetic_picture()
    assert np.array_equal(one, two)
    assert (one.shape, one.dtype) == ((512, 512, 3), np.uint8)
    assert one.std() > 20
