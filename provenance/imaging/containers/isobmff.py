"""HEIC and AVIF boxes (ISO/IEC 14496-12, 23008-12): image size without decoding."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from provenance.imaging.containers.header import Header, corrupt, truncated_before_header
from provenance.imaging.formats import ImageFormat
from provenance.imaging.limits import Limits

_SEQUENCE_BRANDS: Final = frozenset({b"avis", b"msf1", b"hevc", b"hevx"})
_CONTAINERS: Final = {b"meta": 4, b"iprp": 0, b"ipco": 0}  # bytes before the child boxes
_METADATA: Final = frozenset({b"uuid", b"jumb"})
_MAX_DEPTH: Final = 4


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start of body, end of box); a box past `end` ends at `end` + 1."""
    position = start
    while position + 8 <= end:
        size = int.from_bytes(data[position : position + 4])
        kind = data[position + 4 : position + 8]
        body = position + 8
        if size == 1:
            size = int.from_bytes(data[body : body + 8])
            body += 8
        elif size == 0:
            size = end - position
        if size < body - position:
            return
        if position + size > end:
            yield kind, body, end + 1
            return
        yield kind, body, position + size
        position += size


def walk(data: bytes, kind: ImageFormat, limits: Limits) -> Header:
    """Read the largest image size stated in the file (`ispe` properties).

    Raises:
        InputError: `E_LIMIT`, `E_TRUNC` (no `meta` box) or `E_CORRUPT` (no size).
    """
    sizes: list[tuple[int, int]] = []
    count = 0

    def visit(start: int, end: int, depth: int) -> bool:
        """Collect sizes; True if a box runs past its end."""
        nonlocal count
        cut = False
        for name, body, stop in _boxes(data, start, end):
            count += 1
            limits.check_segments(count)
            if name == b"ispe" and body + 12 <= len(data):
                width, height = struct.unpack_from(">II", data, body + 4)
                limits.check_dimensions(width, height)
                sizes.append((width, height))
            elif name in _METADATA:
                limits.check_metadata(stop - body)
            if stop > end:
                cut = True
                stop = end
            if name in _CONTAINERS and depth < _MAX_DEPTH:
                cut = visit(body + _CONTAINERS[name], stop, depth + 1) or cut
        return cut

    truncated = visit(0, len(data), 0)
    if not sizes:
        if truncated or b"meta" not in data[:4096]:
            raise truncated_before_header(kind)
        raise corrupt(f"{kind.value.upper()} file states no image size")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    brand_end = min(int.from_bytes(data[:4]), 256)
    animated = any(data[i : i + 4] in _SEQUENCE_BRANDS for i in range(8, brand_end, 4))
    return Header(
        format=kind,
        width=width,
        height=height,
        frames=2 if animated else 1,
        truncated=truncated,
    )
