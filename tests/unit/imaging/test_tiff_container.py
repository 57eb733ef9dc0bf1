"""TIFF directories: size, pages, loops."""

from __future__ import annotations

import struct

import pytest
from support import pictures
from support.containers import tiff_page

from provenance.errors import ErrorCode, InputError
from provenance.imaging import DEFAULT_LIMITS, ImageFormat, Limits, load, probe

PICTURE = pictures.crop(30, 50)
TIFF = frozenset({ImageFormat.TIFF})
WIDTH, HEIGHT, BITS = 256, 257, 258


def refused(data, limits=DEFAULT_LIMITS):
    with pytest.raises(InputError) as caught:
        probe(data, limits)
    return caught.value.code


def start(offset=8, order="<"):
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", offset)


@pytest.mark.parametrize("order", ["<", ">"])
def test_size_in_both_byte_orders(order):
    data = start(order=order) + tiff_page({WIDTH: 300, HEIGHT: 200, BITS: 8}, 0, order)
    header = probe(data, DEFAULT_LIMITS)
    assert (header.width, header.height, header.bit_depth) == (300, 200, 8)
    assert not header.truncated


@pytest.mark.parametrize(("mode", "depth"), [("RGB", 8), ("L", 8), ("1", 1), ("I;16", 16)])
def test_real_files_tell_size_and_depth(mode, depth):
    from PIL import Image

    header = probe(pictures.file(Image.new(mode, (50, 30)), "TIFF"), DEFAULT_LIMITS)
    assert (header.width, header.height, header.bit_depth) == (50, 30, depth)


def test_pages_are_counted():
    pages = [pictures.crop(20, 20, top=i) for i in range(3)]
    assert probe(pictures.animation("TIFF", pages), DEFAULT_LIMITS).frames == 3


def test_a_loop_of_directories_is_corrupt():
    assert refused(start() + tiff_page({WIDTH: 8, HEIGHT: 8}, 8)) is ErrorCode.CORRUPT


def test_a_longer_loop_is_corrupt():
    first = tiff_page({WIDTH: 8, HEIGHT: 8}, 0)
    second = 8 + len(first)
    data = start() + tiff_page({WIDTH: 8, HEIGHT: 8}, second) + tiff_page({WIDTH: 8, HEIGHT: 8}, 8)
    assert refused(data) is ErrorCode.CORRUPT


def test_a_directory_behind_the_end_is_truncation():
    assert probe(start() + tiff_page({WIDTH: 8, HEIGHT: 8}, 5000), DEFAULT_LIMITS).truncated


def test_a_file_that_ends_before_its_directory_is_truncated():
    assert refused(start(offset=5000)) is ErrorCode.TRUNCATED


def test_a_directory_without_size_is_corrupt():
    assert refused(start() + tiff_page({BITS: 8}, 0)) is ErrorCode.CORRUPT


def test_every_page_is_measured():
    small = tiff_page({WIDTH: 8, HEIGHT: 8}, 0)
    data = start() + tiff_page({WIDTH: 8, HEIGHT: 8}, 8 + len(small))
    assert refused(data + tiff_page({WIDTH: 60_000, HEIGHT: 60_000}, 0)) is ErrorCode.LIMIT


def test_the_first_page_gives_the_size():
    small = tiff_page({WIDTH: 8, HEIGHT: 9}, 0)
    data = start() + tiff_page({WIDTH: 8, HEIGHT: 9}, 8 + len(small))
    header = probe(data + tiff_page({WIDTH: 70, HEIGHT: 60}, 0), DEFAULT_LIMITS)
    assert (header.width, header.height, header.frames) == (8, 9, 2)


def test_entries_of_a_directory_are_limited():
    data = start() + tiff_page({WIDTH: 8, HEIGHT: 8, **dict.fromkeys(range(1000, 1010), 0)}, 0)
    assert probe(data, Limits(max_segments=12)).width == 8
    assert refused(data, Limits(max_segments=11)) is ErrorCode.LIMIT


def test_tiff_is_refused_unless_it_is_asked_for():
    data = pictures.file(PICTURE, "TIFF")
    with pytest.raises(InputError, match="TIFF is not accepted"):
        load(data)
    assert (load(data, formats=TIFF).rgb == PICTURE).all()


def test_a_multi_page_file_is_refused_for_stamping():
    data = pictures.animation("TIFF", [PICTURE, PICTURE])
    with pytest.raises(InputError, match="multi-page"):
        load(data, formats=TIFF, strict=True)
