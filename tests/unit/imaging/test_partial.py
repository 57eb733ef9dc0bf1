"""A truncated file still gives its upper part for verification."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from support import pictures
from support.containers import chunk, ihdr, png

from provenance.errors import ErrorCode, InputError
from provenance.imaging import load
from provenance.model import ImageFlag

PICTURE = pictures.crop(160, 96)


def shown_rows(cut, whole):
    """How many rows from the top are exactly those of the whole picture."""
    same = (cut == whole).all(axis=tuple(range(1, cut.ndim)))
    return len(same) if same.all() else int(np.argmin(same))


def cut_and_whole(data, part=0.75):
    return load(data[: int(len(data) * part)]), load(data)


@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"subsampling": "4:4:4"}])
def test_the_upper_part_of_a_cut_jpeg_is_that_of_the_whole(options):
    cut, whole = cut_and_whole(pictures.file(PICTURE, "JPEG", quality=90, **options))
    assert cut.rgb.shape == whole.rgb.shape
    assert len(PICTURE) * 0.25 < shown_rows(cut.rgb, whole.rgb) < len(PICTURE)


def test_the_missing_part_of_a_cut_jpeg_is_flat():
    cut, _ = cut_and_whole(pictures.file(PICTURE, "JPEG", quality=90))
    assert cut.rgb[-8:].std() < 2


def test_a_progressive_jpeg_cut_in_a_scan_is_a_coarse_version_of_the_whole():
    data = pictures.file(PICTURE, "JPEG", quality=90, progressive=True)
    last_scan = data.rindex(b"\xff\xda")
    cut, whole = load(data[: last_scan + 20]), load(data)
    difference = np.abs(cut.rgb.astype(int) - whole.rgb).mean()
    assert 0 < difference < 10


def test_a_progressive_jpeg_cut_between_two_scans_shows_the_first():
    data = pictures.file(PICTURE, "JPEG", quality=90, progressive=True)
    table = data.index(b"\xff\xc4", data.index(b"\xff\xda"))
    assert load(data[: table + 6]).rgb.shape == PICTURE.shape


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_the_upper_part_of_a_cut_png_is_that_of_the_whole(mode):
    source = Image.fromarray(PICTURE).convert(mode)
    cut, whole = cut_and_whole(pictures.file(source, "PNG"))
    assert ImageFlag.PARTIAL in cut.flags
    rows = shown_rows(cut.rgb, whole.rgb)
    assert len(PICTURE) * 0.25 < rows < len(PICTURE)
    assert (cut.rgb[rows + 1 :] == cut.rgb[-1]).all()


def test_the_upper_part_of_a_cut_16_bit_png_is_that_of_the_whole():
    grey = (PICTURE[:, :, 0].astype(np.uint16) << 8) + PICTURE[:, :, 1]
    cut, whole = cut_and_whole(pictures.file(Image.fromarray(grey), "PNG"))
    assert shown_rows(cut.rgb, whole.rgb) > len(PICTURE) * 0.25


@pytest.mark.parametrize("parts", [0.3, 0.6, 0.95])
def test_more_of_the_file_shows_more_of_the_picture(parts):
    data = pictures.file(PICTURE, "PNG")
    whole = load(data).rgb
    less, more = (load(data[: int(len(data) * p)]).rgb for p in (parts - 0.1, parts))
    assert shown_rows(less, whole) < shown_rows(more, whole)


def test_the_palette_and_its_transparency_survive_the_cut():
    source = Image.fromarray(np.repeat(np.arange(128, dtype=np.uint8)[:, None], 64, 1), "P")
    source.putpalette([value for i in range(256) for value in (i, 255 - i, 7)])
    noise = np.random.default_rng(0).integers(0, 2, (128, 64), dtype=np.uint8)
    source = Image.fromarray(np.asarray(source) ^ noise, "P")
    source.putpalette([value for i in range(256) for value in (i, 255 - i, 7)])
    cut, whole = cut_and_whole(pictures.file(source, "PNG", transparency=bytes([9] * 256)))
    rows = shown_rows(cut.rgb, whole.rgb)
    assert rows > 30
    assert (cut.alpha[:rows] == 9).all()


def test_a_cut_interlaced_png_is_refused():
    data = png(ihdr(8, 8, interlace=1), chunk(b"IDAT", b"\x78\x9c" + bytes(9)), end=False)
    with pytest.raises(InputError) as caught:
        load(data)
    assert caught.value.code is ErrorCode.TRUNCATED


def test_a_cut_png_without_any_pixel_is_refused():
    data = pictures.file(PICTURE, "PNG")
    with pytest.raises(InputError) as caught:
        load(data[: data.index(b"IDAT") + 4])
    assert caught.value.code is ErrorCode.TRUNCATED


def test_pixels_that_arrived_before_their_chunk_was_complete_are_shown():
    data = pictures.file(PICTURE, "PNG")
    start = data.index(b"IDAT")
    assert int.from_bytes(data[start - 4 : start]) > 3000
    whole = load(data).rgb
    assert shown_rows(load(data[: start + 2000]).rgb, whole) > 0


@pytest.mark.parametrize("kind", ["WEBP", "GIF"])
def test_other_cut_files_give_pixels_or_say_truncated(kind):
    data = pictures.file(PICTURE, kind)
    try:
        image = load(data[: len(data) // 2])
    except InputError as error:
        code = error.code
    else:
        assert ImageFlag.PARTIAL in image.flags
        code = ErrorCode.TRUNCATED
    assert code is ErrorCode.TRUNCATED


def test_the_digest_of_a_cut_file_is_not_that_of_its_repair():
    import hashlib

    data = pictures.file(PICTURE, "PNG")[:-100]
    assert load(data).sha256 == hashlib.sha256(data).hexdigest()
    assert load(data).data == data
