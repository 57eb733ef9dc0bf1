"""Candidates for the geometry: the right one is among them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from provenance.watermark.carriers.lattice import FULL_BAND, SHORT_BAND, lattice
from provenance.watermark.sync.candidates import (
    SCALES,
    polar_map,
    rotations,
    scales_only,
    similarities,
    stretched,
    sync_frequencies,
    unequal_scales,
)
from provenance.watermark.sync.spectrum import COLUMNS, K

NEAR = 4.0  # cells; mean shift looks three cells far


def luma(scene):
    return scene.spectrum.plane_power[0]


@pytest.mark.parametrize("band", [FULL_BAND, SHORT_BAND])
def test_the_frequencies_are_those_of_the_synchronisation_lines(band):
    grid = lattice(band)
    assert np.allclose(sync_frequencies(band), grid.frequencies[grid.sync])


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_rotation_turns_scales_and_mirrors(mirrored):
    matrix = rotations([2.0], [np.pi / 6], [mirrored])[0]
    assert np.linalg.det(matrix) == pytest.approx(-0.25 if mirrored else 0.25)
    assert matrix @ matrix.T == pytest.approx(np.eye(2) / 4)
    assert matrix @ [1, 0] == pytest.approx([np.cos(np.pi / 6) / 2, 0.25])


def test_similarities_are_found(similar):
    found = similarities(polar_map(luma(similar)), FULL_BAND, 10)
    assert found.shape == (10, 2, 2)
    assert similar.errors(found[:1])[0] < NEAR


def test_similarities_of_whole_numbers_are_the_same(similar):
    power = luma(similar)
    maps = polar_map(power), polar_map((power * 200).astype(np.uint16))
    exact, whole = (similarities(polar, FULL_BAND, 1) for polar in maps)
    assert np.array_equal(exact, whole)


def test_unequal_scales_are_found(unequal):
    blurred = cv2.blur(luma(unequal), (3, 3))
    found = unequal_scales(blurred, FULL_BAND, 3)
    assert found.shape == (3, 2, 2)
    assert unequal.errors(found).min() < NEAR


def test_rotation_with_unequal_scales_is_found(stretched_scene):
    blurred = cv2.blur(luma(stretched_scene), (3, 3))
    found = stretched(blurred, FULL_BAND, (0.9, 1.1), 3)
    assert found.shape == (12, 2, 2)
    assert stretched_scene.errors(found).min() < NEAR
    assert stretched_scene.errors(similarities(polar_map(blurred), FULL_BAND, 3)).min() > NEAR


def test_candidates_are_apart_from_one_another(similar):
    found = similarities(polar_map(luma(similar)), FULL_BAND, 10)
    for i, one in enumerate(found):
        for other in found[:i]:
            assert np.abs(one - other).max() > 0.005


def test_all_scales_are_scanned_with_and_without_a_mirror():
    step = 0.006
    made = scales_only(step, *SCALES)
    plain, mirrored = np.split(made, 2)
    scales = 1 / plain[:, 0, 0]
    assert scales[0] == pytest.approx(SCALES[0])
    assert scales[-1] == pytest.approx(SCALES[1], rel=step)
    assert np.allclose(np.diff(np.log(scales)), step)
    assert np.allclose(plain, np.eye(2) / scales[:, None, None])
    # A mirror image has its x axis turned round.
    assert np.allclose(mirrored, np.diag([-1.0, 1.0]) / scales[:, None, None])


def test_nothing_in_the_spectrum_gives_candidates_and_no_warning():
    empty = np.zeros((2 * K + 1, COLUMNS), np.float32)
    assert np.isfinite(similarities(polar_map(empty), FULL_BAND, 2)).all()
    assert np.isfinite(unequal_scales(empty, FULL_BAND, 2)).all()
