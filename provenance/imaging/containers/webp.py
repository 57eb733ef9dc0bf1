"""WebP RIFF chunks (RFC 9649, clause 2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from provenance.imaging.containers.header import Header, corrupt, truncated_before_header
from provenance.imaging.formats import ImageFormat
from provenance.imaging.limits import Limits

_PIXEL_CHUNKS: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"})
_METADATA_CHUNKS: Final = frozenset({b"EXIF", b"XMP "})


def walk(data: bytes, limits: Limits) -> Header:
    """Read the header of a WebP file and find its end.

    Raises:
        InputError: `E_LIMIT`, `E_TRUNC` (no image chunk) or `E_CORRUPT`.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    position, count, metadata, frames = 12, 0, 0, 0
    size: tuple[int, int] | None = None
    pixels_seen = False
    truncated = end > len(data)
    while position + 8 <= min(end, len(data)):
        kind = data[position : position + 4]
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        start = position + 8
        if start + length > min(end, len(data)):
            truncated = True
        count += 1
        pixels_seen = pixels_seen or kind in (b"VP8 ", b"VP8L", b"ANMF")
        if kind == b"ANMF":
            frames += 1
            if frames >= limits.max_frames:
                break
        else:
            limits.check_segments(count - frames)
        if size is None:
            size = _dimensions(kind, data, start)
        if kind not in _PIXEL_CHUNKS:
            metadata += length
            limits.check_metadata(metadata)
        position = start + length + (length & 1)
    if size is None:
        if truncated or end <= 20:
            raise truncated_before_header(ImageFormat.WEBP)
        raise corrupt("WebP file has no image chunk")
    return Header(
        format=ImageFormat.WEBP,
        width=size[0],
        height=size[1],
        frames=max(frames, 1),
        truncated=truncated or not pixels_seen,
        trailing=max(0, len(data) - end - (end & 1)),
    )


def metadata_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of the EXIF and XMP chunks (clause 2.7.1.5), which follow the pixels."""
    position = 12
    while position + 8 <= len(data):
        kind = data[position : position + 4]
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        if kind in _METADATA_CHUNKS:
            yield kind, data[position + 8 : position + 8 + length]
        position += 8 + length + (length & 1)


def _dimensions(kind: bytes, data: bytes, start: int) -> tuple[int, int] | None:
    """Canvas size, from whichever chunk comes first (clauses 2.5 to 2.7)."""
    head = data[start : start + 10]
    if len(head) < 10 and kind in (b"VP8X", b"VP8 "):
        return None
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and len(head) >= 5:
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF)
    return None
