"""Strict for stamping, lenient with flags for verification."""

from __future__ import annotations

import numpy as np
import pytest
from support import pictures
from support.containers import chunk, ihdr, png

from provenance.errors import ErrorCode, InputError
from provenance.imaging import ImageFormat, load
from provenance.model import ImageFlag

PICTURE = pictures.crop(64, 96)
JPEG = pictures.file(PICTURE, "JPEG", quality=90)
PNG = pictures.file(PICTURE, "PNG")


def code_of(data, **options):
    with pytest.raises(InputError) as caught:
        load(data, **options)
    return caught.value.code


@pytest.mark.parametrize("data", [JPEG[:-200], PNG[:-200]], ids=["jpeg", "png"])
def test_a_truncated_file_is_refused_for_stamping_and_flagged_for_verification(data):
    assert code_of(data, strict=True) is ErrorCode.TRUNCATED
    assert ImageFlag.PARTIAL in load(data).flags


def wrong_checksum(data, kind):
    position = data.index(kind)
    end = position + 4 + int.from_bytes(data[position - 4 : position])
    return data[:end] + bytes([data[end] ^ 1]) + data[end + 1 :]


@pytest.mark.parametrize(
    "kind",
    [
        b"IDAT",
        pytest.param(
            b"tEXt",
        ),
    ],
)
def test_a_wrong_checksum_is_refused_for_stamping_and_flagged_for_verification(kind):
    data = wrong_checksum(PNG[:33] + chunk(b"tEXt", b"a\0b") + PNG[33:], kind)
    assert code_of(data, strict=True) is ErrorCode.CORRUPT
    image = load(data)
    assert ImageFlag.CORRUPT in image.flags
    assert (image.rgb == PICTURE).all()


def test_an_animation_is_refused_for_stamping_and_flagged_for_verification():
    data = pictures.animation("WEBP", [PICTURE, pictures.crop(64, 96, top=90)])
    assert code_of(data, strict=True) is ErrorCode.FORMAT
    assert ImageFlag.FRAMES_SAMPLED in load(data).flags


def test_trailing_data_is_flagged_and_no_error():
    assert ImageFlag.TRAILING_DATA in load(JPEG + b"zip", strict=True).flags


def test_the_name_is_used_to_report_a_contradiction_only():
    assert ImageFlag.EXTENSION_MISMATCH in load(JPEG, name="a.png").flags
    for name in ("a.jpg", "a.JPEG", "photo.jfif", "", "no-extension"):
        assert ImageFlag.EXTENSION_MISMATCH not in load(JPEG, name=name).flags


@pytest.mark.parametrize("kind", [ImageFormat.JPEG, ImageFormat.PNG])
def test_only_the_formats_asked_for_are_decoded(kind):
    data = {ImageFormat.JPEG: JPEG, ImageFormat.PNG: PNG}[kind]
    with pytest.raises(InputError) as caught:
        load(data, formats=set(ImageFormat) - {kind})
    assert caught.value.code is ErrorCode.FORMAT
    assert kind.value in caught.value.hint


def test_exif_that_is_none_is_dropped_and_flagged():
    image = load(pictures.file(PICTURE, "JPEG", exif=b"Exif\0\0garbage"))
    assert image.metadata.exif == b""
    assert ImageFlag.METADATA_IGNORED in image.flags


def test_what_decoders_throw_becomes_our_error_with_its_cause():
    data = png(ihdr(8, 8), chunk(b"IDAT", b"this is not deflate"))
    with pytest.raises(InputError) as caught:
        load(data)
    assert caught.value.code is ErrorCode.CORRUPT
    assert caught.value.__cause__ is not None
    assert str(caught.value).isprintable()


def test_a_picture_whose_pixels_end_early_is_truncated():
    data = png(ihdr(8, 8), chunk(b"IDAT", b""))
    assert code_of(data) in (ErrorCode.TRUNCATED, ErrorCode.CORRUPT)


@pytest.mark.parametrize(
    "kind",
    [
        "JPEG",
        "PNG",
        "WEBP",
        pytest.param("TIFF"),
    ],
)
def test_exif_is_read_from_every_format(kind):
    from PIL import Image

    exif = Image.Exif()
    exif[0x010E] = "a description"
    data = pictures.file(PICTURE, kind, exif=exif)
    image = load(data, formats=frozenset(ImageFormat))
    assert b"a description" in image.metadata.exif or ImageFlag.METADATA_IGNORED in image.flags


def test_pixels_do_not_depend_on_being_strict():
    assert np.array_equal(load(JPEG, strict=True).rgb, load(JPEG).rgb)
