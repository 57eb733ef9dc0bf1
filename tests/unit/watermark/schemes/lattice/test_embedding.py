"""Embedding: as strong as the detector needs, no stronger than the eye allows."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image
from support import copies, marks, pictures

from provenance.errors import CapacityError, ErrorCode
from provenance.imaging.quality import psnr
from provenance.watermark import Layout
from provenance.watermark.perceptual.budget import Budget
from provenance.watermark.schemes.lattice import embed as embedding
from provenance.watermark.schemes.lattice.embed import (
    LARGE,
    MEDIUM,
    SMALL,
    TINY,
    embed,
    targets_for,
)
from provenance.watermark.schemes.lattice.words import FULL, SHORT, carried


def z(rgb, payload):
    """The score that a detection states."""
    return float(marks.detect(rgb, payload).detail.split()[1].rstrip(","))


def luma(rgb):
    return (rgb.astype(np.float32) @ np.float32([0.299, 0.587, 0.114])).astype(np.float32)


@pytest.mark.parametrize(
    "name", [("kitchen.png", 512, 512), ("canyon.jpg", 448, 512), ("bottle.jpg", 400, 400)]
)
def test_the_mark_is_faint(name):
    made, _ = marks.sample(*name)
    original = pictures.sample(*name)
    assert 38 < psnr(original, made) < 50
    if name[1:] == (512, 512):  # the frame is the picture itself
        score = Budget(luma(original), 1.0).score(luma(made))
        assert SMALL.least_score - 3 < score < 99


def test_marking_is_deterministic():
    rgb = pictures.sample("canyon.jpg", 300, 512)
    first = marks.marked(rgb)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        assert np.array_equal(marks.marked(rgb), first)
    finally:
        cv2.setNumThreads(threads)


def test_another_payload_or_key_gives_another_picture():
    rgb = pictures.sample("canyon.jpg", 384, 384)
    payload = marks.payload_for(rgb)
    first = marks.SCHEME.embed(rgb, payload, marks.KEY.carrier_key)
    other_key = marks.SCHEME.embed(rgb, payload, bytes(32))
    other_word = marks.SCHEME.embed(rgb, replace(payload, tag=payload.tag ^ 1), bytes(32))
    assert not np.array_equal(first, other_key)
    assert not np.array_equal(other_key, other_word)


@pytest.mark.parametrize("name", ["canyon.jpg", "camera.png"])
def test_a_grey_picture_stays_grey(name):
    rgb = copies.grey(pictures.sample(name, 400, 448))
    made = marks.marked(rgb)
    assert np.array_equal(made[..., 0], made[..., 1])
    assert np.array_equal(made[..., 0], made[..., 2])
    assert marks.detect(made, marks.payload_for(rgb)).status.is_read


@pytest.mark.parametrize("level", [0, 1, 64, 128, 200, 254, 255])
def test_a_flat_picture_carries_its_mark(level):
    """Even black and white, where half of the mark is cut off."""
    rgb = np.full((448, 448, 3), level, np.uint8)
    made = marks.marked(rgb)
    change = made.astype(int) - level
    assert np.sqrt((change**2).mean()) < SMALL.most_flat + 0.5  # and rounding
    assert marks.detect(made, marks.payload_for(rgb)).status.is_read
    copy = copies.jpeg(made, 85)
    assert marks.detect(copy, marks.payload_for(rgb)).status.is_read


@pytest.mark.parametrize("cell", [2, 8, 32])
def test_black_and_white_graphics_carry_their_mark(cell):
    y, x = np.indices((448, 448))
    chessboard = ((x // cell + y // cell) % 2 * 255).astype(np.uint8)
    rgb = np.repeat(chessboard[..., None], 3, axis=2)
    made = marks.marked(rgb)
    assert marks.detect(made, marks.payload_for(rgb)).status.is_read


def grain(side, cell=1):
    """Black and white at random: the strongest noise there is, in the mark's own band."""
    cells = np.random.default_rng(0).choice([0, 255], (side // cell, side // cell, 3))
    return np.kron(cells, np.ones((cell, cell, 1))).astype(np.uint8)


@pytest.mark.parametrize("side", [256, 512])
def test_a_picture_in_which_the_mark_would_not_be_found_is_refused(side):
    with pytest.raises(CapacityError) as caught:
        marks.marked(grain(side))
    assert caught.value.code is ErrorCode.LIMIT
    assert caught.value.hint


def assert_refused_or_read(rgb):
    try:
        made = marks.marked(rgb)
    except CapacityError:
        return
    assert marks.detect(made, marks.payload_for(rgb)).status.is_read


@pytest.mark.parametrize(("side", "cell"), [(256, 2), (300, 1), (400, 4), (512, 2)])
def test_grain_is_refused_or_holds_its_mark(side, cell):
    assert_refused_or_read(grain(side, cell))


@pytest.mark.parametrize("side", [400, 448, 600])
def test_grain_of_other_sizes_is_refused_or_holds_its_mark(side):
    assert_refused_or_read(grain(side))


@pytest.mark.parametrize(
    "name", [("kitchen.png", 448, 448), ("bottle.jpg", 300, 300), ("bottle.jpg", 420, 420)]
)
def test_a_picture_in_one_bit_is_refused_or_holds_its_mark(name):
    dithered = Image.fromarray(pictures.sample(*name)).convert("1")
    assert_refused_or_read(np.asarray(dithered.convert("RGB")))


def test_grain_is_not_called_flat():
    with pytest.raises(CapacityError) as caught:
        marks.marked(grain(256))
    assert "flat" not in caught.value.message


def test_the_targets_follow_the_size():
    def targets(height, width, format_=FULL):
        return targets_for(np.empty((height, width, 3), np.uint8), format_)

    assert targets(256, 256, SHORT) is TINY
    assert targets(384, 384) is SMALL
    assert targets(499, 600) is SMALL
    assert targets(500, 600) is MEDIUM
    assert targets(749, 1000) is MEDIUM
    assert targets(750, 1000) is LARGE


@pytest.mark.parametrize("name", ["kitchen.png", "camera.png"])
def test_who_aims_higher_gets_a_stronger_mark(name):
    rgb = pictures.sample(name, 448, 448)
    codeword = carried(marks.payload_for(rgb), marks.KEY.carrier_key)
    made = [
        embed(rgb, FULL, codeword, replace(SMALL, whole=whole, quarter=1, ninth=1))
        for whole in (11.0, 15.0, 19.0)
    ]
    quality = [psnr(rgb, picture) for picture in made]
    assert quality == sorted(quality, reverse=True)
    payload = marks.payload_for(rgb)
    damaged = [z(copies.jpeg(copies.resized(picture, 0.6), 50), payload) for picture in made]
    assert damaged == sorted(damaged)


def test_a_lower_cap_leaves_less_grain_in_the_sky():
    rgb = np.full((448, 448, 3), 150, np.uint8)
    codeword = carried(marks.payload_for(rgb), marks.KEY.carrier_key)
    deviations = []
    for cap in (0.45, 0.9):
        made = embed(rgb, FULL, codeword, replace(SMALL, flat=cap, most_flat=cap, whole=40))
        deviations.append(np.sqrt(((made.astype(float) - 150) ** 2).mean()))
    assert deviations[0] < 0.8 * deviations[1]


def test_colour_is_spent_only_where_crops_need_it():
    rgb = pictures.sample("kitchen.png", 512, 512)
    codeword = carried(marks.payload_for(rgb), marks.KEY.carrier_key)

    def blue(targets):
        change = embed(rgb, FULL, codeword, targets).astype(int) - rgb
        return np.abs(change[..., 2] - change[..., 0]).mean()

    easy = replace(SMALL, quarter=0.5, ninth=0.5)
    hard = replace(SMALL, quarter=30, quarter_luma=1, ninth=40)
    assert blue(easy) < 0.02 < blue(hard)


def test_the_layout_is_that_of_the_payload():
    rgb = pictures.sample("kitchen.png", 256, 256)
    assert marks.payload_for(rgb).layout is Layout.SHORT
    made, payload = marks.sample("kitchen.png", 256, 256)
    assert marks.detect(made, payload).payload.layout is Layout.SHORT
    assert embedding.targets_for(rgb, SHORT) is TINY
