"""Line values: folding, noise and the synchronisation score."""

from __future__ import annotations

import numpy as np
import pytest

from provenance.watermark.carriers.lattice import FULL_BAND, TILE, lattice, spread, tile
from provenance.watermark.reading.lines import (
    fold,
    folded,
    lines_of,
    lines_of_tiles,
    noise_power,
    sync_score,
)
from provenance.watermark.schemes.lattice.residual import line_values

GRID = lattice(FULL_BAND)


def plane(height, width, seed=0):
    return np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)


def noise(seed):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=len(GRID.kx)) + 1j * rng.normal(size=len(GRID.kx))).astype(np.complex64)


@pytest.mark.parametrize("shape", [(128, 128), (256, 384), (300, 200), (40, 500), (7, 9)])
def test_folding_adds_what_lies_a_tile_apart(shape):
    given = plane(*shape)
    expected = np.zeros((TILE, TILE))
    np.add.at(expected, tuple(np.indices(shape) % TILE), given)
    assert np.allclose(fold(given), expected, atol=1e-4)


@pytest.mark.parametrize(("dy", "dx"), [(5, 0), (-3, 70), (128, 256)])
def test_the_fold_of_a_shifted_plane_is_the_shifted_fold(dy, dx):
    given = plane(2 * TILE, 3 * TILE)
    moved = np.roll(given, (dy, dx), axis=(0, 1))
    assert np.allclose(fold(moved), np.roll(fold(given), (dy, dx), axis=(0, 1)), atol=1e-4)


def test_many_at_once_give_what_each_gives_alone():
    given = np.stack([plane(2 * TILE, 3 * TILE, seed) for seed in range(6)])
    tiles = folded(given)
    together = lines_of_tiles(tiles.reshape(3, 2, TILE, TILE), GRID)
    power = noise_power(together, GRID)
    for seed, alone in enumerate(given):
        place = divmod(seed, 2)
        assert (tiles[seed] == fold(alone)).all()
        assert (together[place] == lines_of(alone, GRID)).all()
        assert (power[place] == noise_power(lines_of(alone, GRID), GRID)).all()


def test_lines_are_the_fourier_sums_at_their_frequencies():
    given = plane(150, 200)
    y, x = np.indices(given.shape)
    read = lines_of(given, GRID)
    for line in (0, 17, 300, len(GRID.kx) - 1):
        turns = np.exp(-2j * np.pi / TILE * (GRID.kx[line] * x + GRID.ky[line] * y))
        assert read[line] == pytest.approx((given * turns).sum(), abs=0.05)


def test_noise_is_half_the_mean_power_of_the_ring():
    lines = noise(1) * (1 + GRID.ring)
    power = noise_power(lines, GRID)
    for ring in range(len(GRID.ring_size)):
        members = GRID.ring == ring
        expected = (np.abs(lines[members]) ** 2).mean() / 2
        assert np.allclose(power[members], expected, rtol=1e-4)


def test_an_empty_plane_has_noise_without_a_warning():
    nothing = np.zeros(len(GRID.kx), np.complex64)
    assert (noise_power(nothing, GRID) > 0).all()
    assert sync_score(nothing, GRID) == 0


def test_without_a_mark_the_score_is_about_standard_normal():
    scores = np.array([sync_score(noise(seed), GRID) for seed in range(400)])
    assert abs(scores.mean()) < 4 / 20
    assert scores.std() == pytest.approx(1, abs=0.15)
    assert np.abs(scores).max() < 4.5


def test_the_score_is_high_for_a_mark_and_negative_for_inverted_tones():
    codeword = np.sign(plane(1, GRID.freedoms)[0])
    made = spread(tile(line_values(GRID, codeword, tilt=0.0), GRID), 256, 256)
    lines = lines_of(made, GRID)
    score = sync_score(lines, GRID)
    assert score > 14
    assert sync_score(-lines, GRID) == pytest.approx(-score)
    assert sync_score(1000 * lines, GRID) == pytest.approx(score, rel=1e-4)
    moved = lines_of(np.roll(made, (3, 5), axis=(0, 1)), GRID)
    assert abs(sync_score(moved, GRID)) < 5
