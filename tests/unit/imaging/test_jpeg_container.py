"""JPEG segments: size, end, and what contradicts the format, without decoding."""

from __future__ import annotations

import pytest
from support import containers, pictures
from support.containers import EOI, SOI, after_soi, segment, sof

from provenance.errors import ErrorCode, InputError
from provenance.imaging import DEFAULT_LIMITS, ImageFormat, Limits, load, probe

PICTURE = pictures.crop(72, 120)
PLAIN = pictures.file(PICTURE, "JPEG", quality=90)


def refused(data, limits=DEFAULT_LIMITS):
    with pytest.raises(InputError) as caught:
        probe(data, limits)
    return caught.value.code


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"optimize": True},
        {"restart_marker_blocks": 1},
        {"restart_marker_rows": 1},
        {"subsampling": "4:4:4"},
    ],
    ids=lambda options: next(iter(options), "baseline"),
)
def test_size_and_end_of_every_coding(options):
    header = probe(pictures.file(PICTURE, "JPEG", **options), DEFAULT_LIMITS)
    assert (header.height, header.width) == PICTURE.shape[:2]
    assert header.format is ImageFormat.JPEG
    assert (header.truncated, header.trailing, header.fault) == (False, 0, "")


def test_the_progressive_sample_has_several_scans():
    data = pictures.file(PICTURE, "JPEG", progressive=True)
    assert data.count(b"\xff\xda") > 2


def test_the_restart_sample_has_restart_markers():
    data = pictures.file(PICTURE, "JPEG", restart_marker_blocks=1)
    assert all(bytes([0xFF, 0xD0 + i]) in data for i in range(8))


def test_trailing_bytes_are_counted():
    extra = b"<script>" * 5
    assert probe(PLAIN + extra, DEFAULT_LIMITS).trailing == len(extra)


def test_a_second_picture_behind_the_first_is_trailing_data():
    header = probe(PLAIN + PLAIN, DEFAULT_LIMITS)
    assert header.trailing == len(PLAIN)
    assert header.frames == 1


