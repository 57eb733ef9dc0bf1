"""Cells in the frame of the issued picture, whatever was done to the geometry since."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from support import pictures
from support.geometries import cropped, mirrored, on, untouched, warped

from provenance.fingerprint.cells import CELL, cells_of
from provenance.fingerprint.combine import CANONICAL_SIDE
from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import TILE

PICTURE = pictures.whole_sample("kitchen.png")  # 512x512: its pixels are canonical pixels
WHOLE = untouched(PICTURE)
OWN = cells_of(PICTURE, WHOLE.geometry)


def test_the_frame_and_the_tile_are_those_of_the_mark():
    assert CANONICAL_SIDE == frame.SIDE
    assert TILE % CELL == 0


def test_a_cell_is_the_mean_luma_of_its_pixels():
    luma = PICTURE @ np.array([0.299, 0.587, 0.114])
    expected = luma.reshape(32, CELL, 32, CELL).mean(axis=(1, 3))
    assert OWN.present.all()
    inner = np.s_[1:-1, 1:-1]  # at the rim the samples reach beyond the picture
    assert np.abs(OWN.means - expected)[inner].max() < 2.5
    assert np.abs(OWN.means - expected).mean() < 0.5


@pytest.mark.parametrize(
    ("copy", "row", "column"),
    [
        (mirrored(WHOLE), 0, 0),
        (warped(WHOLE, x=1.2, y=0.8), 0, 0),
        (warped(WHOLE, x=2.0, y=2.0), 0, 0),
        (warped(WHOLE, degrees=180), 0, 0),
        (cropped(WHOLE, TILE, 2 * TILE, 300, 200), 16, 8),
        (cropped(warped(WHOLE, degrees=17), 140, 150, 200, 210), None, None),
    ],
    ids=["mirrored", "stretched", "enlarged", "turned", "cropped", "turned and cropped"],
)
def test_what_was_done_to_the_geometry_is_undone(copy, row, column):
    found = cells_of(copy.rgb, copy.geometry)
    height, width = found.means.shape
    differences = {
        (y, x): np.abs(found.means - OWN.means[y : y + height, x : x + width])[found.present]
        for y in range(0, 33 - height, 8)
        for x in range(0, 33 - width, 8)
    }
    at, best = min(differences.items(), key=lambda item: item[1].mean())
    assert found.present.sum() > 100
    assert np.percentile(best, 95) < 5  # turning blurs; another place differs by 40
    assert row is None or at == (row, column)


def test_only_cells_inside_of_the_picture_are_present():
    canvas = np.zeros((700, 900, 3), np.uint8)
    copy = cropped(WHOLE, 5, 7, 500, 300)  # cells 1..30 and 1..18 are whole
    assert cells_of(copy.rgb, copy.geometry).present.sum() == 30 * 18
    inset = on(WHOLE, canvas, 128, 0)
    found = cells_of(inset.rgb, inset.geometry)
    assert np.abs(found.means[:32, 8:40] - OWN.means)[1:-1, 1:-1].max() < 1e-3


@pytest.mark.parametrize("height", [1, 3, 40])
def test_tiny_pictures_have_cells_that_are_not_whole(height):
    copy = cropped(WHOLE, 3, 3, 12, height)
    assert not cells_of(copy.rgb, copy.geometry).present.any()


@pytest.mark.parametrize(
    "changed",
    [
        {"xx": 0.0, "yy": 0.0},
        {"xx": 1000.0, "yy": 1000.0},
        {"xx": 1e6, "yy": 1e-3},
        {"xx": float("nan")},
        {"dx": float("inf")},
    ],
)
def test_a_geometry_that_cannot_be_leaves_nothing(changed):
    assert cells_of(PICTURE, replace(WHOLE.geometry, **changed)) is None


def test_a_large_picture_is_sampled_without_being_enlarged():
    large = cv2.resize(PICTURE, (3000, 3000), interpolation=cv2.INTER_CUBIC)
    found = cells_of(large, untouched(large).geometry)
    assert found.means.shape == (32, 32)
    assert np.abs(found.means - OWN.means)[1:-1, 1:-1].mean() < 0.5
