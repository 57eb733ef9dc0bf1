"""EXIF and ICC of an image file, carried as bytes and touched as little as possible."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

_ORIENTATION_TAG: Final = 0x0112  # TIFF 6.0 / EXIF 3.0, IFD0, SHORT
_PREFIX: Final = b"Exif\0\0"
_MAX_ENTRIES: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a picture file carries besides pixels; empty where it carries none.

    `exif` without the JPEG prefix (it starts with a TIFF header), `xmp` as the packet's
    bytes, `icc` as the profile's bytes.
    """

    exif: bytes = b""
    xmp: bytes = b""
    icc: bytes = b""


def bare_exif(data: bytes | None) -> bytes:
    """EXIF bytes that start with the TIFF header, or nothing if they are no EXIF."""
    body = (data or b"").removeprefix(_PREFIX)
    return body if body[:4] in (b"II*\0", b"MM\0*") else b""


def orientation(exif: bytes) -> int:
    """The EXIF orientation 1..8; 1 where there is none or it makes no sense."""
    found = _find_orientation(exif)
    return found[1] if found else 1


def upright(exif: bytes) -> bytes:
    """The same EXIF with orientation 1; every other byte is kept as it is."""
    found = _find_orientation(exif)
    if found is None:
        return exif
    position, _ = found
    order = "<" if exif[:2] == b"II" else ">"
    return exif[:position] + struct.pack(order + "H", 1) + exif[position + 2 :]


def _find_orientation(exif: bytes) -> tuple[int, int] | None:
    """Position and value of the tag in IFD0; nothing else is followed."""
    if exif[:4] not in (b"II*\0", b"MM\0*"):
        return None
    order = "<" if exif[:2] == b"II" else ">"
    try:
        (offset,) = struct.unpack_from(order + "I", exif, 4)
        (entries,) = struct.unpack_from(order + "H", exif, offset)
        for index in range(min(entries, _MAX_ENTRIES)):
            entry = offset + 2 + 12 * index
            tag, kind, count = struct.unpack_from(order + "HHI", exif, entry)
            if tag == _ORIENTATION_TAG:
                (value,) = struct.unpack_from(order + "H", exif, entry + 8)
                fits = kind == 3 and count == 1 and 1 <= value <= 8
                return (entry + 8, value) if fits else None
    except struct.error:
        return None
    return None


def icc_space(icc: bytes) -> str:
    """Colour space of an ICC profile, e.g. "RGB", "GRAY", "CMYK" (ICC.1:2022, 7.2.6)."""
    return icc[16:20].decode("ascii", "replace").strip() if len(icc) >= 128 else ""
