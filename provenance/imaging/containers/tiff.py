"""TIFF image file directories (TIFF 6.0, clause 2)."""

from __future__ import annotations

from typing import Literal

from provenance.imaging.containers.header import Header, corrupt, truncated_before_header
from provenance.imaging.formats import ImageFormat
from provenance.imaging.limits import Limits

_WIDTH, _HEIGHT, _BITS = 256, 257, 258
_SHORT, _LONG = 3, 4


def walk(data: bytes, limits: Limits) -> Header:
    """Read the size of the first page of a TIFF file and count its pages.

    Raises:
        InputError: `E_LIMIT`, `E_TRUNC` or `E_CORRUPT` (directory loop, no size).
    """
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"

    def number(position: int, size: int) -> int:
        return int.from_bytes(data[position : position + size], order)

    offset, pages = number(4, 4), 0
    seen: set[int] = set()
    size: tuple[int, int] | None = None
    depth = 8
    while offset:
        if offset in seen:
            raise corrupt("TIFF directories form a loop")
        seen.add(offset)
        if offset + 2 > len(data):
            break
        entries = number(offset, 2)
        limits.check_segments(entries)
        end = offset + 2 + 12 * entries
        if end + 4 > len(data):
            break
        tags: dict[int, int] = {}
        for entry in range(offset + 2, end, 12):
            kind = number(entry + 2, 2)
            if kind in (_SHORT, _LONG):
                width = 2 if kind == _SHORT else 4
                count = number(entry + 4, 4)
                inline = count * width <= 4
                at = entry + 8 if inline else number(entry + 8, 4)
                tags[number(entry, 2)] = number(at, width)
        pages += 1
        limits.check_segments(pages)
        if _WIDTH in tags and _HEIGHT in tags:
            limits.check_dimensions(tags[_WIDTH], tags[_HEIGHT])
            if size is None:
                size, depth = (tags[_WIDTH], tags[_HEIGHT]), tags.get(_BITS, 1)
        offset = number(end, 4)
    if size is None:
        if pages:
            raise corrupt("TIFF file has no image size")
        raise truncated_before_header(ImageFormat.TIFF)
    return Header(
        format=ImageFormat.TIFF,
        width=size[0],
        height=size[1],
        frames=pages,
        bit_depth=depth,
        truncated=bool(offset),
    )
