"""Lightness of grey levels, against the formula of SSIMULACRA2 written out again."""

from __future__ import annotations

import numpy as np
import pytest

from provenance.watermark.perceptual.tone import lightness, lightness_slope

LEVELS = np.arange(0, 256, dtype=np.float32)


def formula(level):
    """Y of XYB for a grey level, in plain arithmetic."""
    encoded = level / 255
    linear = encoded / 12.92 if encoded <= 0.04045 else ((encoded + 0.055) / 1.055) ** 2.4
    bias = 0.0037930732552754493
    return (linear + bias) ** (1 / 3) - bias ** (1 / 3)


def test_lightness_is_the_formula():
    expected = [formula(float(level)) for level in LEVELS]
    assert np.allclose(lightness(LEVELS), expected, atol=1e-6)


def test_levels_between_are_those_of_the_next_sixteenth():
    fine = np.linspace(0, 255, 5000, dtype=np.float32)
    expected = np.array([formula(float(level)) for level in fine])
    assert np.abs(lightness(fine) - expected).max() <= lightness_slope(LEVELS).max() / 32 + 1e-6


def test_lightness_grows_with_every_level():
    assert (np.diff(lightness(np.arange(0, 255, 1 / 16, dtype=np.float32))) > 0).all()


def test_the_slope_is_the_derivative():
    step = 0.25
    inner = LEVELS[1:-1]
    expected = [(formula(x + step) - formula(x - step)) / (2 * step) for x in inner.tolist()]
    assert np.allclose(lightness_slope(inner), expected, rtol=0.01)


@pytest.mark.parametrize("function", [lightness, lightness_slope])
def test_levels_outside_of_the_range_are_those_of_its_ends(function):
    assert np.array_equal(
        function(np.array([-3, 300], np.float32)), function(np.array([0, 255], np.float32))
    )
