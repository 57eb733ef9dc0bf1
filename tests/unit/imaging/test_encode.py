"""Writing pictures: every encoding keeps the pixels it can and the metadata it is given."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from support import pictures

from provenance.errors import ArgumentError, ErrorCode, InputError
from provenance.imaging import Encoding, ImageFormat, Metadata, encode, flatten, load
from provenance.imaging.quality import psnr

PICTURE = pictures.crop(64, 96)
ALL = frozenset(ImageFormat)
NAMES = ("png", "jpeg", "webp", "webp-lossless", "tiff", "avif")
LOSSLESS = ("png", "webp-lossless", "tiff")
TRANSPARENT = ("png", "webp", "webp-lossless", "tiff", "avif")
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>'
)
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif():
    made = Image.Exif()
    made[0x010E] = "a description"
    made[0x0131] = "some software"
    return made.tobytes().removeprefix(b"Exif\0\0")


def written(name, rgb=PICTURE, alpha=None, metadata=Metadata(), **options):
    data = encode(rgb, alpha, Encoding.parse(name, **options), metadata)
    return load(data, formats=ALL, strict=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_name_decides_the_format(name):
    assert written(name).header.format is Encoding.parse(name).format


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_encodings_keep_every_pixel(name):
    assert np.array_equal(written(name).rgb, PICTURE)


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(LOSSLESS)))
def test_lossy_encodings_keep_what_is_seen(name):
    assert psnr(PICTURE, written(name).rgb) > 30


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif"])
def test_a_higher_quality_is_closer(name):
    values = [psnr(PICTURE, written(name, quality=quality).rgb) for quality in (20, 60, 95)]
    assert values == sorted(values)


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif"])
def test_the_quality_that_is_named_is_the_one_that_is_written(name):
    default = Encoding.parse(name)
    explicit = Encoding.parse(name, quality=default.effective_quality)
    assert encode(PICTURE, None, default, Metadata()) == encode(PICTURE, None, explicit, Metadata())
    assert str(default) == str(explicit)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("part", ["xmp", "icc"])
def test_xmp_and_profile_come_back_as_they_were(name, part):
    value = {"xmp": XMP, "icc": ICC}[part]
    assert getattr(written(name, metadata=Metadata(**{part: value})).metadata, part) == value


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in NAMES if name != "tiff"),
        pytest.param("tiff"),
    ],
)
def test_exif_comes_back_as_it_was(name):
    assert written(name, metadata=Metadata(exif=exif())).metadata.exif == exif()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_added_that_was_not_asked_for(name):
    assert written(name).metadata == Metadata()


@pytest.mark.parametrize("name", TRANSPARENT)
def test_alpha_is_kept(name):
    alpha = np.full(PICTURE.shape[:2], 255, dtype=np.uint8)
    alpha[:20] = 0
    image = written(name, alpha=alpha)
    assert (image.alpha[:16] < 8).all()
    assert (image.alpha[24:] > 247).all()


@pytest.mark.parametrize("name", LOSSLESS)
def test_the_colour_of_invisible_pixels_is_kept(name):
    alpha = np.full(PICTURE.shape[:2], 255, dtype=np.uint8)
    alpha[:20] = 0
    image = written(name, alpha=alpha)
    assert np.array_equal(image.rgb, PICTURE)
    assert np.array_equal(image.alpha, alpha)


@pytest.mark.parametrize(("wanted", "factors"), [(False, (1, 1)), (True, (2, 2))])
def test_chroma_of_a_jpeg_is_halved_only_on_request(wanted, factors):
    encoding = Encoding(format=ImageFormat.JPEG, chroma_subsampling=wanted)
    data = encode(PICTURE, None, encoding, Metadata())
    layers = Image.open(io.BytesIO(data)).layer
    assert (layers[0][1], layers[0][2]) == factors
    assert all(layer[1:3] == (1, 1) for layer in layers[1:])


@pytest.mark.parametrize("part", ["exif", "xmp"])
def test_metadata_that_a_jpeg_cannot_hold_is_our_error(part):
    big = Metadata(**{part: b"II*\0" + b" " * 70_000})
    with pytest.raises(InputError) as caught:
        encode(PICTURE, None, Encoding.parse("jpeg"), big)
    assert caught.value.code is ErrorCode.LIMIT


def test_a_picture_that_a_jpeg_cannot_hold_is_our_error():
    wide = np.zeros((1, 65_536, 3), dtype=np.uint8)
    with pytest.raises(InputError) as caught:
        encode(wide, None, Encoding.parse("jpeg"), Metadata())
    assert caught.value.code is ErrorCode.LIMIT


# --- encodings ---------------------------------------------------------------------


def test_unknown_names_are_refused_and_the_known_ones_listed():
    with pytest.raises(ArgumentError) as caught:
        Encoding.parse("bmp")
    assert all(name in caught.value.hint for name in NAMES)


@pytest.mark.parametrize("quality", [0, 101, -1])
def test_a_quality_outside_the_scale_is_refused(quality):
    with pytest.raises(ArgumentError):
        Encoding.parse("jpeg", quality=quality)


@pytest.mark.parametrize("name", LOSSLESS)
def test_a_quality_where_none_applies_is_refused(name):
    with pytest.raises(ArgumentError):
        Encoding.parse(name, quality=90)


@pytest.mark.parametrize("kind", [ImageFormat.PNG, ImageFormat.TIFF])
def test_formats_that_are_always_lossless_take_no_quality(kind):
    with pytest.raises(ArgumentError):
        Encoding(format=kind, quality=50)


@pytest.mark.parametrize("kind", [ImageFormat.GIF, ImageFormat.HEIC])
def test_formats_that_are_only_read_cannot_be_written(kind):
    with pytest.raises(ArgumentError):
        Encoding(format=kind)


@pytest.mark.parametrize("kind", [ImageFormat.JPEG, ImageFormat.AVIF])
def test_formats_that_are_always_lossy_cannot_be_lossless(kind):
    with pytest.raises(ArgumentError):
        Encoding(format=kind, lossless=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_extension_is_one_that_the_loader_expects(name):
    encoding = Encoding.parse(name)
    image = load(
        encode(PICTURE, None, encoding, Metadata()), name="x" + encoding.extension, formats=ALL
    )
    assert image.flags == ()


# --- flattening ----------------------------------------------------------------------


def test_flattening_is_the_rounded_mixture():
    values = np.arange(256, dtype=np.uint8)
    alpha = np.repeat(values[:, None], 256, axis=1)
    rgb = np.repeat(np.repeat(values[None, :], 256, axis=0)[:, :, None], 3, axis=2)
    background = (255, 100, 0)
    mixed, gone = flatten(rgb, alpha, Encoding.parse("jpeg", background=background))
    weight = alpha[:, :, None] / 255
    expected = np.floor(rgb * weight + np.array(background) * (1 - weight) + 0.5)
    assert gone is None
    assert np.array_equal(mixed, expected)


def test_transparency_without_a_background_is_refused():
    alpha = np.zeros(PICTURE.shape[:2], dtype=np.uint8)
    with pytest.raises(InputError, match="transparency"):
        flatten(PICTURE, alpha, Encoding.parse("jpeg"))


@pytest.mark.parametrize("name", TRANSPARENT)
def test_formats_with_transparency_are_not_flattened(name):
    alpha = np.zeros(PICTURE.shape[:2], dtype=np.uint8)
    rgb, kept = flatten(PICTURE, alpha, Encoding.parse(name, background=(1, 2, 3)))
    assert rgb is PICTURE
    assert kept is alpha


def test_opaque_pictures_need_no_background():
    rgb, alpha = flatten(PICTURE, None, Encoding.parse("jpeg"))
    assert rgb is PICTURE
    assert alpha is None


@pytest.mark.parametrize("background", [(300, 0, 0), (-1, 0, 0)])
def test_a_background_outside_the_range_is_refused(background):
    with pytest.raises(ArgumentError):
        Encoding(format=ImageFormat.JPEG, background=background)


@pytest.mark.parametrize("metadata", [Metadata(), Metadata(exif=exif(), xmp=XMP, icc=ICC)])
def test_a_jpeg_is_what_pillow_writes_into_memory(metadata):
    """It is written to a descriptor, so that other threads run meanwhile."""
    expected = io.BytesIO()
    options = {"icc_profile": metadata.icc} if metadata.icc else {}
    options |= {"exif": b"Exif\0\0" + metadata.exif} if metadata.exif else {}
    options |= {"xmp": metadata.xmp} if metadata.xmp else {}
    Image.fromarray(PICTURE).save(expected, "JPEG", quality=95, subsampling="4:4:4", **options)
    assert encode(PICTURE, None, Encoding.parse("jpeg"), metadata) == expected.getvalue()
