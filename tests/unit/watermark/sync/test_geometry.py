"""The geometry that a detection states, against what was really done to the picture."""

from __future__ import annotations

import numpy as np
import pytest
from support import copies, marks, pictures

from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import TILE
from provenance.watermark.scheme import Depth
from provenance.watermark.sync.geometry import in_place

SIDE = 512
TOLERANCE = 0.6  # canonical pixels


def similarity(degrees, scale, width, height, *, mirrored=False, at=(0.0, 0.0)):
    """Copy pixels to original pixels, float64 (2, 3).

    The copy shows the original turned counter-clockwise (as seen: y runs down), larger by
    `scale`, about the middles of both; `at` moves what is seen, in pixels of the original.
    """
    angle = np.deg2rad(degrees)
    # A point of the original goes to R(degrees) of it in the copy; back is the inverse.
    back = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    if mirrored:
        back = np.diag([-1.0, 1.0]) @ back
    middle = np.array([width - 1, height - 1]) / 2
    offset = np.array([SIDE - 1, SIDE - 1]) / 2 + np.array(at) - back @ middle
    return np.column_stack([back, offset])


def stretch(x, y, width, height):
    """A copy whose axes are scaled by x and y."""
    matrix = np.diag([1 / x, 1 / y])
    middle = np.array([width - 1, height - 1]) / 2
    return np.column_stack([matrix, np.array([SIDE - 1, SIDE - 1]) / 2 - matrix @ middle])


def positions(geometry, points):
    """Canonical positions of points (n, 2) as the geometry states them."""
    matrix = np.array([[geometry.xx, geometry.xy], [geometry.yx, geometry.yy]])
    return points @ matrix.T + [geometry.dx, geometry.dy]


def assert_explains(geometry, to_original, width, height):
    """Every point of the copy that shows the original is put where it belongs, modulo a tile."""
    x, y = np.meshgrid(np.linspace(0, width - 1, 17), np.linspace(0, height - 1, 17))
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    original = points @ to_original[:, :2].T + to_original[:, 2]
    inside = ((original >= 0) & (original <= SIDE - 1)).all(axis=1)
    assert inside.sum() > 20
    scale = frame.scale(SIDE, SIDE)
    expected = (original + 0.5) * scale - 0.5
    apart = positions(geometry, points) - expected
    assert geometry.tile == TILE
    apart = np.mod(apart + TILE / 2, TILE) - TILE / 2
    assert np.abs(apart[inside]).max() < TOLERANCE


CASES = {
    "cropped": (similarity(0, 1, 300, 280, at=(37, -41)), 300, 280),
    "cropped wide": (similarity(0, 1, 500, 200, at=(3, 90)), 500, 200),
    "turned by 10": (similarity(10, 1, 512, 512), 512, 512),
    "turned by -25, with canvas": (similarity(-25, 1, 690, 690), 690, 690),
    "turned by 90": (similarity(90, 1, 512, 512), 512, 512),
    "turned by 133, larger": (similarity(133, 1.3, 600, 600), 600, 600),
    "upside down": (similarity(180, 1, 512, 512), 512, 512),
    "scaled and cropped": (similarity(0, 0.8, 300, 300, at=(-20.25, 11.5)), 300, 300),
    "mirrored": (similarity(0, 1, 512, 512, mirrored=True), 512, 512),
    "mirrored, turned, cropped": (similarity(40, 1.1, 400, 380, mirrored=True), 400, 380),
    "stretched": (stretch(1.1, 0.9, 563, 461), 563, 461),
    "in a larger page": (similarity(0, 1, 700, 800, at=(31, -77)), 700, 800),
}


@pytest.fixture(scope="module")
def marked():
    return marks.sample("kitchen.png", SIDE, SIDE)


