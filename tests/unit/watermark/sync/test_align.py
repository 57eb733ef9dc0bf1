"""Coherent alignment: position, half turn and sign, and the lines that are read there."""

from __future__ import annotations

import numpy as np
import pytest

from provenance.watermark.carriers.lattice import FULL_BAND, SYNC_LINES, TILE, lattice
from provenance.watermark.sync.align import (
    align,
    best_shifts,
    read_lines,
    sync_values,
    values_at,
)
from provenance.watermark.sync.spectrum import ring_of, spectrum

GRID = lattice(FULL_BAND)


def wrong(scene):
    """Geometries that are no better than chance: well beside the truth."""
    rng = np.random.default_rng(0)
    return scene.matrix * (1 + 0.1 * rng.choice([-1, 1], (12, 1, 1))) + rng.normal(
        0, 0.03, (12, 2, 2)
    )


def found_at_truth(scene):
    return align(scene.spectrum, scene.matrix[None], FULL_BAND, 1)[0]


def test_values_between_the_cells_are_those_of_the_plane_itself(any_scene):
    """The sum over all pixels at a frequency between the cells, about the middle."""
    plane = any_scene.plane
    places = np.array([[[0.1013, 0.0521], [0.2002, -0.113], [-0.1507, 0.0904]]])
    read = values_at(any_scene.spectrum, 0, places)[0]
    y, x = np.indices(plane.shape)
    x, y = x - plane.shape[1] / 2, y - plane.shape[0] / 2
    exact = [(plane * np.exp(-2j * np.pi * (fx * x + fy * y))).sum() for fx, fy in places[0]]
    ring = ring_of(np.hypot(*places[0].T))
    exact /= np.sqrt(any_scene.spectrum.ring_power[0][ring] / 2)  # in standard deviations
    assert np.abs(read - exact).max() < 0.4


def test_the_score_is_high_at_the_truth_and_low_elsewhere(any_scene):
    elsewhere = align(any_scene.spectrum, wrong(any_scene), FULL_BAND, 12)
    assert found_at_truth(any_scene).score > 15
    assert max(item.score for item in elsewhere) < 8


def test_alignments_come_best_first(any_scene):
    matrices = np.concatenate([wrong(any_scene), any_scene.matrix[None]])
    found = align(any_scene.spectrum, matrices, FULL_BAND, 3)
    assert len(found) == 3
    assert [item.score for item in found] == sorted((i.score for i in found), reverse=True)
    assert any_scene.errors(found[0].matrix[None])[0] < 0.2


def test_the_shift_is_that_of_the_scene(any_scene):
    """In the middle of the plane, B p + c is the position in the tile."""
    found = found_at_truth(any_scene)
    height, width = any_scene.plane.shape
    at = any_scene.to_mark @ [width / 2, height / 2] + any_scene.offset
    assert not found.turned
    apart = np.mod(found.shift + at + TILE / 2, TILE) - TILE / 2
    assert np.abs(apart).max() < 0.3


def test_the_lines_are_read(any_scene):
    found = found_at_truth(any_scene)
    read = read_lines(any_scene.spectrum, found, FULL_BAND)[0]
    assert read.shape == GRID.kx.shape
    scale = np.linalg.norm(read) * np.linalg.norm(any_scene.lines)
    agreement = np.vdot(any_scene.lines, read) / scale
    assert agreement.real > 0.8
    assert abs(agreement.imag) < 0.05


def test_inverted_tones_are_read_with_the_opposite_sign(scenes):
    scene = scenes["turned by 7"]
    inverse = spectrum([-scene.plane])
    found = align(inverse, scene.matrix[None], FULL_BAND, 1)[0]
    read = read_lines(inverse, found, FULL_BAND)[0]
    assert np.vdot(scene.lines, read).real < 0
    assert found.score == pytest.approx(found_at_truth(scene).score, rel=0.01)


def test_half_a_turn_is_told_from_the_phases(scenes):
    scene = scenes["turned by 30, larger"]
    upright = found_at_truth(scene)
    reverse = align(scene.spectrum, -scene.matrix[None], FULL_BAND, 1)[0]
    assert not upright.turned
    assert reverse.turned
    lines = [read_lines(scene.spectrum, found, FULL_BAND)[0] for found in (upright, reverse)]
    assert np.allclose(*lines, atol=0.05 * np.abs(lines[0]).max())


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("shift", [(0.0, 0.0), (17.3, 101.9), (63.5, 2.2)])
def test_every_shift_half_turn_and_sign_is_found(shift, sign, turned):
    number = np.stack([GRID.kx[GRID.sync], GRID.ky[GRID.sync]], axis=1)
    values = sign * GRID.phase * np.exp(-2j * np.pi / TILE * (number @ np.array(shift)))
    values = np.conj(values) if turned else values
    score, found, reverse = best_shifts(values[None].astype(np.complex64), FULL_BAND)
    assert score[0] == pytest.approx(np.sqrt(SYNC_LINES), rel=1e-3)  # all agree
    apart = np.mod(found[0] - shift + TILE / 2, TILE) - TILE / 2
    assert np.abs(apart).max() < 0.05
    assert reverse[0] == turned


def test_two_planes_are_read_together(scenes):
    scene = scenes["turned by 7"]
    second = scene.plane + np.random.default_rng(9).normal(0, 2, scene.plane.shape)
    both = spectrum([scene.plane, second.astype(np.float32)])
    found = align(both, scene.matrix[None], FULL_BAND, 1)[0]
    assert len(read_lines(both, found, FULL_BAND)) == 2
    total = sync_values(both, scene.matrix[None], FULL_BAND, 2)
    single = [sync_values(both, scene.matrix[None], FULL_BAND, plane) for plane in (0, 1)]
    assert np.allclose(total, (single[0] + single[1]) / np.sqrt(2), atol=1e-3)
