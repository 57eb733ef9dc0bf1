"""What a few bytes begin like. Broader than what can be stamped: what is known is not passed."""

from __future__ import annotations

from typing import Final

from provenance.errors import InputError
from provenance.imaging.formats import sniff

#: Nothing shorter is a picture: the smallest GIF has 35 bytes, the smallest PNG 67.
SMALLEST: Final = 30
#: As many bytes as `looks_like` wants to see.
HEAD: Final = 48

_OTHERS: Final = (
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"8BPS", "a Photoshop document"),
    (b"\x76\x2f\x31\x01", "an OpenEXR image"),
    (b"#?RADIANCE", "a Radiance image"),
    (b"DDS ", "a DirectDraw surface"),
    (b"qoif", "a QOI image"),
    (b"MM\x00+", "a TIFF image"),
    (b"II+\x00", "a TIFF image"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b\x08", "a gzip file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
)
_IMAGES: Final = (" image", " icon", " surface", " Photoshop document", " ISO media file")
_ICON_DEPTHS: Final = frozenset({1, 4, 8, 16, 24, 32})
_BMP_HEADERS: Final = frozenset({12, 40, 52, 56, 64, 108, 124})


def begins_like_image(head: bytes) -> bool:
    """It begins like a still image, whether or not that can be stamped."""
    return looks_like(head).endswith(_IMAGES)


def looks_like(head: bytes) -> str:
    """What `head` begins like, in words; empty if like no image, video or container.

    Args:
        head: the first bytes of something, `HEAD` of them if there are as many.
    """
    if head[4:8] == b"ftyp":
        return "an ISO media file"
    try:
        return f"a {sniff(head).value} image"
    except InputError:
        pass
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "a BMP image"
    if head[:4] == b"\x00\x00\x01\x00" and head[5:6] + head[9:10] == b"\x00\x00":
        # Few bytes, and those are common in sound: the first entry has to be one of an icon.
        planes, depth = head[10:12], int.from_bytes(head[12:14], "little")
        if planes in (b"\x00\x00", b"\x01\x00") and depth in _ICON_DEPTHS:
            return "an icon"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "a video"
    return next((name for magic, name in _OTHERS if head.startswith(magic)), "")
