"""Where the mark may be strong: texture and edges, never the sky beside them."""

from __future__ import annotations

import numpy as np
import pytest
from support import pictures

from provenance.watermark.carriers import frame
from provenance.watermark.perceptual.mask import FLAT, chroma_mask, local_variance, luma_mask
from provenance.watermark.perceptual.tone import lightness, lightness_slope

SIDE = 256
MID = 128.0


def flat(level=MID):
    return np.full((SIDE, SIDE), level, np.float32)


def textured(deviation, seed=0):
    rng = np.random.default_rng(seed)
    return (MID + rng.normal(0, deviation, (SIDE, SIDE))).astype(np.float32)


def masks(luma):
    variance = local_variance(luma, 1.0)
    return luma_mask(luma, variance), chroma_mask(variance)


def test_without_texture_the_mask_at_mid_grey_is_flat():
    mask = masks(flat())[0]
    assert mask.shape == (SIDE, SIDE)
    assert mask == pytest.approx(FLAT, rel=0.05)
    assert np.ptp(mask) < 1e-4


def test_the_more_texture_the_more_is_carried():
    means = [masks(textured(deviation))[0].mean() for deviation in (0, 2, 5, 12, 30)]
    assert np.all(np.diff(means) > 0.015)
    assert means[-1] > 2 * means[0]


def test_the_mask_is_capped():
    mask = luma_mask(flat(), np.full((SIDE, SIDE), 10, np.float32))
    assert mask == pytest.approx(8)
    rng = np.random.default_rng(1)
    stark = rng.choice(np.array([0.0, 255.0], np.float32), (SIDE // 8, SIDE // 8))
    mask = masks(np.kron(stark, np.ones((8, 8), np.float32)))[0]
    assert 0 < mask.min() < mask.max() <= 8


@pytest.mark.parametrize("level", [0, 10, 60, 200, 255])
def test_in_flat_areas_the_mark_changes_lightness_equally(level):
    slope = lightness_slope(np.array([level], np.float32))[0]
    assert masks(flat(level))[0] * slope == pytest.approx(FLAT * 0.0034, rel=5e-3)


def test_a_lone_edge_does_not_spill_into_the_sky_beside_it():
    middle = SIDE // 2
    edge = flat(100)
    edge[:, middle:] = 160
    variance = local_variance(edge, 1.0)
    limited = luma_mask(edge, variance)[middle]
    sky = masks(flat(100))[0].mean()
    assert limited[middle - 2] > 3 * sky
    assert np.abs(limited[: middle - 22] - sky).max() < 0.03 * sky
    # Beside the edge it stays below what the variance there alone would allow.
    for apart in (2, 6, 10):
        at = middle - apart
        alone = luma_mask(edge, np.full_like(variance, variance[middle, at]))[middle, at]
        assert limited[at] < 0.95 * alone


def test_local_variance_is_that_of_lightness():
    """Of wide stripes, far from their edges' own blur: the variance of two values."""
    stripes = flat(90)
    stripes[:, (np.arange(SIDE) // 2) % 2 == 0] = 150
    low, high = lightness(np.array([90, 150], np.float32))
    # Averaging over two pixels keeps every other column and halves the contrast of none.
    columns = np.convolve(np.tile([low, low, high, high], 8), [0.5, 0.5], mode="valid")
    expected = np.var(columns[:16])
    assert local_variance(stripes, 1.0)[SIDE // 2, SIDE // 2] == pytest.approx(expected, rel=0.02)


def test_the_window_follows_the_size_of_the_original():
    """The same frame of a larger picture: its pixels are finer, so the window is smaller."""
    edge = flat(100)
    edge[:, SIDE // 2 :] = 160
    wide, narrow = (local_variance(edge, scale)[SIDE // 2] for scale in (1.0, 0.5))
    assert (wide > 1e-4).sum() == pytest.approx(2 * (narrow > 1e-4).sum(), rel=0.2)


def test_the_chroma_mask_is_one_in_flat_areas_and_capped():
    assert masks(flat())[1] == pytest.approx(1, abs=1e-3)
    values = [masks(textured(deviation))[1].mean() for deviation in (0, 3, 10, 30)]
    assert np.all(np.diff(values) > 0.015)
    assert chroma_mask(np.full((4, 4), 10, np.float32)) == pytest.approx(2.2)


def test_a_photograph_has_both_kinds_of_area():
    rgb = pictures.sample("satellite.jpg", 400, 400)
    luma = frame.planes(rgb, width=512, height=512)[0]
    mask = luma_mask(luma, local_variance(luma, frame.scale(400, 400)))
    assert mask.dtype == np.float32
    assert np.isfinite(mask).all()
    assert 0 < mask.min() < mask.max() <= 8
