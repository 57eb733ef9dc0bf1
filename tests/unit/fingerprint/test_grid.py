"""The grid match on copies whose geometry is known exactly."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from support import pictures
from support.geometries import cropped, mirrored, on, untouched, warped

from provenance.fingerprint import match_grid, match_grids, signature
from provenance.model import MatchStatus

PICTURE = pictures.whole_sample("kitchen.png")
OTHER = pictures.whole_sample("canyon.jpg")
WHOLE = untouched(PICTURE)
RECORD = signature(PICTURE, WHOLE.geometry)


def match(copy, record=RECORD):
    return match_grid(copy.rgb, copy.geometry, record)


def jpeg(rgb, quality):
    return pictures.decoded(pictures.file(rgb, "JPEG", quality=quality))


# --- the issued picture -----------------------------------------------------------------


def test_the_picture_itself_matches_entirely():
    found = match(WHOLE)
    assert found.status is MatchStatus.MATCH
    assert (found.agreement, found.covered) == (1.0, 1.0)
    assert found.log10_p < -50
    assert len(found.cells) == 32
    assert {len(row) for row in found.cells} == {32}
    assert set("".join(found.cells)) == {"#"}


@pytest.mark.parametrize(
    "copy",
    [
        mirrored(WHOLE),
        warped(WHOLE, degrees=7),
        warped(WHOLE, degrees=180),
        warped(WHOLE, x=1.3),
        warped(WHOLE, x=0.3, y=0.3),
        mirrored(warped(WHOLE, degrees=30, x=0.8)),
    ],
    ids=["mirrored", "rotated", "upside down", "stretched", "small", "all at once"],
)
def test_changed_geometry_still_matches(copy):
    found = match(replace_pixels(copy, jpeg(copy.rgb, 50)))
    assert found.status is MatchStatus.MATCH
    assert found.agreement > 0.9


def replace_pixels(copy, rgb):
    return replace(copy, rgb=np.ascontiguousarray(rgb))


@pytest.mark.parametrize(
    "change",
    [
        lambda p: np.clip(p * 0.6 + 80, 0, 255),
        lambda p: 255 * (p / 255) ** 1.6,
        lambda p: np.repeat(p.mean(axis=2, keepdims=True), 3, axis=2),
        lambda p: cv2.GaussianBlur(p, (0, 0), 3),
    ],
    ids=["brightness", "gamma", "grey", "blur"],
)
def test_changed_tones_still_match(change):
    changed = np.asarray(change(PICTURE.astype(np.float32))).astype(np.uint8)
    assert match(replace_pixels(WHOLE, changed)).status is MatchStatus.MATCH


def test_inverted_tones_match_if_the_mark_says_so_and_never_otherwise():
    negative = 255 - PICTURE
    told = match_grid(negative, replace(WHOLE.geometry, inverted=True), RECORD)
    assert told.status is MatchStatus.MATCH
    untold = match_grid(negative, WHOLE.geometry, RECORD)
    assert untold.status is not MatchStatus.MATCH
    assert untold.z < told.z


@pytest.mark.parametrize("side", [256, 362])
def test_a_crop_matches_in_part_and_says_how_much(side):
    found = match(cropped(WHOLE, 100, 60, side, side))
    assert found.status is MatchStatus.PARTIAL
    share = (side / 512) ** 2
    assert 0.75 * share < found.covered <= share
    assert "x" not in "".join(found.cells)
    rows = [number for number, row in enumerate(found.cells) if "#" in row]
    assert (rows[0], rows[-1]) == pytest.approx((60 / 16, (60 + side) / 16 - 1), abs=1.5)


def test_what_lies_around_the_picture_does_not_count():
    canvas = cv2.resize(OTHER, (1400, 1200))
    found = match(on(warped(WHOLE, x=0.9, y=0.9), canvas, 611, 333))
    assert found.status is MatchStatus.MATCH
    assert found.agreement > 0.95


def test_a_part_on_another_picture_is_found_and_drawn():
    canvas = cv2.resize(OTHER, (512, 512))
    found = match(on(cropped(WHOLE, 0, 0, 330, 330), canvas, 90, 90))
    assert found.status is MatchStatus.PARTIAL
    drawn = np.array([list(row) for row in found.cells])
    assert (drawn[2:19, 2:19] == "#").mean() > 0.85
    assert (drawn[22:, 22:] == "#").mean() < 0.3


@pytest.mark.parametrize("seed", range(6))
def test_a_part_of_35_percent_is_found_wherever_it_was_taken_and_put(seed):
    rng = np.random.default_rng(seed)
    side = round(512 * 0.35**0.5)
    left, top, x, y = (int(value) for value in rng.integers(0, 513 - side, 4))
    canvas = cv2.resize(OTHER, (512, 512))
    found = match(on(cropped(WHOLE, left, top, side, side), canvas, x, y))
    assert found.status is MatchStatus.PARTIAL
    assert 0.2 < found.covered < 0.5


def test_a_part_that_is_too_small_is_not_called_another_picture():
    canvas = cv2.resize(OTHER, (512, 512))
    found = match(on(cropped(WHOLE, 130, 130, 230, 230), canvas, 40, 200))
    assert found.status is not MatchStatus.MISMATCH
    assert found.status is MatchStatus.PARTIAL or found.consistent


def test_an_area_that_was_painted_over_is_drawn():
    changed = PICTURE.copy()
    changed[160:320, 160:400] = cv2.resize(OTHER, (240, 160))
    found = match(replace_pixels(WHOLE, changed))
    assert found.status is MatchStatus.MATCH  # the same picture, perhaps edited
    drawn = np.array([list(row) for row in found.cells])
    assert (drawn[11:19, 11:24] == "x").mean() > 0.6
    assert (np.delete(drawn, np.s_[9:21], axis=0) == "x").mean() < 0.02


# --- another picture ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bottle.jpg", "canyon.jpg", "camera.png", "satellite.jpg"])
@pytest.mark.parametrize("degrees", [0, 20])
def test_another_picture_is_a_mismatch(name, degrees):
    other = cv2.resize(pictures.whole_sample(name), (512, 512))
    found = match(warped(untouched(other), degrees=degrees))
    assert found.status is MatchStatus.MISMATCH
    assert found.power >= found.power_threshold
    assert found.cells == ()


def test_the_other_half_of_a_picture_is_another_picture():
    left, right = (untouched(np.ascontiguousarray(half)) for half in np.split(OTHER, 2, axis=1))
    found = match(right, signature(left.rgb, left.geometry))
    assert found.status is MatchStatus.MISMATCH


def test_a_small_part_of_another_picture_proves_nothing():
    other = untouched(cv2.resize(OTHER, (512, 512)))
    found = match(cropped(other, 100, 100, 140, 140))
    assert found.status is MatchStatus.NOT_COMPARABLE
    assert found.power < found.power_threshold


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_flat_picture_cannot_be_compared(level):
    flat = untouched(np.full((512, 512, 3), level, np.uint8))
    assert match(flat).status is MatchStatus.NOT_COMPARABLE
    assert match(WHOLE, signature(flat.rgb, flat.geometry)).status is MatchStatus.NOT_COMPARABLE


def test_a_picture_that_repeats_itself_is_consistent_with_itself_and_no_more():
    y, x = np.mgrid[0:512, 0:512]
    board = np.repeat((((x // 32 + y // 32) % 2) * 255).astype(np.uint8)[..., None], 3, axis=2)
    copy = untouched(board)
    found = match(copy, signature(board, copy.geometry))
    assert found.status is MatchStatus.NOT_COMPARABLE
    assert found.consistent
    assert found.agreement > 0.9


def test_a_geometry_that_cannot_be_is_not_comparable():
    found = match_grid(PICTURE, replace(WHOLE.geometry, xx=0.0, yy=0.0), RECORD)
    assert found.status is MatchStatus.NOT_COMPARABLE
    assert found.detail


# --- many records -----------------------------------------------------------------------


def test_many_records_give_what_each_gives_alone():
    # More shapes than are kept ready, in an order that uses them again.
    shapes = [(512, 512), (300, 700), (700, 300), (400, 640), (512, 512), (256, 900), (300, 700)]
    others = [
        signature(part, untouched(part).geometry)
        for seed, (height, width) in enumerate(shapes)
        for part in [cv2.resize(OTHER, (width, height)) if seed % 2 else noise(seed, height, width)]
    ]
    for copy in (WHOLE, cropped(warped(WHOLE, degrees=12), 60, 80, 300, 320)):
        records = [*others, RECORD, *others]
        together = list(match_grids(copy.rgb, copy.geometry, records))
        assert together == [match(copy, record) for record in records]
        assert len({found.z for found in together}) > 5
        assert together[len(others)].status in (MatchStatus.MATCH, MatchStatus.PARTIAL)


def test_no_record_gives_nothing_and_a_hopeless_geometry_the_same_answer_for_each():
    assert list(match_grids(PICTURE, WHOLE.geometry, [])) == []
    flat = replace(WHOLE.geometry, xx=0.0, xy=0.0)
    found = list(match_grids(PICTURE, flat, [RECORD, RECORD]))
    assert [item.status for item in found] == [MatchStatus.NOT_COMPARABLE] * 2


def noise(seed, height, width):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 20, width // 20, 3)).astype(np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
