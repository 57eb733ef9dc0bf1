"""The text fields of EXIF, read from hostile bytes.

Only what programs use for remarks is read: eight strings and the user comment (EXIF 3.0,
clauses 4.6.5 to 4.6.8). Every offset is checked; broken entries are left out. Of a repeated tag
only the first is read: a thousand entries may point to the same text.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

_EXIF_POINTER: Final = 0x8769
_USER_COMMENT: Final = 0x9286
_NAMES: Final = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x013B: "Artist",
    _USER_COMMENT: "UserComment",
    0x9C9B: "XPTitle",
    0x9C9C: "XPComment",
    0x9C9E: "XPKeywords",
}
_BYTE, _ASCII, _LONG, _UNDEFINED, _UTF8 = 1, 2, 4, 7, 129
_ONE_BYTE_EACH: Final = frozenset({_BYTE, _ASCII, _UNDEFINED, _UTF8})
_MAX_ENTRIES: Final = 1024


def texts(exif: bytes, max_bytes: int) -> Iterator[tuple[str, str]]:
    """Names and values of the text fields, at most `max_bytes` of each.

    Args:
        exif: EXIF bytes, beginning with the TIFF header.
        max_bytes: bytes of one field that are looked at.
    """
    if exif[:4] not in (b"II*\0", b"MM\0*"):
        return
    order = "<" if exif[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "I", exif.ljust(8, b"\0"), 4)
    found: dict[int, tuple[int, int]] = {}  # the first entry of each tag: size and position
    inner = -1
    for tag, kind, count, at in _entries(exif, order, start):
        if tag == _EXIF_POINTER and kind == _LONG:
            (inner,) = struct.unpack_from(order + "I", exif, at)
        elif tag in _NAMES and kind in _ONE_BYTE_EACH:
            found.setdefault(tag, (min(count, max_bytes), at))
    if inner >= 0:
        for tag, kind, count, at in _entries(exif, order, inner):
            if tag == _USER_COMMENT and kind in _ONE_BYTE_EACH:
                found.setdefault(tag, (min(count, max_bytes), at))
    for tag, (size, at) in found.items():
        yield _NAMES[tag], _decoded(tag, exif[at : at + size], order)


def _entries(exif: bytes, order: str, start: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag, type, count and position of the value of every entry of one directory."""
    if start + 2 > len(exif):
        return
    (entries,) = struct.unpack_from(order + "H", exif, start)
    for index in range(min(entries, _MAX_ENTRIES)):
        entry = start + 2 + 12 * index
        if entry + 12 > len(exif):
            return
        tag, kind, count = struct.unpack_from(order + "HHI", exif, entry)
        at = entry + 8
        if kind in _ONE_BYTE_EACH and count > 4:
            (at,) = struct.unpack_from(order + "I", exif, at)
        yield tag, kind, count, at


def _decoded(tag: int, raw: bytes, order: str) -> str:
    if tag == _USER_COMMENT:
        return _user_comment(raw, order)
    if tag >= 0x9C9B:  # the fields of Windows are UTF-16, whatever the byte order of the file
        return raw.decode("utf-16-le", "replace").partition("\0")[0]
    return raw.partition(b"\0")[0].decode("utf-8", "replace")


def _user_comment(raw: bytes, order: str) -> str:
    """EXIF 3.0, 4.6.6: eight bytes that name the character code, then the text."""
    code, body = raw[:8], raw[8:]
    if code.startswith(b"UNICODE"):
        # Writers disagree on the byte order; the high bytes of most text are zero.
        big, little = body[0::2].count(0), body[1::2].count(0)
        if big == little:
            big, little = (0, 1) if order == "<" else (1, 0)
        text = body.decode("utf-16-be" if big > little else "utf-16-le", "replace")
        return text.lstrip("\ufeff").rstrip("\0")
    if code.startswith((b"ASCII", b"JIS", b"\0\0\0\0\0\0\0\0")):
        return body.rstrip(b"\0").decode("utf-8", "replace")
    return raw.rstrip(b"\0").decode("utf-8", "replace")  # the code was left out
