"""What becomes of the pixels: depth, colour models, palettes, transparency, profiles."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms
from support import pictures
from support.containers import chunk, ihdr, png

from provenance.errors import InputError
from provenance.imaging import ImageFormat, load
from provenance.model import ImageFlag

PICTURE = pictures.crop(32, 48)
ALL = frozenset(ImageFormat)


def profile(name="sRGB"):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def wide_png(values, colour, *chunks):
    """A PNG of 16 bits per sample: uint16 (H, W) or (H, W, channels)."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = ihdr(values.shape[1], values.shape[0], depth=16, colour=colour)
    return png(head, *chunks, chunk(b"IDAT", zlib.compress(rows)))


# --- depth -----------------------------------------------------------------------


def test_every_level_of_16_bit_grey_is_scaled_and_none_is_clipped():
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    grey = load(wide_png(values, 0)).rgb[:, :, 0].ravel().astype(int)
    assert (grey[0], grey[-1]) == (0, 255)
    assert (np.diff(grey) >= 0).all()
    assert np.abs(grey - np.arange(65536) / 257).max() <= 0.5
    assert np.bincount(grey).min() > 0


def test_16_bit_grey_has_three_equal_channels():
    image = load(wide_png(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000, 0))
    assert (image.rgb == image.rgb[:, :, :1]).all()
    assert ImageFlag.REDUCED_TO_8_BIT in image.flags


def test_16_bit_grey_in_a_tiff_is_scaled_like_that_in_a_png():
    values = np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32)
    tiff = pictures.file(Image.fromarray(values), "TIFF")
    assert (load(tiff, formats=ALL).rgb == load(wide_png(values, 0)).rgb).all()


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (6, 4), (4, 2)])
def test_16_bit_colour_covers_the_whole_range(colour, channels):
    values = np.zeros((4, 4, channels), dtype=np.uint16)
    values[2:] = 65535
    image = load(wide_png(values, colour))
    assert (image.rgb[:2] == 0).all()
    assert (image.rgb[2:] == 255).all()
    assert ImageFlag.REDUCED_TO_8_BIT in image.flags


def test_eight_bit_pictures_are_not_flagged():
    assert load(pictures.file(PICTURE, "PNG")).flags == ()


@pytest.mark.parametrize("mode", ["I", "F"])
def test_32_bit_samples_are_refused(mode):
    data = pictures.file(Image.new(mode, (8, 8)), "TIFF")
    with pytest.raises(InputError, match="32-bit"):
        load(data, formats=ALL)


# --- colour models -----------------------------------------------------------------


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_and_palette_pictures_become_rgb(mode):
    source = Image.fromarray(PICTURE).convert(mode)
    image = load(pictures.file(source, "PNG"))
    assert (image.rgb == np.asarray(source.convert("RGB"))).all()
    assert (ImageFlag.PALETTE_EXPANDED in image.flags) == (mode == "P")


def test_cmyk_is_converted_and_flagged():
    source = Image.fromarray(PICTURE).convert("CMYK")
    image = load(pictures.file(source, "JPEG", quality=100, subsampling="4:4:4"))
    difference = np.abs(image.rgb.astype(int) - PICTURE)
    assert difference.mean() < 2
    assert ImageFlag.CMYK_CONVERTED in image.flags


# --- transparency --------------------------------------------------------------------


def test_alpha_is_kept_beside_the_colour():
    alpha = np.linspace(0, 255, PICTURE[:, :, 0].size).reshape(PICTURE.shape[:2]).astype(np.uint8)
    image = load(pictures.file(np.dstack([PICTURE, alpha]), "PNG"))
    assert (image.rgb == PICTURE).all()
    assert (image.alpha == alpha).all()


def test_alpha_that_hides_nothing_is_dropped():
    opaque = np.full(PICTURE.shape[:2], 255, dtype=np.uint8)
    assert load(pictures.file(np.dstack([PICTURE, opaque]), "PNG")).alpha is None


def test_nothing_visible_is_flagged():
    hidden = np.zeros(PICTURE.shape[:2], dtype=np.uint8)
    image = load(pictures.file(np.dstack([PICTURE, hidden]), "PNG"))
    assert ImageFlag.FULLY_TRANSPARENT in image.flags
    assert (image.rgb == PICTURE).all()


def test_a_palette_with_transparent_entries_has_alpha():
    source = Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4), "P")
    source.putpalette([value for i in range(16) for value in (i, 2 * i, 3 * i)])
    entries = bytes([0, 100] + [255] * 14)
    image = load(pictures.file(source, "PNG", transparency=entries))
    assert image.alpha.ravel().tolist() == list(entries)
    assert image.rgb.reshape(-1, 3).tolist() == [[i, 2 * i, 3 * i] for i in range(16)]


def test_a_transparent_colour_has_alpha():
    pixels = np.zeros((4, 4, 3), dtype=np.uint8)
    pixels[0, 0] = (1, 2, 3)
    image = load(pictures.file(pixels, "PNG", transparency=(1, 2, 3)))
    assert image.alpha[0, 0] == 0
    assert (image.alpha.ravel()[1:] == 255).all()


def test_a_transparent_grey_of_16_bits_has_alpha():
    values = np.zeros((4, 4, 1), dtype=np.uint16)
    values[0, 0] = 1234
    image = load(wide_png(values, 0, chunk(b"tRNS", struct.pack(">H", 1234))))
    assert image.alpha[0, 0] == 0
    assert (image.alpha.ravel()[1:] == 255).all()


def test_a_transparent_colour_of_16_bits_is_ignored_and_flagged():
    """Colour is read with 8 bits per sample, in which other colours may look the same."""
    values = np.zeros((4, 4, 3), dtype=np.uint16)
    values[0, 0] = 1234
    image = load(wide_png(values, 2, chunk(b"tRNS", struct.pack(">H", 1234) * 3)))
    assert image.alpha is None
    assert ImageFlag.TRANSPARENCY_IGNORED in image.flags


# --- profiles --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_rgb_profile_is_kept(kind):
    image = load(pictures.file(PICTURE, kind, icc_profile=profile()), formats=ALL)
    assert image.metadata.icc == profile()
    assert ImageFlag.ICC_DROPPED not in image.flags


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_profile_of_another_space_is_dropped_and_flagged(kind):
    wrong = bytearray(profile())
    wrong[16:20] = b"CMYK"
    image = load(pictures.file(PICTURE, kind, icc_profile=bytes(wrong)))
    assert image.metadata.icc == b""
    assert ImageFlag.ICC_DROPPED in image.flags


# --- the loaded image --------------------------------------------------------------------


def test_the_digest_is_that_of_the_bytes_as_they_came():
    import hashlib

    data = pictures.file(PICTURE, "PNG") + b"trailing"
    image = load(data)
    assert image.data == data
    assert image.facts.sha256 == hashlib.sha256(data).hexdigest()
    assert image.facts.byte_size == len(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_pixels_are_those_of_pillow(kind):
    data = pictures.file(PICTURE, kind)
    assert (load(data, formats=ALL).rgb == pictures.decoded(data)).all()
