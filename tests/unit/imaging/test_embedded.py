"""Remarks in every container, in every place, and within their limits."""

from __future__ import annotations

import zlib

import pytest
from support import containers, markers, pictures
from support.markers import ARTIST, COMMENT, DESCRIPTION, MAKE, SOFTWARE

from provenance.errors import ErrorCode, InputError
from provenance.imaging import ImageFormat, embedded_texts, load
from provenance.imaging.embedded import MAX_EXPANDED, MAX_TEXT, MAX_TEXTS

ALL = frozenset(ImageFormat)
PACKET = markers.xmp("", 'i:AISystemUsed="example"')
PROPERTY = ("XMP", f"{markers.IPTC}AISystemUsed", "example")


def texts(data):
    found = embedded_texts(load(data, formats=ALL))
    return [(text.where, text.key, text.value) for text in found]


# --- PNG --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "iTXt compressed"])
@pytest.mark.parametrize("late", [False, True], ids=["before the pixels", "behind them"])
def test_png_text_of_every_kind_is_read(kind, late):
    data = markers.png({"parameters": "a remark, größer"}, kind=kind, late=late)
    assert texts(data) == [(f"PNG {kind[:4]}", "parameters", "a remark, größer")]


@pytest.mark.parametrize("kind", ["zTXt", "iTXt compressed"])
def test_compressed_text_is_expanded_no_further_than_is_looked_at(kind):
    ((_, _, value),) = texts(markers.png({"k": "a" * (3 * MAX_TEXT)}, kind=kind))
    assert len(value) == MAX_TEXT


def test_a_text_bomb_is_refused_before_anything_is_read():
    body = b"k\0\0" + zlib.compress(bytes(20_000_000), 9)
    data = containers.png(
        containers.ihdr(1, 1), containers.chunk(b"zTXt", body), containers.idat([bytes(3)])
    )
    with pytest.raises(InputError) as caught:
        load(data)
    assert caught.value.code is ErrorCode.LIMIT


def test_only_so_many_compressed_texts_are_expanded():
    many = [f"k{number}" for number in range(MAX_EXPANDED + 20)]
    found = texts(markers.png(dict.fromkeys(many, "x"), kind="zTXt"))
    assert len(found) == MAX_EXPANDED
    assert len(texts(markers.png(dict.fromkeys(many, "x")))) == len(many)


def test_only_so_many_remarks_are_looked_at():
    many = {f"k{number}": "x" for number in range(MAX_TEXTS + 50)}
    assert len(texts(markers.png(many))) == MAX_TEXTS


def test_all_remarks_together_have_a_limit(monkeypatch):
    monkeypatch.setattr("provenance.imaging.embedded.MAX_TOTAL", 250)
    assert len(texts(markers.png({f"k{n}": "x" * 100 for n in range(9)}))) == 2


def test_a_long_text_is_cut():
    ((_, _, value),) = texts(markers.png({"k": "a" * (MAX_TEXT + 1)}))
    assert len(value) == MAX_TEXT


@pytest.mark.parametrize(
    "body",
    [b"", b"key only", b"k\0\1\0", b"k\0\0", b"k\0\1\0en\0x\0not zlib", b"\0\0\0\0\0"],
)
@pytest.mark.parametrize("kind", [b"tEXt", b"iTXt", b"zTXt"])
def test_broken_chunks_do_not_raise(kind, body):
    good = pictures.file(pictures.crop(32, 32), "PNG")
    data = good[:33] + containers.chunk(kind, body) + good[33:]
    try:
        image = load(data)
    except InputError:
        return  # Pillow refuses some of them
    embedded_texts(image)


def test_a_remark_with_a_wrong_checksum_is_read():
    data = bytearray(markers.png({"Software": "NovelAI"}))
    data[data.index(b"NovelAI") + 7] ^= 1
    assert ("PNG tEXt", "Software", "NovelAI") in texts(bytes(data))


# --- EXIF and XMP in every container ------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_is_read_in_every_container(kind):
    data = markers.with_exif({MAKE: "maker", SOFTWARE: "program"}, kind)
    assert {("EXIF", "Make", "maker"), ("EXIF", "Software", "program")} <= set(texts(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_xmp_is_read_in_every_container(kind):
    assert PROPERTY in texts(markers.with_xmp(PACKET, kind))


def test_every_packet_of_a_jpeg_is_read():
    data = markers.with_xmp(PACKET)
    second = markers.xmp("", 'i:AISystemUsed="second"')
    body = b"http://ns.adobe.com/xap/1.0/\0" + second
    found = texts(containers.after_soi(data, containers.segment(0xE1, body)))
    assert {value for _, key, value in found if key.endswith("AISystemUsed")} == {
        "example",
        "second",
    }


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_xmp_behind_the_end_of_the_image_is_read(kind):
    data = pictures.file(pictures.crop(32, 32), kind) + bytes(100) + PACKET + b"more"
    assert ("XMP behind the image", *PROPERTY[1:]) in texts(data)


# --- JPEG segments ----------------------------------------------------------------------------


@pytest.mark.parametrize(("marker", "name"), [(0xFE, "COM"), (0xEB, "APP11"), (0xE5, "APP5")])
def test_segments_of_plain_text_are_read(marker, name):
    data = markers.with_segment(marker, b'AIGC{"Label":"1"}\0')
    assert ("JPEG segment", name, 'AIGC{"Label":"1"}') in texts(data)


def test_segments_that_are_no_text_are_left_out():
    data = markers.with_segment(0xE5, bytes(range(128, 256)))
    assert not any(key == "APP5" for _, key, _ in texts(data))


def test_a_segment_between_scans_is_read():
    data = pictures.file(pictures.crop(32, 32), "JPEG", progressive=True)
    scan = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    data = data[:scan] + containers.segment(0xFE, b"remark") + data[scan:]
    assert ("JPEG segment", "COM", "remark") in texts(data)


def test_a_plain_gif_has_no_remarks():
    assert texts(pictures.file(pictures.crop(32, 32), "GIF", comment=b"not read")) == []


# --- user comments --------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("text", ["plain", "Grüße", "絵 and words", "\ufeffmarked"])
def test_a_unicode_comment_is_read_in_either_byte_order(order, text):
    data = markers.with_exif({COMMENT: markers.user_comment(text, order)})
    assert ("EXIF", "UserComment", text.lstrip("\ufeff")) in texts(data)


@pytest.mark.parametrize(
    "raw",
    [
        b"ASCII\0\0\0remark",
        b"\0\0\0\0\0\0\0\0remark",
        b"JIS\0\0\0\0\0remark",
        b"remark without code",
    ],
)
def test_other_comments_are_read_as_utf_8(raw):
    found = texts(markers.with_exif({COMMENT: raw}))
    value = next(value for _, key, value in found if key == "UserComment")
    assert value == raw.removeprefix(raw[:8] if b"remark" in raw[8:] else b"").decode()


def test_text_with_zeros_ends_at_the_first():
    found = texts(markers.with_exif({DESCRIPTION: "shown\0hidden", ARTIST: "a"}))
    assert ("EXIF", "ImageDescription", "shown") in found