@pytest.mark.parametrize("inverted", [False, True], ids=["", "inverted"])
@pytest.mark.parametrize("case", CASES)
def test_every_point_of_a_copy_is_put_where_it_was(marked, case, inverted):
    rgb, payload = marked
    to_original, width, height = CASES[case]
    copy = copies.warped(rgb, to_original, width, height)
    found = marks.detect(255 - copy if inverted else copy, payload)
    assert found.payload == payload
    assert found.geometry is not None
    assert_explains(found.geometry, to_original, width, height)
    assert found.geometry.inverted is inverted
    assert found.geometry.mirrored is ("mirrored" in case)
    determinant = abs(np.linalg.det(to_original[:, :2]))
    assert found.geometry.scale == pytest.approx(determinant**0.5, rel=0.005)


@pytest.mark.parametrize("degrees", [5, -12, 45, 90, 179, -120])
def test_the_rotation_is_counter_clockwise_as_pillow_has_it(marked, degrees):
    rgb, payload = marked
    found = marks.detect(copies.rotated(rgb, degrees), payload)
    assert found.geometry is not None
    apart = (found.geometry.rotation - degrees + 180) % 360 - 180
    assert abs(apart) < 0.2
    assert not found.geometry.mirrored


def test_the_rotation_of_a_mirror_image_is_that_before_the_mirror(marked):
    rgb, payload = marked
    found = marks.detect(copies.rotated(rgb, 20)[:, ::-1], payload)
    assert found.geometry is not None
    assert found.geometry.mirrored
    assert found.geometry.rotation == pytest.approx(20, abs=0.2)


def test_a_picture_in_a_collage_is_located():
    """Its corner is no whole number of tiles from that of the collage."""
    height, width = 448, 512
    rgb, payload = marks.sample("canyon.jpg", height, width)
    other = pictures.sample("satellite.jpg", height, width)
    found = marks.detect(copies.collage(rgb, other), payload, depth=Depth.DEEP)
    assert found.payload == payload
    points = np.array([[0.0, 0.0], [width - 1, 0], [200, 300], [width - 1, height - 1]])
    columns, rows = frame.size(width, height)
    step = np.array([columns / width, rows / height])
    assert np.abs(np.mod(width * step[0] + 1, TILE) - 1) > 10
    expected = (points + 0.5) * step - 0.5
    apart = positions(found.geometry, points + np.array([width, 0])) - expected
    assert np.abs(np.mod(apart + TILE / 2, TILE) - TILE / 2).max() < TOLERANCE


@pytest.mark.parametrize("factor", [0.5, 0.73, 1.6])
def test_a_resized_copy_needs_no_search_and_is_located(marked, factor):
    rgb, payload = marked
    copy = copies.resized(rgb, factor)
    found = marks.detect(copy, payload)
    assert found.path == "in-place"
    side = copy.shape[0]
    step = SIDE / side
    to_original = np.array([[step, 0, step / 2 - 0.5], [0, step, step / 2 - 0.5]])
    assert_explains(found.geometry, to_original, side, side)
    assert found.geometry.rotation == 0


def test_the_short_layout_states_its_geometry_too():
    rgb, payload = marks.sample("kitchen.png", 256, 256)
    top, left, side = 20, 33, 200
    found = marks.detect(rgb[top : top + side, left : left + side], payload)
    assert found.payload == payload
    corner = positions(found.geometry, np.array([[0.0, 0.0], [side - 1, side - 1]]))
    expected = np.array([[left, top], [left + side - 1, top + side - 1]]) * 2 + 0.5
    apart = np.mod(corner - expected + TILE / 2, TILE) - TILE / 2
    assert np.abs(apart).max() < TOLERANCE


def test_in_place_puts_corners_on_corners():
    geometry = in_place((1000, 500), (724, 362), inverted=False)
    corners = positions(geometry, np.array([[-0.5, -0.5], [999.5, 499.5]]))
    assert corners == pytest.approx(np.array([[-0.5, -0.5], [723.5, 361.5]]))
