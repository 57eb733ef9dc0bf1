"""EXIF orientation: what `load` shows is what every viewer shows."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from support import pictures

from provenance.imaging import ImageFormat, load
from provenance.imaging.metadata import orientation
from provenance.model import ImageFlag

PICTURE = pictures.crop(40, 72)
ALL = frozenset(ImageFormat)


def turned(kind, value, **options):
    exif = Image.Exif()
    exif[0x0112] = value
    exif[0x010E] = "a description"
    return pictures.file(PICTURE, kind, exif=exif, **options)


def reference(data, mode="RGB"):
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert(mode))


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_all_orientations_are_shown_as_pillow_shows_them(kind, value):
    data = turned(kind, value)
    assert np.array_equal(load(data).rgb, reference(data))


@pytest.mark.parametrize("value", [2, 3, 4])
def test_tiff_that_keeps_its_sides_is_shown_as_pillow_shows_it(value):
    data = turned("TIFF", value)
    assert np.array_equal(load(data, formats=ALL).rgb, reference(data))


@pytest.mark.parametrize("value", [5, 6, 7, 8])
def test_tiff_that_swaps_its_sides_is_shown_as_pillow_shows_it(value):
    data = turned("TIFF", value)
    assert np.array_equal(load(data, formats=ALL).rgb, reference(data))


@pytest.mark.parametrize("value", [5, 6, 7, 8])
def test_alpha_is_turned_with_the_picture(value):
    alpha = np.arange(PICTURE.shape[0] * PICTURE.shape[1], dtype=np.uint8)
    rgba = np.dstack([PICTURE, alpha.reshape(PICTURE.shape[:2])])
    exif = Image.Exif()
    exif[0x0112] = value
    data = pictures.file(rgba, "PNG", exif=exif)
    image = load(data)
    assert np.array_equal(np.dstack([image.rgb, image.alpha]), reference(data, "RGBA"))


def test_the_flag_says_that_the_picture_was_turned():
    assert ImageFlag.ORIENTATION_APPLIED in load(turned("JPEG", 6)).flags
    assert ImageFlag.ORIENTATION_APPLIED not in load(turned("JPEG", 1)).flags


def test_the_orientation_is_gone_from_the_metadata_and_the_rest_is_there():
    metadata = load(turned("JPEG", 6)).metadata
    assert orientation(metadata.exif) == 1
    kept = Image.Exif()
    kept.load(metadata.exif)
    assert kept[0x010E] == "a description"


def test_facts_give_the_size_as_displayed_and_the_header_as_stored():
    image = load(turned("JPEG", 6))
    height, width = PICTURE.shape[:2]
    assert (image.facts.width, image.facts.height) == (height, width)
    assert (image.header.width, image.header.height) == (width, height)


def test_turned_pixels_lie_in_one_block_of_memory():
    assert load(turned("JPEG", 6)).rgb.flags["C_CONTIGUOUS"]
