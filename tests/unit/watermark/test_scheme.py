"""What a scheme says about itself: which layout, which sizes, how deep."""

from __future__ import annotations

import numpy as np
import pytest

from provenance.errors import CapacityError
from provenance.watermark import Depth, Layout, SchemeInfo, catalog


def info(**other):
    given = {
        "name": "test-1",
        "alg": "com.example.test.1",
        "layout": Layout.FULL,
        "min_pixels": 10_000,
        "min_side": 50,
        "keyed": True,
        "presence": True,
        "summary": "a scheme",
        **other,
    }
    return SchemeInfo(**given)


def blank(height, width):
    return np.broadcast_to(np.uint8(0), (height, width, 3))


def test_the_depths_are_named_as_in_commands():
    assert [depth.value for depth in Depth] == ["fast", "standard", "deep"]
    assert Depth("deep") is Depth.DEEP


@pytest.mark.parametrize(
    ("height", "width", "layout"),
    [
        (100, 100, Layout.SHORT),
        (199, 200, Layout.SHORT),
        (200, 200, Layout.FULL),
        (40, 1000, Layout.FULL),
        (4000, 6000, Layout.FULL),
    ],
)
def test_small_pictures_carry_the_small_layout(height, width, layout):
    made = info(small_layout=Layout.SHORT, small_below=40_000)
    assert made.layout_for(blank(height, width)) is layout


def test_a_scheme_with_one_layout_has_it_in_every_picture():
    assert info().layout_for(blank(1, 1)) is Layout.FULL
    assert info(small_below=40_000).layout_for(blank(10, 10)) is Layout.FULL


@pytest.mark.parametrize(
    ("height", "width", "fits"),
    [(100, 100, True), (99, 100, False), (50, 200, True), (49, 300, False), (300, 49, False)],
)
def test_area_and_sides_decide_whether_a_picture_fits(height, width, fits):
    assert info().fits(blank(height, width)) is fits
    if fits:
        info().require_fit(blank(height, width))
    else:
        with pytest.raises(CapacityError, match=f"{width}x{height}"):
            info().require_fit(blank(height, width))


def test_lattice_changes_its_layout_at_384_by_384():
    lattice = catalog.scheme("lattice-1").info
    assert lattice.layout_for(blank(384, 384)) is Layout.FULL
    assert lattice.layout_for(blank(383, 384)) is Layout.SHORT
    assert lattice.fits(blank(256, 256))
    assert lattice.fits(blank(128, 512))
    assert not lattice.fits(blank(127, 5000))