@pytest.mark.parametrize("lost", [1, 2, 100, len(PLAIN) // 3])
def test_a_file_without_its_end_is_truncated(lost):
    header = probe(PLAIN[:-lost], DEFAULT_LIMITS)
    assert header.truncated
    assert (header.height, header.width) == PICTURE.shape[:2]


def test_a_file_cut_before_its_frame_header_is_truncated():
    position = dict(containers.markers(PLAIN))[0xC0]
    assert refused(PLAIN[: position + 4]) is ErrorCode.TRUNCATED


def test_end_before_any_picture_is_corrupt():
    assert refused(SOI + segment(0xE0, b"JFIF\0") + EOI) is ErrorCode.CORRUPT


def test_a_repeated_frame_header_is_corrupt():
    assert refused(after_soi(PLAIN, sof(8, 8))) is ErrorCode.CORRUPT


def test_a_frame_header_that_is_too_short_is_corrupt():
    assert refused(SOI + segment(0xC0, b"\x08\x00") + EOI) is ErrorCode.CORRUPT


@pytest.mark.parametrize("marker", [0xC3, 0xC5, 0xC9, 0xCB, 0xCF])
def test_coding_processes_that_decoders_lack_are_refused(marker):
    assert refused(SOI + sof(64, 64, marker=marker) + EOI) is ErrorCode.FORMAT


@pytest.mark.parametrize("marker", [0xC4, 0xC8, 0xCC])
def test_tables_between_the_frame_markers_are_no_frames(marker):
    data = after_soi(PLAIN, segment(marker, bytes(20)))
    assert probe(data, DEFAULT_LIMITS).width == PICTURE.shape[1]


def test_fill_bytes_before_a_marker_are_skipped():
    for marker, position in containers.markers(PLAIN):
        data = PLAIN[:position] + b"\xff" * 7 + PLAIN[position:]
        header = probe(data, DEFAULT_LIMITS)
        assert (header.truncated, header.trailing, header.fault) == (False, 0, ""), hex(marker)


def test_fill_bytes_before_the_end_mark_are_skipped():
    header = probe(PLAIN[:-2] + b"\xff\xff" + EOI, DEFAULT_LIMITS)
    assert (header.truncated, header.trailing) == (False, 0)


def test_an_end_mark_inside_a_segment_does_not_count():
    data = after_soi(PLAIN, segment(0xE1, b"Exif\0\0 thumbnail " + EOI))
    assert probe(data, DEFAULT_LIMITS).trailing == 0


def test_something_else_in_the_place_of_a_marker_is_a_fault():
    scan = dict(containers.markers(PLAIN))[0xDA]
    header = probe(PLAIN[:scan] + b"\x12\x34" + PLAIN[scan:], DEFAULT_LIMITS)
    assert "marker" in header.fault
    assert header.width == PICTURE.shape[1]


def test_something_else_before_the_frame_header_is_corrupt():
    position = dict(containers.markers(PLAIN))[0xC0]
    assert refused(PLAIN[:position] + b"\x12\x34" + PLAIN[position:]) is ErrorCode.CORRUPT


def test_a_segment_longer_than_the_file_is_truncation():
    position = dict(containers.markers(PLAIN))[0xDA]
    data = PLAIN[:position] + b"\xff\xfe\xff\xff" + b"short"
    assert probe(data, DEFAULT_LIMITS).truncated


@pytest.mark.parametrize("length", [0, 1])
def test_a_segment_length_below_two_ends_the_walk(length):
    position = dict(containers.markers(PLAIN))[0xDA]
    data = PLAIN[:position] + b"\xff\xfe" + length.to_bytes(2) + PLAIN[position:]
    assert probe(data, DEFAULT_LIMITS).truncated


def test_sample_precision_is_reported():
    assert probe(SOI + sof(64, 64, marker=0xC1, precision=12) + EOI, DEFAULT_LIMITS).bit_depth == 12


@pytest.mark.parametrize(("width", "height"), [(0, 8), (8, 0)])
def test_a_picture_without_area_is_corrupt(width, height):
    assert refused(SOI + sof(width, height) + EOI) is ErrorCode.CORRUPT


def test_too_many_pixels_are_refused_although_there_is_nothing_to_decode():
    side = int(DEFAULT_LIMITS.max_pixels**0.5) + 1
    assert refused(SOI + sof(side, side) + EOI) is ErrorCode.LIMIT


def test_a_side_beyond_the_limit_is_refused():
    assert refused(SOI + sof(DEFAULT_LIMITS.max_side + 1, 1) + EOI) is ErrorCode.LIMIT


def test_the_number_of_segments_is_limited():
    few = after_soi(PLAIN, *[segment(0xFE, b"")] * 20)
    limit = len(containers.markers(few)) + 1  # and the end mark
    assert probe(few, Limits(max_segments=limit)).width == PICTURE.shape[1]
    assert refused(few, Limits(max_segments=limit - 1)) is ErrorCode.LIMIT


def test_metadata_is_limited_over_all_segments_together():
    bare = pictures.file(PICTURE, "JPEG")
    app0 = int.from_bytes(bare[4:6]) - 2
    data = after_soi(bare, segment(0xE1, bytes(600)), segment(0xFE, bytes(400)))
    assert probe(data, Limits(max_metadata=1000 + app0)).width == PICTURE.shape[1]
    assert refused(data, Limits(max_metadata=999 + app0)) is ErrorCode.LIMIT


def test_pixels_are_the_same_with_fill_bytes():
    position = dict(containers.markers(PLAIN))[0xDA]
    data = PLAIN[:position] + b"\xff\xff" + PLAIN[position:]
    assert (load(data).rgb == load(PLAIN).rgb).all()
