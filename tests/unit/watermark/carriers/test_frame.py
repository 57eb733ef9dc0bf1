"""The canonical frame: one area for every picture, and the two planes that carry the mark."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image
from support import copies, pictures

from provenance.watermark.carriers import frame

SIZES = [(512, 512), (1920, 1080), (300, 400), (257, 256), (12000, 8000), (2048, 128)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_frame_has_one_area_and_the_aspect_of_the_picture(width, height):
    columns, rows = frame.size(width, height)
    assert columns * rows == pytest.approx(512**2, abs=(columns + rows) / 2 + 1)
    assert columns == pytest.approx(rows * width / height, abs=0.5 + 0.5 * width / height)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("factor", [2, 3, 7])
def test_a_resized_copy_has_the_frame_of_its_original(width, height, factor):
    assert frame.size(factor * width, factor * height) == frame.size(width, height)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_scale_is_that_of_the_frame(width, height):
    assert frame.scale(width, height) * width == pytest.approx(
        frame.size(width, height)[0], abs=0.5
    )


def test_the_thinnest_picture_still_has_a_frame():
    assert frame.size(65_000, 1) == (round(512 * 65_000**0.5), 8)


def test_the_working_size_is_a_share_of_the_frame():
    assert frame.size(1000, 500, working=0.5) == (round(0.5 * 512 * 2**0.5), round(256 / 2**0.5))


@pytest.mark.parametrize(("width", "height"), [(180, 135), (150, 140), (96, 72)])
def test_large_pictures_are_reduced_as_by_one_area_filter(width, height):
    large = copies.resized(pictures.sample("canyon.jpg", 600, 800), 1.5)
    direct = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    difference = np.abs(frame.resize(large, width, height).astype(float) - direct)
    assert difference.mean() < 0.6
    assert np.quantile(difference, 0.99) <= 3


@pytest.mark.parametrize("size", [(801, 603), (800, 600), (203, 151), (61, 47)])
def test_resizing_keeps_pixels_where_they_are(size):
    """A ramp stays a ramp: no shift by a fraction of a pixel."""
    ramp = np.repeat((np.arange(800, dtype=np.float32) + 0.5)[None] / 800, 600, axis=0)
    width, height = size
    expected = (np.arange(width) + 0.5) / width
    inner = slice(width // 20, -width // 20)
    made = frame.resize(ramp, width, height)
    assert made.shape == (height, width)
    assert np.abs(made - expected)[:, inner].max() < 0.6 / 800


def test_a_picture_of_the_right_size_is_not_resampled():
    rgb = pictures.crop(100, 90)
    assert np.array_equal(frame.resize(rgb, 90, 100), rgb)


def test_luma_and_blue_are_those_of_jfif():
    rgb = pictures.sample("kitchen.png", 64, 96)
    reference = np.asarray(Image.fromarray(rgb).convert("YCbCr")).astype(float)
    luma, blue = frame.planes(rgb, width=96, height=64)
    assert np.abs(luma - reference[:, :, 0]).max() < 1.2
    assert np.abs(blue + 128 - reference[:, :, 1]).max() < 1.2


def test_one_unit_of_a_plane_in_the_picture_is_one_unit_in_the_plane():
    change = np.random.default_rng(1).normal(size=(40, 48, 2)).astype(np.float32)
    rgb = pictures.sample("kitchen.png", 40, 48).astype(np.float32)
    before, after = frame.split(rgb), frame.split(rgb + frame.joined(change))
    seen = np.stack([b - a for a, b in zip(before, after, strict=True)], axis=-1)
    assert np.allclose(seen, change, atol=1e-3)


def test_a_grey_picture_has_luma_only():
    rgb = copies.grey(pictures.sample("kitchen.png", 80, 80))
    assert len(frame.planes(rgb, width=80, height=80)) == 1
    assert len(frame.planes(rgb, width=55, height=55)) == 1


def test_a_touch_of_colour_makes_a_second_plane():
    rgb = np.full((80, 80, 3), 90, np.uint8)
    rgb[3, 5, 2] += 1
    assert len(frame.planes(rgb, width=80, height=80)) == 2


def test_a_picture_of_one_colour_has_nothing_to_say_in_blue():
    rgb = np.full((80, 80, 3), (200, 30, 60), np.uint8)
    assert len(frame.planes(rgb, width=80, height=80)) == 1
