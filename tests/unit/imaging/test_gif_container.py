"""GIF blocks: screen, frames and end, without decoding."""

from __future__ import annotations

import pytest
from support import pictures
from support.containers import gif, gif_frame

from provenance.errors import ErrorCode, InputError
from provenance.imaging import DEFAULT_LIMITS, Limits, load, probe
from provenance.model import ImageFlag

FRAMES = [pictures.crop(24, 40, top=30 * i) for i in range(4)]
ANIMATION = pictures.animation("GIF", FRAMES)
FRAME = gif_frame(0, 0, 8, 8)


def refused(data, limits=DEFAULT_LIMITS):
    with pytest.raises(InputError) as caught:
        probe(data, limits)
    return caught.value.code


def test_size_frames_and_end_of_a_real_animation():
    header = probe(ANIMATION, DEFAULT_LIMITS)
    assert (header.height, header.width) == FRAMES[0].shape[:2]
    assert header.frames == len(FRAMES)
    assert (header.truncated, header.trailing, header.fault) == (False, 0, "")


def test_trailing_bytes_are_counted():
    assert probe(ANIMATION + b"12345", DEFAULT_LIMITS).trailing == 5


@pytest.mark.parametrize("lost", [1, 2, 50])
def test_a_file_without_its_end_is_truncated(lost):
    assert probe(ANIMATION[:-lost], DEFAULT_LIMITS).truncated


def test_a_file_cut_before_the_screen_is_truncated():
    assert refused(ANIMATION[:12]) is ErrorCode.TRUNCATED


def test_a_file_without_any_frame_counts_as_truncated():
    assert probe(gif(8, 8), DEFAULT_LIMITS).truncated


def test_an_unknown_block_is_a_fault():
    header = probe(gif(8, 8, FRAME, b"\x99"), DEFAULT_LIMITS)
    assert header.fault
    assert header.frames == 1


def test_a_local_colour_table_is_skipped():
    size = 3  # two to the power of size + 1 colours
    frame = bytearray(FRAME)
    frame[9] = 0x80 | size
    frame[10:10] = b"\x2c" * (3 << (size + 1))
    assert probe(gif(8, 8, bytes(frame), FRAME), DEFAULT_LIMITS).frames == 2


def test_a_frame_beyond_the_screen_is_measured():
    beyond = gif_frame(60_000, 0, 60_000, 60_000)
    assert refused(gif(8, 8, FRAME, beyond)) is ErrorCode.LIMIT


def test_a_frame_whose_corner_lies_beyond_the_limit_is_refused():
    limits = Limits(max_side=100)
    assert probe(gif(8, 8, gif_frame(92, 0, 8, 8)), limits).frames == 1
    assert refused(gif(8, 8, gif_frame(93, 0, 8, 8)), limits) is ErrorCode.LIMIT


def test_frames_are_counted_only_up_to_the_limit():
    header = probe(gif(8, 8, *[FRAME] * 30), Limits(max_frames=7))
    assert header.frames == 7
    assert not header.truncated


def test_a_huge_screen_is_refused_before_any_frame():
    assert refused(gif(65_535, 65_535)) is ErrorCode.LIMIT


def test_a_screen_without_area_is_corrupt():
    assert refused(gif(0, 8, FRAME)) is ErrorCode.CORRUPT


def test_comments_count_as_metadata():
    comment = b"\x21\xfe" + (b"\xff" + b"x" * 255) * 10 + b"\0"
    data = gif(8, 8, comment, comment, FRAME)
    size = 2 * (len(comment) - 2)
    assert probe(data, Limits(max_metadata=size)).frames == 1
    assert refused(data, Limits(max_metadata=size - 1)) is ErrorCode.LIMIT


def test_a_chain_of_blocks_that_never_ends_is_truncation():
    assert probe(gif(8, 8, FRAME, b"\x21\xfe" + b"\xff" * 300, end=False), DEFAULT_LIMITS).truncated


def test_a_still_gif_gives_its_pixels():
    picture = pictures.crop(24, 40)
    data = pictures.file(picture, "GIF")
    assert (load(data).rgb == pictures.decoded(data)).all()


def test_an_animation_is_flagged():
    assert ImageFlag.FRAMES_SAMPLED in load(ANIMATION).flags
