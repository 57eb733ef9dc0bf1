"""The lattice: which lines there are, what they are for, and what a tile of them is."""

from __future__ import annotations

import numpy as np
import pytest

from provenance.watermark.carriers.lattice import (
    FULL_BAND,
    PILOT_SHARE,
    RINGS,
    SHORT_BAND,
    SYNC_LINES,
    TILE,
    lattice,
    shifted,
    spread,
    tile,
)
from provenance.watermark.reading.lines import lines_of

BANDS = pytest.mark.parametrize("band", [FULL_BAND, SHORT_BAND], ids=["full", "short"])


def values(grid, seed=0):
    """Random line values: complex64 (L,)."""
    rng = np.random.default_rng(seed)
    parts = rng.normal(size=(2, len(grid.kx)))
    return (parts[0] + 1j * parts[1]).astype(np.complex64)


def directions(grid):
    return np.arctan2(grid.ky[grid.sync], grid.kx[grid.sync])


@BANDS
def test_all_lines_of_the_band_are_used_once(band):
    grid = lattice(band)
    expected = {
        (x, y)
        for x in range(TILE // 2 + 1)
        for y in range(-TILE // 2, TILE // 2)
        if (x > 0 or y > 0) and band.low * TILE <= (x * x + y * y) ** 0.5 <= band.high * TILE
    }
    lines = list(zip(grid.kx.tolist(), grid.ky.tolist(), strict=True))
    assert set(lines) == expected
    assert len(lines) == len(expected)


@BANDS
def test_no_line_is_the_mirror_of_another(band):
    grid = lattice(band)
    lines = set(zip(grid.kx.tolist(), grid.ky.tolist(), strict=True))
    assert not lines & {(-x, -y) for x, y in lines}


@BANDS
def test_the_radius_is_that_of_the_frequency(band):
    grid = lattice(band)
    assert np.allclose(grid.radius, np.hypot(*grid.frequencies.T))
    assert np.allclose(grid.frequencies * TILE, np.stack([grid.kx, grid.ky], axis=1))


@BANDS
def test_there_are_32_synchronisation_lines_in_their_own_band(band):
    grid = lattice(band)
    assert len(set(grid.sync.tolist())) == SYNC_LINES == len(grid.phase)
    assert grid.radius[grid.sync].min() >= band.sync_low
    assert grid.radius[grid.sync].max() <= band.sync_high


@BANDS
def test_synchronisation_lines_lie_in_all_directions(band):
    turns = np.sort(directions(lattice(band)))
    gaps = np.diff(np.append(turns, turns[0] + np.pi))
    assert gaps.max() < 2.5 * np.pi / SYNC_LINES


@BANDS
def test_the_pattern_resembles_no_turned_or_mirrored_version_of_itself(band):
    grid = lattice(band)
    line = np.exp(1j * directions(grid)) * grid.radius[grid.sync] * TILE
    both = np.concatenate([line, -line])
    turns = np.exp(1j * np.deg2rad(np.arange(10, 171)))
    for turned in [*(line * turn for turn in turns), *(np.conj(line) * turn for turn in turns)]:
        near = np.abs(turned[:, None] - both[None]).min(axis=1) < 1
        assert near.sum() <= 0.6 * SYNC_LINES


@BANDS
def test_phases_are_of_unit_length_and_spread(band):
    phase = lattice(band).phase
    assert np.allclose(np.abs(phase), 1, atol=1e-6)
    assert abs(phase.mean()) < 0.4


@BANDS
def test_every_other_line_carries_payload(band):
    grid = lattice(band)
    both = np.concatenate([grid.sync, grid.payload])
    assert np.array_equal(np.sort(both), np.arange(len(grid.kx)))
    assert grid.freedoms == 2 * (len(grid.kx) - SYNC_LINES)


@BANDS
def test_a_tenth_of_the_degrees_of_freedom_are_pilots(band):
    grid = lattice(band)
    assert grid.pilot.shape == (grid.freedoms,)
    assert grid.pilot.sum() == round(PILOT_SHARE * grid.freedoms)
    halves = grid.pilot.reshape(2, -1).sum(axis=1)
    assert halves.min() > 0.35 * grid.pilot.sum()


@BANDS
def test_rings_have_equal_width_and_none_is_empty(band):
    grid = lattice(band)
    width = (band.high - band.low) / RINGS
    lower = band.low + grid.ring * width
    assert (grid.radius >= lower - 1e-6).all()
    assert (grid.radius <= lower + width + 1e-6).all()
    assert grid.ring_size.tolist() == [(grid.ring == ring).sum() for ring in range(RINGS)]
    assert grid.ring_size.min() > 10


@BANDS
def test_the_tile_has_rms_one_and_no_mean(band):
    grid = lattice(band)
    made = tile(values(grid), grid)
    assert made.shape == (TILE, TILE)
    assert made.dtype == np.float32
    assert np.sqrt((made.astype(float) ** 2).mean()) == pytest.approx(1, abs=1e-4)
    assert made.mean() == pytest.approx(0, abs=1e-5)


@BANDS
def test_the_tile_is_the_sum_of_its_waves(band):
    grid = lattice(band)
    lines = values(grid)
    y, x = np.mgrid[0:TILE:9, 0:TILE:7]
    turns = np.exp(
        2j * np.pi / TILE * (np.multiply.outer(x, grid.kx) + np.multiply.outer(y, grid.ky))
    )
    waves = (turns @ lines.astype(complex)).real
    made = tile(lines, grid)[::9, ::7]
    assert np.allclose(made / made.std(), waves / waves.std(), atol=1e-3)


@BANDS
def test_the_lines_of_a_tile_are_read_back_up_to_one_factor(band):
    grid = lattice(band)
    lines = values(grid)
    read = lines_of(spread(tile(lines, grid), 3 * TILE, 2 * TILE), grid)
    factor = read / lines
    assert factor.real.min() > 0
    assert np.allclose(factor, factor.mean(), rtol=1e-3)


@pytest.mark.parametrize(("height", "width"), [(128, 128), (300, 130), (17, 1000)])
def test_the_tile_repeats_over_the_plane(height, width):
    grid = lattice(FULL_BAND)
    made = tile(values(grid), grid)
    plane = spread(made, height, width)
    assert plane.shape == (height, width)
    for y, x in ((0, 0), (height - 1, width - 1), (height // 2, width // 3)):
        assert plane[y, x] == made[y % TILE, x % TILE]


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (1, 0), (0, 1), (-37, 90), (128, 64)])
def test_shifted_lines_are_those_of_a_picture_that_was_moved(dx, dy):
    grid = lattice(FULL_BAND)
    plane = np.random.default_rng(1).normal(size=(2 * TILE, TILE)).astype(np.float32)
    moved = np.roll(plane, (-dy, -dx), axis=(0, 1))
    expected = lines_of(moved, grid)
    read = shifted(lines_of(plane, grid), grid, dx=dx, dy=dy)
    assert np.allclose(read, expected, atol=1e-2)


def test_fractional_shifts_add_up():
    grid = lattice(SHORT_BAND)
    lines = values(grid)
    twice = shifted(shifted(lines, grid, dx=0.3, dy=-1.7), grid, dx=0.7, dy=2.7)
    assert np.allclose(twice, shifted(lines, grid, dx=1, dy=1), atol=1e-4)
