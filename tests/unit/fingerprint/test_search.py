"""The views of a picture that is searched for."""

from __future__ import annotations

import numpy as np
import pytest
from support import copies, pictures

from provenance.errors import ArgumentError
from provenance.fingerprint import fingerprint
from provenance.fingerprint.pdq import CONFIDENT_DISTANCE, MIN_QUALITY, ORIENTATIONS
from provenance.fingerprint.search import views

SIDE = 320


@pytest.fixture(scope="module")
def photo():
    return pictures.sample("canyon.jpg", SIDE, SIDE, top=200, left=200)


def crops(rgb):
    return [view.crop for view in views(rgb) if view.orientation == "upright"]


def test_the_first_view_is_the_picture_itself(photo):
    first = views(photo)[0]
    assert (first.crop, first.orientation) == ("whole", "upright")
    assert first.fingerprint == fingerprint(photo)


def test_every_crop_is_looked_at_in_every_orientation(photo):
    found = [(view.crop, view.orientation) for view in views(photo)]
    names = [name for name, *_ in ORIENTATIONS]
    assert found == [
        (crop, name) for crop in ("whole", "centre 90 %", "centre 80 %") for name in names
    ]


@pytest.mark.parametrize("shape", [(SIDE, SIDE // 2), (SIDE // 2, SIDE)])
def test_only_of_an_oblong_picture_the_middle_square_is_looked_at(photo, shape):
    height, width = shape
    assert "centre square" not in crops(photo)
    oblong = photo[:height, :width]
    assert "centre square" in crops(oblong)
    side = min(shape)
    top, left = (height - side) // 2, (width - side) // 2
    middle = fingerprint(np.ascontiguousarray(oblong[top : top + side, left : left + side]))
    assert middle in [view.fingerprint for view in views(oblong) if view.crop == "centre square"]


@pytest.mark.parametrize("share", [0.9, 0.8])
def test_a_frame_of_that_width_is_taken_off(photo, share):
    margin = round(SIDE * (1 / share - 1) / 2)
    framed = copies.framed(photo, top=margin, bottom=margin, left=margin, right=margin, level=0)
    near = {
        view.crop
        for view in views(framed)
        if view.fingerprint.distance(fingerprint(photo)) <= CONFIDENT_DISTANCE
    }
    assert near == {f"centre {round(share * 100)} %"}


def test_a_flat_picture_is_refused():
    flat = np.full((SIDE, SIDE, 3), 128, np.uint8)
    with pytest.raises(ArgumentError, match=f"PDQ quality 0, at least {MIN_QUALITY}"):
        views(flat)


def test_crops_without_structure_are_left_out(photo):
    framed = photo.copy()
    inner = round(SIDE * 0.08)
    framed[inner:-inner, inner:-inner] = 128
    seen = crops(framed)
    assert seen[0] == "whole"
    assert "centre 80 %" not in seen
