"""GIF blocks (GIF89a specification)."""

from __future__ import annotations

import struct

from provenance.imaging.containers.header import Header, truncated_before_header
from provenance.imaging.formats import ImageFormat
from provenance.imaging.limits import Limits

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B


def walk(data: bytes, limits: Limits) -> Header:
    """Read the size of a GIF, count its frames (up to the limit) and find its end.

    Raises:
        InputError: `E_LIMIT` or `E_TRUNC` (no logical screen descriptor).
    """
    if len(data) < 13:
        raise truncated_before_header(ImageFormat.GIF)
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    limits.check_dimensions(width, height)
    position = 13 + _colour_table(flags)
    frames, metadata, trailing, truncated, fault = 0, 0, 0, True, ""
    while position < len(data):
        block = data[position]
        if block == _TRAILER:
            truncated, trailing = False, len(data) - position - 1
            break
        if block == _IMAGE:
            if position + 10 > len(data):
                break
            frames += 1
            if frames >= limits.max_frames:
                truncated = False
                break
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", data, position + 1)
            # A frame beyond the logical screen makes decoders enlarge the canvas.
            limits.check_dimensions(max(width, left + wide), max(height, top + high))
            position = _skip_blocks(data, position + 11 + _colour_table(flags))
        elif block == _EXTENSION:
            start = position + 2
            position = _skip_blocks(data, start)
            metadata += position - start
            limits.check_metadata(metadata)
        else:
            truncated, fault = False, "unknown GIF block"
            break
    return Header(
        format=ImageFormat.GIF,
        width=width,
        height=height,
        frames=max(frames, 1),
        truncated=truncated or frames == 0,
        trailing=trailing,
        fault=fault,
    )


def _colour_table(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(data: bytes, position: int) -> int:
    """Position behind a chain of data sub-blocks."""
    while position < len(data) and data[position]:
        position += data[position] + 1
    return position + 1
