"""Cubic interpolation as weighted sums."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.watermark.carriers.cubic import TAPS, cubic


def applied(values, target):
    index, weight = cubic(len(values), target)
    return (values[index] * weight).sum(axis=0)


@given(st.integers(1, 300), st.integers(1, 300))
def test_every_output_is_made_of_four_inputs_that_follow_one_another(source, target):
    index, weight = cubic(source, target)
    assert index.shape == weight.shape == (TAPS, target)
    assert index.min() >= 0
    assert index.max() < source
    assert set(np.diff(index, axis=0).ravel()) <= {0, 1}
    assert np.allclose(weight.sum(axis=0), 1, atol=1e-6)


@pytest.mark.parametrize(("source", "target"), [(512, 1024), (100, 101), (97, 350), (5, 64)])
def test_it_is_what_opencv_does(source, target):
    values = np.random.default_rng(1).normal(0, 30, source).astype(np.float32)
    expected = cv2.resize(values[None], (target, 1), interpolation=cv2.INTER_CUBIC)[0]
    assert np.allclose(applied(values, target), expected, atol=1e-3)


def test_the_same_size_changes_nothing():
    values = np.random.default_rng(1).normal(0, 30, 50).astype(np.float32)
    assert np.array_equal(applied(values, 50), values)


def test_what_is_kept_cannot_be_changed():
    index, weight = cubic(8, 16)
    for kept in (index, weight):
        with pytest.raises(ValueError, match="read-only"):
            kept[0, 0] = 1
