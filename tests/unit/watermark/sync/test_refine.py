"""Sharpening: a candidate that is nearly right becomes right."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from provenance.watermark.carriers.lattice import FULL_BAND
from provenance.watermark.sync.candidates import polar_map, similarities
from provenance.watermark.sync.refine import line_power, mean_shift, parabola
from provenance.watermark.sync.spectrum import COLUMNS, K

CHANGES = [
    [[0.012, 0], [0, 0.012]],
    [[0, -0.012], [0.012, 0]],
    [[0.01, 0], [0, -0.01]],
    [[0.004, 0.009], [0.011, -0.006]],
]


def nearly(scene):
    """Candidates beside the truth: scaled, turned, stretched, sheared."""
    return scene.matrix + np.array(CHANGES) @ scene.matrix


def power(scene):
    return scene.spectrum.plane_power[0]


def test_mean_shift_comes_closer(any_scene):
    before = nearly(any_scene)
    after = mean_shift(power(any_scene), before, FULL_BAND)
    assert (any_scene.errors(before) > 0.8).all()
    assert (any_scene.errors(after) < 0.45 * any_scene.errors(before)).all()


def test_a_parabola_on_the_power_stays_close(any_scene):
    shifted = mean_shift(power(any_scene), nearly(any_scene), FULL_BAND)
    value = partial(line_power, power(any_scene), FULL_BAND)
    refined = parabola(shifted, value)
    assert (any_scene.errors(refined) < 0.35).all()
    assert (value(refined) >= 0.98 * value(shifted)).all()


def test_a_candidate_of_the_search_is_refined(similar):
    found = similarities(polar_map(power(similar)), FULL_BAND, 1)
    refined = mean_shift(power(similar), found, FULL_BAND)
    refined = parabola(refined, partial(line_power, power(similar), FULL_BAND))
    assert similar.errors(refined)[0] < 0.35


def test_line_power_is_highest_at_the_truth(any_scene):
    truth = line_power(power(any_scene), FULL_BAND, any_scene.matrix[None])[0]
    beside = line_power(power(any_scene), FULL_BAND, nearly(any_scene))
    assert truth > 1.3 * beside.max()


def test_line_power_is_the_sum_over_32_places():
    flat = np.full((2 * K + 1, COLUMNS), 2.0, np.float32)
    assert line_power(flat, FULL_BAND, np.eye(2)[None]) == pytest.approx(64)


def test_a_parabola_finds_the_top_of_a_parabola():
    """A smooth hill over scale and rotation, with its top beside the start."""
    top = np.array([[1.002, -0.003], [0.003, 1.002]])

    def value(matrices):
        return -((matrices - top) ** 2).sum(axis=(1, 2))

    start = np.eye(2)[None]
    assert np.abs(parabola(start, value) - top).max() < 1e-4


def test_each_candidate_is_refined_on_its_own(similar):
    both = np.stack([similar.matrix * 1.01, similar.matrix * 0.5])
    alone = mean_shift(power(similar), both[:1], FULL_BAND)
    assert np.allclose(mean_shift(power(similar), both, FULL_BAND)[:1], alone)


def test_lines_outside_of_the_map_do_no_harm():
    wide = np.eye(2)[None] * 6
    empty = np.zeros((2 * K + 1, COLUMNS), np.float32)
    assert np.isfinite(mean_shift(empty, wide, FULL_BAND)).all()
    assert np.isfinite(line_power(empty, FULL_BAND, wide)).all()
