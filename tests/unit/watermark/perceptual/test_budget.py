"""The estimate of SSIMULACRA2 by which the mark is set."""

from __future__ import annotations

import io

import numpy as np
import pytest
from support import copies, pictures

from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import FULL_BAND, lattice
from provenance.watermark.perceptual.budget import Budget
from provenance.watermark.perceptual.mask import local_variance, luma_mask
from provenance.watermark.schemes.lattice.residual import LUMA_TILT, add, plain
from provenance.watermark.schemes.lattice.words import FULL

NAMES = pytest.mark.parametrize("name", ["kitchen.png", "bottle.jpg", "camera.png"])


def prepared(name):
    """Luma in the frame, which is the picture itself, and a plain mark of strength 1."""
    luma = frame.planes(copies.grey(pictures.sample(name, 512, 512)), width=512, height=512)[0]
    mask = luma_mask(luma, local_variance(luma, 1.0))
    grid = lattice(FULL_BAND)
    codeword = FULL.chips(bytes(32)).sign[0]
    return luma, plain(grid, codeword, mask, tilt=LUMA_TILT)


@NAMES
def test_the_unmarked_picture_scores_100(name):
    luma, _ = prepared(name)
    assert Budget(luma, 1.0).score(luma) == pytest.approx(100, abs=0.05)


@NAMES
def test_the_score_falls_with_the_strength(name):
    luma, pattern = prepared(name)
    budget = Budget(luma, 1.0)
    scores = [budget.score(luma + np.float32(s) * pattern) for s in (0.1, 0.3, 0.5, 0.8, 1.2, 2)]
    assert scores[0] < 100
    assert np.all(np.diff(scores) < -0.5)


def test_the_estimate_is_close_to_the_metric():
    """Of a picture larger than its frame, by the package that measures it."""
    metric = pytest.importorskip("ssimulacra2").compute_ssimulacra2

    def file(rgb):
        data = io.BytesIO(pictures.file(rgb, "PPM"))
        data.seek(0)
        return data

    rgb = copies.grey(pictures.sample("bottle.jpg", 768, 768))
    scale = frame.scale(768, 768)
    luma = frame.planes(rgb, width=512, height=512)[0]
    mask = luma_mask(luma, local_variance(luma, scale))
    mark = plain(lattice(FULL_BAND), FULL.chips(bytes(32)).sign[0], mask, tilt=LUMA_TILT)
    measured = metric(file(rgb), file(add(rgb, mark[..., None])))
    assert Budget(luma, scale).score(luma + mark) == pytest.approx(measured, abs=4)


def test_what_is_equally_strong_but_in_the_sky_costs_more():
    luma, pattern = prepared("bottle.jpg")
    rms = np.float32(np.sqrt((pattern**2).mean()))
    even = pattern / np.maximum(luma_mask(luma, local_variance(luma, 1.0)), 1e-3)
    even *= rms / np.sqrt((even**2).mean())
    budget = Budget(luma, 1.0)
    half = np.float32(0.5)
    assert budget.score(luma + half * even) < budget.score(luma + half * pattern) - 1


def test_a_tiny_picture_has_a_score():
    luma = np.full((8, 64), 100, np.float32)
    assert Budget(luma, 20.0).score(luma) == pytest.approx(100, abs=0.05)
