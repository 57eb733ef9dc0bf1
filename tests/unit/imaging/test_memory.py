"""Pictures that never were a file: PIL images and arrays."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from support import pictures

from provenance.errors import ErrorCode, InputError
from provenance.imaging import DEFAULT_LIMITS, Axes, Limits, ValueRange
from provenance.imaging.memory import pixels_of

PICTURE = pictures.crop(24, 36)


def read(image, limits=DEFAULT_LIMITS, **stated):
    return pixels_of(image, limits, **stated)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV"])
def test_every_opaque_mode_becomes_what_pillow_shows(mode):
    image = Image.fromarray(PICTURE).convert(mode)
    rgb, alpha = read(image)
    assert np.array_equal(rgb, np.asarray(image.convert("RGB")))
    assert alpha is None


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_modes_keep_colour_and_alpha(mode):
    image = Image.fromarray(PICTURE).convert(mode)
    image.putalpha(Image.fromarray(PICTURE[:, :, 0]))
    rgb, alpha = read(image)
    assert np.array_equal(np.dstack([rgb, alpha]), np.asarray(image.convert("RGBA")))


@pytest.mark.parametrize("mode", ["RGBa", "La"])
def test_premultiplied_modes_keep_alpha(mode):
    image = Image.new({"RGBa": "RGBA", "La": "LA"}[mode], (8, 8), 100).convert(mode)
    _, alpha = read(image)
    assert alpha is not None


def test_a_palette_with_a_transparent_entry_has_alpha():
    image = Image.new("P", (4, 4), 3)
    image.info["transparency"] = 3
    _, alpha = read(image)
    assert (alpha == 0).all()


def test_opaque_alpha_is_dropped():
    assert read(Image.fromarray(PICTURE).convert("RGBA"))[1] is None
    assert read(np.dstack([PICTURE, np.full_like(PICTURE[:, :, 0], 255)]))[1] is None


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_modes_of_unknown_range_are_refused(mode):
    with pytest.raises(InputError) as caught:
        read(Image.new(mode, (8, 8)))
    assert caught.value.code is ErrorCode.ARGUMENT


def test_a_grey_array_has_three_equal_channels():
    rgb, alpha = read(PICTURE[:, :, 0])
    assert np.array_equal(rgb, np.repeat(PICTURE[:, :, :1], 3, axis=2))
    assert alpha is None


def test_the_order_of_the_channels_is_kept():
    rgb, alpha = read(np.dstack([PICTURE, PICTURE[:, :, 0]]))
    assert np.array_equal(rgb, PICTURE)
    assert np.array_equal(alpha, PICTURE[:, :, 0])


@pytest.mark.parametrize("kind", ["array", "PIL"])
def test_what_comes_out_shares_no_memory_with_the_input(kind):
    """The caller may go on to draw into it while it is stamped in another thread."""
    array = PICTURE.copy()
    image = array if kind == "array" else Image.fromarray(array)
    rgb, _ = read(image)
    assert rgb.flags["OWNDATA"]
    assert not np.shares_memory(rgb, array)


@pytest.mark.parametrize(
    "stated", [{"value_range": ValueRange.UNIT}, {"axes": Axes.CHW}], ids=["range", "axes"]
)
def test_what_is_stated_of_a_pil_image_must_be_true(stated):
    with pytest.raises(InputError, match="and is not"):
        read(Image.fromarray(PICTURE), **stated)


def test_what_is_stated_of_a_pil_image_and_true_is_accepted():
    rgb, _ = read(Image.fromarray(PICTURE), value_range=ValueRange.UINT8, axes=Axes.HWC)
    assert np.array_equal(rgb, PICTURE)


def test_views_come_out_in_one_block_of_memory():
    rgb, alpha = read(np.dstack([PICTURE, PICTURE[:, :, 0]])[::2, ::-3])
    assert rgb.flags["C_CONTIGUOUS"]
    assert alpha.flags["C_CONTIGUOUS"]
    assert np.array_equal(rgb, PICTURE[::2, ::-3])


def test_the_caller_keeps_its_picture():
    before = PICTURE.copy()
    read(PICTURE)[0]
    assert np.array_equal(PICTURE, before)


@pytest.mark.parametrize("make", [Image.fromarray, np.asarray])
def test_limits_apply_in_memory_too(make):
    limits = Limits(max_pixels=PICTURE.shape[0] * PICTURE.shape[1])
    with pytest.raises(InputError) as caught:
        read(make(PICTURE), limits)
    assert caught.value.code is ErrorCode.LIMIT


def test_an_empty_array_is_refused():
    with pytest.raises(InputError) as caught:
        read(np.zeros((0, 8, 3), dtype=np.uint8))
    assert caught.value.code is ErrorCode.CORRUPT


def test_an_animation_is_refused():
    data = pictures.animation("GIF", [PICTURE, PICTURE[::-1]])
    with pytest.raises(InputError, match="animated"):
        read(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("thing", ["a path", None, 3, [[1, 2], [3, 4]]])
def test_other_things_are_refused_by_name(thing):
    with pytest.raises(InputError, match=type(thing).__name__):
        read(thing)


def test_a_lazily_opened_file_that_does_not_decode_is_our_error():
    data = pictures.file(pictures.crop(), "JPEG")
    with pytest.raises(InputError):
        read(Image.open(io.BytesIO(data[: len(data) // 2])))


def test_the_orientation_of_a_pil_image_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = pictures.file(PICTURE, "PNG", exif=exif)
    rgb, _ = read(Image.open(io.BytesIO(data)))
    assert rgb.shape[:2] == PICTURE.shape[1::-1]
