"""Image containers put together by hand, for what no encoder would write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SOI, EOI = b"\xff\xd8", b"\xff\xd9"


# --- PNG -------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """One PNG chunk with its right checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def ihdr(width: int, height: int, *, depth: int = 8, colour: int = 2, interlace: int = 0) -> bytes:
    """The header chunk of a PNG."""
    body = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return chunk(b"IHDR", body)


def png(*parts: bytes, end: bool = True) -> bytes:
    """A PNG of these chunks, with IEND unless it is to be cut short."""
    return PNG_SIGNATURE + b"".join(parts) + (chunk(b"IEND") if end else b"")


def idat(rows: Sequence[bytes], level: int = 9) -> bytes:
    """Pixel data: unfiltered rows."""
    return chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), level))


# --- JPEG ------------------------------------------------------------------------


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG marker segment with its length."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def sof(width: int, height: int, *, marker: int = 0xC0, precision: int = 8) -> bytes:
    """A JPEG frame header with one component."""
    return segment(marker, struct.pack(">BHHB", precision, height, width, 1) + b"\x01\x11\x00")


def after_soi(data: bytes, *segments: bytes) -> bytes:
    """A JPEG file with segments inserted right behind its start mark."""
    return data[:2] + b"".join(segments) + data[2:]


def markers(data: bytes) -> list[tuple[int, int]]:
    """(marker, position) of the segments of a well-formed JPEG up to its first scan."""
    found, position = [], 2
    while True:
        marker = data[position + 1]
        found.append((marker, position))
        if marker == 0xDA:
            return found
        position += 2 + int.from_bytes(data[position + 2 : position + 4])


# --- RIFF, GIF, TIFF, ISO media ------------------------------------------------------


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    """A WebP file of these chunks."""
    body = b"WEBP"
    for kind, data in chunks:
        body += kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a well-formed WebP file."""
    found, position = [], 12
    while position + 8 <= len(data):
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        found.append((data[position : position + 4], data[position + 8 : position + 8 + length]))
        position += 8 + length + (length & 1)
    return found


def gif_frame(left: int, top: int, width: int, height: int) -> bytes:
    """A GIF image block whose pixels are one tiny data sub-block."""
    return struct.pack("<BHHHHB", 0x2C, left, top, width, height, 0) + b"\x02\x02\x4c\x01\x00"


def gif(width: int, height: int, *blocks: bytes, end: bool = True) -> bytes:
    """A GIF without a colour table."""
    screen = struct.pack("<HHBBB", width, height, 0, 0, 0)
    return b"GIF89a" + screen + b"".join(blocks) + (b"\x3b" if end else b"")


def tiff_page(entries: dict[int, int], following: int, order: str = "<") -> bytes:
    """One TIFF directory of LONG values."""
    body = struct.pack(order + "H", len(entries))
    for tag, value in sorted(entries.items()):
        body += struct.pack(order + "HHII", tag, 4, 1, value)
    return body + struct.pack(order + "I", following)


def box(kind: bytes, body: bytes) -> bytes:
    """A box of an ISO media file."""
    return struct.pack(">I", len(body) + 8) + kind + body


def heic(width: int, height: int, *, brand: bytes = b"heic") -> bytes:
    """A file that states an image size and carries no image."""
    ispe = box(b"ispe", struct.pack(">III", 0, width, height))
    meta = box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", ispe)))
    return box(b"ftyp", brand + bytes(4) + brand) + meta
