"""HEIC and AVIF boxes: the size of the image without decoding it."""

from __future__ import annotations

import struct

import pytest
from support import pictures
from support.containers import box, heic

from provenance.errors import ErrorCode, InputError
from provenance.imaging import DEFAULT_LIMITS, ImageFormat, Limits, load, probe

PICTURE = pictures.crop(48, 80)
AVIF = pictures.file(PICTURE, "AVIF", quality=80)


def refused(data, limits=DEFAULT_LIMITS):
    with pytest.raises(InputError) as caught:
        probe(data, limits)
    return caught.value.code


def ispe(width, height):
    return box(b"ispe", struct.pack(">III", 0, width, height))


def stating(*sizes):
    properties = box(b"ipco", b"".join(ispe(*size) for size in sizes))
    meta = box(b"meta", bytes(4) + box(b"iprp", properties))
    return box(b"ftyp", b"heic" + bytes(4) + b"heic") + meta


def test_size_of_a_real_avif():
    header = probe(AVIF, DEFAULT_LIMITS)
    assert (header.height, header.width) == PICTURE.shape[:2]
    assert (header.format, header.frames, header.truncated) == (ImageFormat.AVIF, 1, False)


def test_an_animated_avif_is_told_by_its_brand():
    data = pictures.animation("AVIF", [PICTURE, pictures.crop(48, 80, top=60)])
    assert probe(data, DEFAULT_LIMITS).frames > 1


def test_size_of_heic():
    header = probe(heic(321, 123), DEFAULT_LIMITS)
    assert (header.width, header.height, header.format) == (321, 123, ImageFormat.HEIC)


def test_the_largest_stated_size_counts():
    header = probe(stating((160, 120), (640, 480), (512, 512)), DEFAULT_LIMITS)
    assert (header.width, header.height) == (640, 480)


def test_a_size_beyond_the_limit_is_refused_wherever_it_is_stated():
    assert refused(stating((160, 120), (60_000, 60_000), (8, 8))) is ErrorCode.LIMIT


def test_a_cut_file_is_truncated():
    assert probe(AVIF[: len(AVIF) // 2], DEFAULT_LIMITS).truncated


def test_a_file_cut_before_its_size_is_truncated():
    assert refused(heic(64, 64)[:40]) is ErrorCode.TRUNCATED


def test_a_file_without_size_is_corrupt():
    assert refused(stating()) is ErrorCode.CORRUPT


def test_boxes_in_boxes_are_not_followed_for_ever():
    nested = ispe(64, 64)
    for _ in range(50):
        nested = box(b"ipco", nested)
    data = box(b"ftyp", b"heic" + bytes(4) + b"heic") + box(b"meta", bytes(4) + nested)
    assert refused(data) is ErrorCode.CORRUPT


def test_the_number_of_boxes_is_limited():
    data = heic(64, 64) + box(b"free", b"") * 100
    assert probe(data, DEFAULT_LIMITS).width == 64
    assert refused(data, Limits(max_segments=50)) is ErrorCode.LIMIT


def test_metadata_boxes_are_limited():
    data = heic(64, 64) + box(b"uuid", bytes(500))
    assert probe(data, Limits(max_metadata=500)).width == 64
    assert refused(data, Limits(max_metadata=499)) is ErrorCode.LIMIT


def test_a_box_with_a_size_of_zero_reaches_to_the_end():
    data = heic(64, 64) + struct.pack(">I", 0) + b"mdat" + bytes(100)
    assert not probe(data, DEFAULT_LIMITS).truncated


def test_a_box_with_a_long_size_is_read():
    long = struct.pack(">I", 1) + b"free" + struct.pack(">Q", 16 + 30) + bytes(30)
    data = box(b"ftyp", b"heic" + bytes(4) + b"heic") + long + heic(64, 32)[20:]
    assert probe(data, DEFAULT_LIMITS).height == 32


def test_heic_without_its_decoder_says_how_to_get_it():
    with pytest.raises(InputError) as caught:
        load(heic(64, 64), formats=frozenset(ImageFormat))
    try:
        import pillow_heif  # noqa: F401
    except ImportError:
        assert "heic" in caught.value.hint
    else:
        assert caught.value.code in (ErrorCode.CORRUPT, ErrorCode.TRUNCATED)
