"""WebP chunks: size from whichever chunk comes first, frames, end."""

from __future__ import annotations

import pytest
from support import pictures
from support.containers import riff, riff_chunks

from provenance.errors import ErrorCode, InputError
from provenance.imaging import DEFAULT_LIMITS, Limits, load, probe

PICTURE = pictures.crop(45, 83)  # odd sides
LOSSY = pictures.file(PICTURE, "WEBP", quality=80)
LOSSLESS = pictures.file(PICTURE, "WEBP", lossless=True)
EXTENDED = pictures.file(PICTURE, "WEBP", quality=80, exif=b"II*\0" + bytes(16))
FRAMES = [pictures.crop(32, 48, top=40 * i) for i in range(4)]
ANIMATION = pictures.animation("WEBP", FRAMES)


def refused(data, limits=DEFAULT_LIMITS):
    with pytest.raises(InputError) as caught:
        probe(data, limits)
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "first"), [(LOSSY, b"VP8 "), (LOSSLESS, b"VP8L"), (EXTENDED, b"VP8X")]
)
def test_size_from_each_kind_of_first_chunk(data, first):
    assert riff_chunks(data)[0][0] == first
    header = probe(data, DEFAULT_LIMITS)
    assert (header.height, header.width) == PICTURE.shape[:2]
    assert (header.frames, header.truncated, header.trailing) == (1, False, 0)


def test_the_largest_sides_of_each_kind_are_read_right():
    vp8l = b"\x2f" + (0x3FFF | 0x3FFF << 14).to_bytes(4, "little")
    limits = Limits(max_pixels=2**60, free_pixels=2**60)
    header = probe(riff((b"VP8L", vp8l)), limits)
    assert (header.width, header.height) == (2**14, 2**14)
    vp8 = b"\0\0\0\x9d\x01\x2a" + b"\xff\xff\xff\xff"  # the upper two bits are a scale
    header = probe(riff((b"VP8 ", vp8)), limits)
    assert (header.width, header.height) == (2**14 - 1, 2**14 - 1)


def test_frames_of_an_animation_are_counted():
    header = probe(ANIMATION, DEFAULT_LIMITS)
    assert header.frames == len(FRAMES)
    assert not header.truncated


def test_frames_are_counted_only_up_to_the_limit():
    assert probe(ANIMATION, Limits(max_frames=2)).frames == 2


def test_an_animation_looked_at_for_one_frame_is_not_truncated():
    assert not probe(ANIMATION, Limits(max_frames=1)).truncated


def test_trailing_bytes_are_counted():
    assert probe(LOSSY + b"abc", DEFAULT_LIMITS).trailing == 3


@pytest.mark.parametrize("data", [LOSSY, LOSSLESS, EXTENDED, ANIMATION])
@pytest.mark.parametrize("part", [0.5, 0.9])
def test_a_file_without_its_end_is_truncated(data, part):
    assert probe(data[: int(len(data) * part)], DEFAULT_LIMITS).truncated


def test_a_file_cut_before_its_size_is_truncated():
    assert refused(LOSSY[:24]) is ErrorCode.TRUNCATED


def test_a_file_without_image_chunk_is_corrupt():
    assert refused(riff((b"EXIF", bytes(40)))) is ErrorCode.CORRUPT


def test_a_canvas_without_pixels_counts_as_truncated():
    canvas = bytes(4) + (63).to_bytes(3, "little") * 2
    assert probe(riff((b"VP8X", canvas)), DEFAULT_LIMITS).truncated


def test_a_huge_canvas_is_refused_before_there_is_anything_to_decode():
    canvas = bytes(4) + b"\xff\xff\xff" * 2
    assert refused(riff((b"VP8X", canvas))) is ErrorCode.LIMIT


def test_metadata_is_limited_over_all_chunks_together():
    parts = riff_chunks(LOSSY)
    data = riff(*parts, (b"EXIF", bytes(300)), (b"XMP ", bytes(200)))
    assert probe(data, Limits(max_metadata=500)).width == PICTURE.shape[1]
    assert refused(data, Limits(max_metadata=499)) is ErrorCode.LIMIT


def test_pixels_are_no_metadata():
    assert probe(LOSSY, Limits(max_metadata=1)).width == PICTURE.shape[1]


def test_the_number_of_chunks_is_limited_and_frames_do_not_count():
    parts = riff_chunks(LOSSY)
    data = riff(*parts, *[(b"junk", b"")] * 9)
    assert probe(data, Limits(max_segments=10)).width == PICTURE.shape[1]
    assert refused(data, Limits(max_segments=9)) is ErrorCode.LIMIT
    others = sum(kind != b"ANMF" for kind, _ in riff_chunks(ANIMATION))
    assert probe(ANIMATION, Limits(max_segments=others)).frames == len(FRAMES)


def test_odd_chunks_are_padded():
    parts = riff_chunks(LOSSLESS)
    data = riff((b"junk", b"odd"), *parts)
    assert probe(data, DEFAULT_LIMITS).width == PICTURE.shape[1]


def test_a_canvas_that_contradicts_the_picture_is_corrupt():
    parts = dict(riff_chunks(EXTENDED))
    wrong = parts[b"VP8X"][:4] + (9).to_bytes(3, "little") * 2
    data = riff((b"VP8X", wrong), (b"VP8 ", parts[b"VP8 "]))
    with pytest.raises(InputError) as caught:
        load(data)
    assert caught.value.code is ErrorCode.CORRUPT
