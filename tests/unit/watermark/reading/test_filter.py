"""The detector's filter: the picture goes, the mark stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support import pictures

from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import FULL_BAND, lattice, spread, tile
from provenance.watermark.reading.filter import whiten
from provenance.watermark.schemes.lattice.residual import line_values
from provenance.watermark.schemes.lattice.words import FULL


def photograph(side=256):
    rgb = pictures.sample("kitchen.png", side, side)
    return frame.planes(rgb, width=side, height=side)[0]


def pattern(height, width):
    grid = lattice(FULL_BAND)
    lines = line_values(grid, FULL.chips(bytes(32)).sign[0], tilt=0.0)
    return spread(tile(lines, grid), height, width)


def correlation(a, b):
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def reference(plane):
    """The formula of the module, in floating point and with whole-plane shifts."""
    g = cv2.GaussianBlur(plane, (0, 0), 0.7).astype(float)
    g = np.pad(g, 4, mode="symmetric")

    def at(dx, dy):
        return np.roll(g, (-dy, -dx), axis=(0, 1))

    total = np.zeros_like(g)
    for dx, dy in ((2, 0), (0, 2), (1, 1), (1, -1)):
        u = np.clip(g - at(dx, dy), -1, 1)
        t = np.clip(2 * g - at(dx, dy) - at(-dx, -dy), -1, 1)
        total += 0.7 * (u - np.roll(u, (dy, dx), axis=(0, 1))) + 0.6 * t
    n = total[4:-4, 4:-4]
    return n / np.sqrt(cv2.blur(n * n, (9, 9)) + 0.5)


@pytest.mark.parametrize("plane", [photograph(), pattern(64, 200) + 100], ids=["photo", "mark"])
def test_the_filter_is_its_formula(plane):
    difference = np.abs(whiten(plane) - reference(plane))
    assert difference.mean() < 0.03  # fixed point of 1/32 grey level
    assert difference.max() < 0.3


def test_brightness_does_not_matter():
    plane = photograph()
    difference = np.abs(whiten(plane + 16) - whiten(plane))
    assert difference.mean() < 2e-3


def test_inverted_tones_give_the_opposite():
    plane = np.rint(photograph())
    difference = np.abs(whiten(255 - plane) + whiten(plane))
    assert difference.mean() < 2e-3


def test_an_edge_counts_no_more_when_it_is_stronger():
    """Stark edges under one and the same mark: twice the contrast, nearly the same output."""
    rng = np.random.default_rng(0)
    blocks = np.kron(rng.choice([-1.0, 1.0], (16, 16)), np.ones((16, 16))).astype(np.float32)
    mark = pattern(256, 256)
    low, high = (whiten(128 + contrast * blocks + mark) for contrast in (30, 60))
    assert correlation(low, high) > 0.95
    # Without the limit the edges would take over: a linear filter shows it.
    linear = [cv2.Laplacian(128 + c * blocks + mark, cv2.CV_32F) for c in (30, 60)]
    assert correlation(linear[1], mark) < 0.3 * correlation(high, mark)


def test_the_mark_stays():
    mark = pattern(256, 256)
    assert correlation(whiten(128 + mark), mark) > 0.85
    assert correlation(whiten(photograph() + mark), mark) > 4 * correlation(
        photograph() + mark, mark
    )


@pytest.mark.parametrize(
    "plane",
    [
        np.random.default_rng(1).choice([0.0, 255.0], (100, 80)).astype(np.float32),
        np.indices((64, 64)).sum(axis=0).astype(np.float32) % 2 * 255,
        np.eye(50, dtype=np.float32) * 255,
        photograph(),
    ],
    ids=["noise", "chessboard", "line", "photo"],
)
def test_the_output_is_bounded(plane):
    made = whiten(plane)
    assert made.dtype == np.float32
    assert made.shape == plane.shape
    assert np.abs(made).max() <= 9  # a lone value in a window of 9 x 9
    assert 0.2 < (made**2).mean() < 1.2


@pytest.mark.parametrize("level", [0.0, 127.5, 255.0, -128.0])
def test_a_flat_plane_gives_nothing(level):
    assert not whiten(np.full((70, 40), level, np.float32)).any()


@pytest.mark.parametrize("shape", [(8, 8), (8, 300), (300, 9)])
def test_small_planes_are_filtered(shape):
    plane = np.random.default_rng(2).uniform(0, 255, shape).astype(np.float32)
    assert np.isfinite(whiten(plane)).all()


def test_the_plane_that_came_in_is_not_touched():
    plane = photograph()
    before = plane.copy()
    whiten(plane)
    assert np.array_equal(plane, before)
