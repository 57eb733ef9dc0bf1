"""PNG chunks: checksums, end, animation and metadata that unfolds, without decoding."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
from support import containers, pictures
from support.containers import chunk, idat, ihdr, png

from provenance.errors import ErrorCode, InputError
from provenance.imaging import DEFAULT_LIMITS, Limits, load, probe

PICTURE = pictures.crop(40, 64)
PLAIN = pictures.file(PICTURE, "PNG")
ROWS = [b"\x10\x20\x30" * 8] * 8
SMALL = png(ihdr(8, 8), idat(ROWS))
BOMB = zlib.compress(bytes(DEFAULT_LIMITS.max_metadata + 1), 9)


def refused(data, limits=DEFAULT_LIMITS):
    with pytest.raises(InputError) as caught:
        probe(data, limits)
    return caught.value.code


def test_size_and_end_of_a_sound_file():
    header = probe(PLAIN, DEFAULT_LIMITS)
    assert (header.height, header.width) == PICTURE.shape[:2]
    assert (header.truncated, header.trailing, header.fault) == (False, 0, "")


@pytest.mark.parametrize(("mode", "depth"), [("RGB", 8), ("1", 1), ("I;16", 16)])
def test_bit_depth_is_reported(mode, depth):
    from PIL import Image

    assert probe(pictures.file(Image.new(mode, (9, 9)), "PNG"), DEFAULT_LIMITS).bit_depth == depth


def test_trailing_bytes_are_counted():
    assert probe(PLAIN + b"PK\x03\x04", DEFAULT_LIMITS).trailing == len(b"PK\x03\x04")


@pytest.mark.parametrize("lost", [1, 4, 12, 13, len(PLAIN) // 2])
def test_a_file_without_its_end_is_truncated(lost):
    assert probe(PLAIN[:-lost], DEFAULT_LIMITS).truncated


def test_a_file_cut_inside_its_header_is_truncated():
    assert refused(PLAIN[:20]) is ErrorCode.TRUNCATED


@pytest.mark.parametrize(
    "first", [chunk(b"IDAT", b"x"), chunk(b"IHDR", bytes(12)), chunk(b"CgBI", bytes(4))]
)
def test_a_file_that_does_not_begin_with_its_header_is_corrupt(first):
    assert refused(png(first, ihdr(8, 8), idat(ROWS))) is ErrorCode.CORRUPT


@pytest.mark.parametrize("kind", [b"IHDR", b"IDAT", b"IEND"])
def test_a_wrong_checksum_is_a_fault_that_names_the_chunk(kind):
    position = SMALL.index(kind)
    length = int.from_bytes(SMALL[position - 4 : position])
    broken = bytearray(SMALL)
    broken[position + 4 + length] ^= 1
    assert kind.decode() in probe(bytes(broken), DEFAULT_LIMITS).fault


def test_the_first_wrong_checksum_is_the_one_reported():
    wrong = bytearray(chunk(b"tEXt", b"a\0b") + chunk(b"zzZz", b"a\0b"))
    wrong[-1] ^= 1
    wrong[len(chunk(b"tEXt", b"a\0b")) - 1] ^= 1
    assert "tEXt" in probe(png(ihdr(8, 8), bytes(wrong), idat(ROWS)), DEFAULT_LIMITS).fault


def test_a_chunk_name_that_is_no_text_is_spelled_out():
    wrong = bytearray(chunk(b"\x1b[2J", b""))
    wrong[-1] ^= 1
    fault = probe(png(ihdr(8, 8), bytes(wrong), idat(ROWS)), DEFAULT_LIMITS).fault
    assert fault.isprintable()
    assert b"\x1b[2J".hex() in fault


def test_animated_png_tells_its_frames():
    data = pictures.animation("PNG", [pictures.crop(16, 16, top=i) for i in range(5)])
    assert probe(data, DEFAULT_LIMITS).frames == 5


def test_a_frame_count_is_believed_only_up_to_the_limit():
    control = chunk(b"acTL", (2**31).to_bytes(4) + bytes(4))
    data = png(ihdr(8, 8), control, idat(ROWS))
    assert probe(data, DEFAULT_LIMITS).frames == DEFAULT_LIMITS.max_frames


def test_a_frame_count_of_zero_is_one_picture():
    assert probe(png(ihdr(8, 8), chunk(b"acTL", bytes(8)), idat(ROWS)), DEFAULT_LIMITS).frames == 1


@pytest.mark.parametrize(
    "body",
    [
        (b"zTXt", b"key\0\0" + BOMB),
        (b"iCCP", b"key\0\0" + BOMB),
        (b"iTXt", b"key\0\x01\0\0\0" + BOMB),
    ],
    ids=lambda body: body[0].decode(),
)
def test_metadata_that_unfolds_beyond_the_limit_is_refused(body):
    data = png(ihdr(8, 8), chunk(*body), idat(ROWS))
    assert len(data) < DEFAULT_LIMITS.max_metadata / 100
    assert refused(data) is ErrorCode.LIMIT


def test_a_bomb_is_not_unfolded_further_than_the_limit():
    limits = Limits(max_metadata=100_000)
    bomb = zlib.compress(bytes(50_000_000), 9)
    data = png(ihdr(8, 8), chunk(b"zTXt", b"key\0\0" + bomb), idat(ROWS))
    tracemalloc.start()
    try:
        assert refused(data, limits) is ErrorCode.LIMIT
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(data) + 20 * limits.max_metadata


def test_several_harmless_chunks_count_together():
    half = chunk(b"tEXt", b"k\0" + bytes(500))
    data = png(ihdr(8, 8), half, half, idat(ROWS))
    assert probe(data, Limits(max_metadata=2 * 502)).width == 8
    assert refused(data, Limits(max_metadata=2 * 502 - 1)) is ErrorCode.LIMIT


def test_an_uncompressed_text_is_not_unfolded():
    data = png(ihdr(8, 8), chunk(b"iTXt", b"key\0\0\0\0\0" + BOMB), idat(ROWS))
    assert probe(data, DEFAULT_LIMITS).width == 8


def test_compressed_text_that_is_broken_counts_as_it_is():
    data = png(ihdr(8, 8), chunk(b"zTXt", b"key\0\0" + b"no zlib"), idat(ROWS))
    assert probe(data, Limits(max_metadata=100)).width == 8


def test_the_number_of_chunks_is_limited():
    data = png(ihdr(8, 8), *[chunk(b"teSt")] * 50, idat(ROWS))
    assert refused(data, Limits(max_segments=50)) is ErrorCode.LIMIT
    assert probe(data, Limits(max_segments=51)).width == 8


def test_pixel_data_may_come_in_many_small_chunks():
    packed = zlib.compress(b"".join(b"\0" + row for row in ROWS), 0)
    parts = [chunk(b"IDAT", packed[i : i + 1]) for i in range(len(packed))]
    data = png(ihdr(8, 8), *parts)
    assert len(parts) > 100
    assert (load(data, limits=Limits(max_segments=10)).rgb == load(SMALL).rgb).all()
    assert refused(data, Limits(max_segments=2)) is ErrorCode.LIMIT


@pytest.mark.parametrize("side", [10_000, 60_000, 2**31 - 1])
def test_a_bomb_of_pixels_is_refused_before_there_is_anything_to_decode(side):
    assert refused(png(ihdr(side, side))) is ErrorCode.LIMIT


def test_a_chunk_longer_than_the_format_allows_ends_the_walk():
    data = png(ihdr(8, 8), end=False) + (2**31).to_bytes(4) + b"IDAT" + bytes(64)
    assert probe(data, DEFAULT_LIMITS).truncated


def test_a_bit_depth_outside_the_format_is_refused():
    assert refused(png(ihdr(8, 8, depth=255), idat(ROWS), end=False)) is ErrorCode.CORRUPT


def test_filling_up_a_truncated_picture_takes_no_more_than_its_pixels():
    side = 1500
    data = png(ihdr(side, side, colour=6), chunk(b"IDAT", zlib.compress(bytes(100))), end=False)
    tracemalloc.start()
    try:
        load(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * 4 * side * side


def test_a_text_chunk_does_not_hide_the_picture():
    data = containers.PNG_SIGNATURE + PLAIN[8:33] + chunk(b"tEXt", b"a\0b") + PLAIN[33:]
    assert (load(data).rgb == PICTURE).all()
