"""EXIF bytes: the orientation is found and reset, everything else stays."""

from __future__ import annotations

import struct

import pytest

from provenance.imaging.metadata import bare_exif, icc_space, orientation, upright

ORIENTATION, SHORT, LONG = 0x0112, 3, 4


def exif(order="<", *, value=6, kind=SHORT, count=1, extra=True):
    """A TIFF header and one directory: a description, the orientation, a date."""
    field = struct.pack(order + "HH", value, 0xABCD)
    entries = [struct.pack(order + "HHI", ORIENTATION, kind, count) + field]
    if extra:
        entries.insert(0, struct.pack(order + "HHI4s", 0x010E, 2, 4, b"abc\0"))
        entries.append(struct.pack(order + "HHI4s", 0x0132, 2, 4, b"xyz\0"))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    body = struct.pack(order + "H", len(entries)) + b"".join(entries)
    return head + body + struct.pack(order + "I", 0) + b"maker notes at fixed offsets"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", range(1, 9))
def test_every_orientation_is_found_in_both_byte_orders(order, value):
    assert orientation(exif(order, value=value)) == value


@pytest.mark.parametrize("order", ["<", ">"])
def test_resetting_changes_only_the_two_bytes_of_the_value(order):
    before = exif(order, value=6)
    after = upright(before)
    assert len(after) == len(before)
    changed = {i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b}
    start = before.index(struct.pack(order + "HHI", ORIENTATION, SHORT, 1)) + 8
    assert changed <= {start, start + 1}
    assert orientation(after) == 1


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_a_value_without_meaning_counts_as_upright_and_is_kept(value):
    data = exif(value=value)
    assert orientation(data) == 1
    assert upright(data) == data


@pytest.mark.parametrize(("kind", "count"), [(LONG, 1), (SHORT, 2), (2, 1)])
def test_an_entry_of_another_type_is_ignored(kind, count):
    data = exif(kind=kind, count=count)
    assert orientation(data) == 1
    assert upright(data) == data


@pytest.mark.parametrize("length", [0, 4, 7, 8, 9, 12, 19])
def test_cut_exif_is_upright_and_kept(length):
    data = exif(extra=False)[:length]
    assert orientation(data) == 1
    assert upright(data) == data


def test_a_directory_outside_the_data_is_no_error():
    data = b"II*\0" + struct.pack("<I", 2**31)
    assert orientation(data) == 1


def test_a_directory_that_claims_very_many_entries_is_searched_only_so_far():
    filler = struct.pack("<HHII", 0x9000, SHORT, 1, 0) * 1024
    entry = struct.pack("<HHIHH", ORIENTATION, SHORT, 1, 6, 0)
    head = b"II*\0" + struct.pack("<IH", 8, 65535)
    assert orientation(head + entry + filler) == 6
    assert orientation(head + filler + entry) == 1


def test_the_jpeg_prefix_is_removed():
    data = exif()
    assert bare_exif(b"Exif\0\0" + data) == data
    assert bare_exif(data) == data


@pytest.mark.parametrize("data", [None, b"", b"Exif\0\0", b"garbage", b"II+\0 big tiff"])
def test_bytes_that_are_no_exif_are_dropped(data):
    assert bare_exif(data) == b""


def test_the_colour_space_of_a_profile_is_read():
    from PIL import ImageCms

    for name, space in (("sRGB", "RGB"), ("LAB", "Lab")):
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()
        assert icc_space(profile) == space


def test_a_profile_shorter_than_its_header_has_no_space():
    assert icc_space(b"x" * 127) == ""
