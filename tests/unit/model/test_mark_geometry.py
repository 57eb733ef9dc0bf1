"""Where a mark lies, in the words of a report."""

from __future__ import annotations

import math

import pytest

from provenance.model.evidence import MarkGeometry


def geometry(degrees=0.0, scale=1.0, *, mirrored=False):
    """What is stated of a picture that was mirrored, scaled by 1 / `scale` and then turned."""
    angle = math.radians(degrees)
    flip = -1 if mirrored else 1
    return MarkGeometry(
        xx=flip * scale * math.cos(angle),
        xy=-flip * scale * math.sin(angle),
        yx=scale * math.sin(angle),
        yy=scale * math.cos(angle),
        dx=0.0,
        dy=0.0,
        tile=128,
    )


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("scale", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("degrees", [-150, -30, 0, 7, 90, 179])
def test_scale_and_mirror_are_read_from_the_matrix(degrees, scale, mirrored):
    made = geometry(degrees, scale, mirrored=mirrored)
    assert made.scale == pytest.approx(scale)
    assert made.mirrored is mirrored
    assert not made.inverted


@pytest.mark.parametrize("degrees", [-150, -30, 0, 7, 90, 179])
def test_a_rotation_is_counter_clockwise(degrees):
    assert geometry(degrees).rotation == pytest.approx(degrees)
    assert geometry(degrees, 3.0).rotation == pytest.approx(degrees)


def test_what_a_quarter_turn_shows_to_the_right_was_below():
    """Turned counter-clockwise, the lower side comes to the right; y runs down."""
    quarter = geometry(90)
    assert (quarter.xx, quarter.yx) == pytest.approx((0, 1))
