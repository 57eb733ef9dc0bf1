"""The first bytes decide the format; the file name never does."""

from __future__ import annotations

import pytest
from support import containers, pictures

from provenance.errors import ArgumentError, ErrorCode, InputError
from provenance.imaging import DEFAULT_READ, DEFAULT_STAMP, ImageFormat
from provenance.imaging.formats import sniff


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"])
def test_files_of_other_programs_are_recognised(kind):
    assert sniff(pictures.file(pictures.crop(32, 32), kind)) is ImageFormat[kind]


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"msf1"])
def test_heic_is_told_by_its_brand(brand):
    assert sniff(containers.heic(64, 64, brand=brand)) is ImageFormat.HEIC


def test_a_compatible_brand_is_enough():
    head = containers.box(b"ftyp", b"xxxx" + bytes(4) + b"abcd" + b"avif")
    assert sniff(head) is ImageFormat.AVIF


def test_the_minor_version_is_no_brand():
    head = containers.box(b"ftyp", b"mp42" + b"avif" + b"isom")
    with pytest.raises(InputError, match="video"):
        sniff(head)


def test_bytes_behind_the_brand_box_are_no_brands():
    head = containers.box(b"ftyp", b"mp42" + bytes(4)) + b"heicheicheic"
    with pytest.raises(InputError, match="video"):
        sniff(head)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"%!PS-Adobe-3.0", "PostScript"),
        (b"BM" + bytes(60), "BMP"),
        (b"PK\x03\x04" + bytes(60), "ZIP"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"  \n<HTML>", "HTML"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\xff\x0a" + bytes(30), "JPEG XL"),
        (b"RIFF\0\0\0\0WAVEfmt ", "no known image"),
        (b"hello", "no known image"),
    ],
)
def test_other_files_are_refused_and_named(data, word):
    with pytest.raises(InputError, match=word) as caught:
        sniff(data)
    assert caught.value.code is ErrorCode.FORMAT


def test_an_empty_file_says_so():
    with pytest.raises(InputError, match="empty file"):
        sniff(b"")


@pytest.mark.parametrize("data", [b"\xff\xd8", b"\x89PNG\r\n", b"RIFF", b"GIF8", b"II*"])
def test_half_a_signature_is_no_image(data):
    with pytest.raises(InputError):
        sniff(data)


def test_format_names_are_read_in_any_case():
    for kind in ImageFormat:
        assert ImageFormat.parse(kind.value.upper()) is kind


def test_an_unknown_format_name_lists_the_known_ones():
    with pytest.raises(ArgumentError) as caught:
        ImageFormat.parse("bmp")
    assert all(kind.value in caught.value.hint for kind in ImageFormat)


def test_every_format_has_extensions_of_its_own():
    seen = [extension for kind in ImageFormat for extension in kind.extensions]
    assert len(seen) == len(set(seen))
    assert all(extension.startswith(".") and extension.islower() for extension in seen)


def test_gif_is_read_and_never_stamped():
    assert ImageFormat.GIF in DEFAULT_READ
    assert ImageFormat.GIF not in DEFAULT_STAMP


def test_what_may_be_stamped_may_be_read():
    assert DEFAULT_STAMP <= DEFAULT_READ
