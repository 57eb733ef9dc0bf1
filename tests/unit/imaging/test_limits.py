"""Limits: what is on the edge, and what is over it."""

from __future__ import annotations

import pytest
from support import pictures

from provenance.errors import ErrorCode, InputError
from provenance.imaging import DEFAULT_LIMITS, Limits, load, probe


def code_of(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return caught.value.code


@pytest.mark.parametrize(
    ("check", "limit"),
    [
        ("check_bytes", DEFAULT_LIMITS.max_bytes),
        ("check_segments", DEFAULT_LIMITS.max_segments),
        ("check_metadata", DEFAULT_LIMITS.max_metadata),
    ],
)
def test_the_limit_itself_is_allowed_and_one_more_is_not(check, limit):
    getattr(DEFAULT_LIMITS, check)(limit)
    assert code_of(getattr(DEFAULT_LIMITS, check), limit + 1) is ErrorCode.LIMIT


def test_pixels_have_to_stay_below_the_limit():
    limits = Limits(max_pixels=1000)
    limits.check_dimensions(999, 1)
    assert code_of(limits.check_dimensions, 1000, 1) is ErrorCode.LIMIT
    assert code_of(limits.check_dimensions, 40, 25) is ErrorCode.LIMIT


def test_the_longest_side_is_allowed_in_both_directions():
    limits = Limits(max_side=100)
    limits.check_dimensions(100, 1)
    limits.check_dimensions(1, 100)
    assert code_of(limits.check_dimensions, 101, 1) is ErrorCode.LIMIT
    assert code_of(limits.check_dimensions, 1, 101) is ErrorCode.LIMIT


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0), (-3, 5)])
def test_no_area_is_corrupt_and_not_too_large(size):
    assert code_of(DEFAULT_LIMITS.check_dimensions, *size) is ErrorCode.CORRUPT


def test_small_pictures_may_expand_as_much_as_they_like_and_large_ones_may_not():
    limits = Limits(max_expansion=100, free_pixels=1000)
    limits.check_expansion(100, 10, 1)
    limits.check_expansion(101, 10, 31)
    assert code_of(limits.check_expansion, 101, 10, 30) is ErrorCode.LIMIT


def test_the_number_of_scans_is_limited():
    data = pictures.file(pictures.crop(64, 64), "JPEG", progressive=True)
    scans = data.count(b"\xff\xda")
    assert probe(data, Limits(max_scans=scans)).width == 64
    assert code_of(probe, data, Limits(max_scans=scans - 1)) is ErrorCode.LIMIT


def test_the_size_of_the_file_is_checked_before_its_kind():
    assert code_of(probe, b"no image at all", Limits(max_bytes=5)) is ErrorCode.LIMIT


def test_load_applies_the_limits_it_is_given():
    data = pictures.file(pictures.crop(30, 40), "PNG")
    assert load(data, limits=Limits(max_pixels=1201)).rgb.shape == (30, 40, 3)
    with pytest.raises(InputError, match="40x30"):
        load(data, limits=Limits(max_pixels=1200))


def test_every_writable_side_fits_into_a_jpeg():
    long = pictures.grey_texture(8, DEFAULT_LIMITS.max_side)
    assert load(pictures.file(long, "JPEG")).rgb.shape == long.shape
