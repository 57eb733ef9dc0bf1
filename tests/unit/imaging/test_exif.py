"""EXIF text fields from bytes that nobody vouches for."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import markers

from provenance.imaging.exif import texts
from provenance.imaging.metadata import bare_exif

LIMIT = 1000


def entry(order, tag, kind, count, value):
    return struct.pack(order + "HHI", tag, kind, count) + value


def directory(order, *entries, start=8):
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return head + struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_short_value_stands_in_its_entry(order):
    made = directory(order, entry(order, 0x010F, 2, 3, b"ab\0\0"))
    assert list(texts(made, LIMIT)) == [("Make", "ab")]


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_long_value_stands_where_the_entry_points(order):
    at = 8 + 2 + 12 + 4
    made = directory(order, entry(order, 0x0131, 2, 7, struct.pack(order + "I", at))) + b"program"
    assert list(texts(made, LIMIT)) == [("Software", "program")]


def test_the_fields_of_windows_are_utf_16():
    at = 8 + 2 + 12 + 4
    raw = "größer\0".encode("utf-16-le")
    made = directory(">", entry(">", 0x9C9C, 1, len(raw), struct.pack(">I", at))) + raw
    assert list(texts(made, LIMIT)) == [("XPComment", "größer")]


@pytest.mark.parametrize(
    "made",
    [
        b"",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        directory("<", entry("<", 0x010F, 2, 2**32 - 1, b"\xff\xff\xff\xff")),
        directory("<", entry("<", 0x8769, 4, 1, b"\xff\xff\xff\xff")),
        directory("<", entry("<", 0x8769, 4, 1, b"\x08\0\0\0")),  # points to itself
        directory("<", entry("<", 0x010F, 5, 1, b"\0\0\0\0")),  # a fraction
        directory("<")[:-4] + b"\xff\xff",
        b"no exif",
    ],
)
def test_broken_exif_gives_nothing_or_less(made):
    assert all(not value for _, value in texts(made, LIMIT))


def test_of_a_repeated_tag_the_first_is_read():
    same = [entry("<", 0x010F, 2, 3, value) for value in (b"one\0", b"two\0")]
    assert list(texts(directory("<", *same * 300), LIMIT)) == [("Make", "one")]


def test_no_more_is_read_than_asked_for():
    made = markers.exif({markers.DESCRIPTION: "a" * 5000})
    ((_, value),) = texts(bare_exif(made), LIMIT)
    assert len(value) == LIMIT


@given(st.binary(max_size=300), st.sampled_from([b"II*\0", b"MM\0*"]))
def test_noise_never_raises(noise, head):
    for name, value in texts(head + noise, LIMIT):
        assert name.isidentifier()
        assert len(value) <= LIMIT
