"""JPEG marker segments (ITU-T T.81, annex B)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provenance.errors import InputError
from provenance.imaging.containers.header import Header, corrupt, truncated_before_header
from provenance.imaging.formats import ImageFormat
from provenance.imaging.limits import Limits

_SOS: Final = 0xDA
_EOI: Final = 0xD9
_NO_MARKER: Final = -1
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xDA)})  # TEM, RST0-7, SOI, EOI
_DECODABLE_SOF: Final = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive
_ALL_SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # not DHT, JPG, DAC
_METADATA: Final = frozenset({*range(0xE0, 0xF0), 0xFE})  # APPn, COM
_FILL: Final = re.compile(rb"\xff+")
# End of entropy-coded data: a marker that is neither a stuffed byte nor a restart.
_NEXT_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def walk(data: bytes, limits: Limits) -> Header:
    """Read the header of a JPEG file and find its end.

    Raises:
        InputError: `E_LIMIT`, `E_TRUNC` (no frame header) or `E_CORRUPT`.
    """
    metadata, scans, whole = 0, 0, 2
    frame: _Frame | None = None
    for count, (marker, start, end) in enumerate(_segments(data), 1):
        limits.check_segments(count)
        whole = end
        if marker in (_EOI, _NO_MARKER):
            if frame is None:
                raise corrupt("JPEG file has no frame header")
            if marker == _EOI:
                return frame.header(trailing=len(data) - end)
            return frame.header(fault="a JPEG segment does not start with a marker")
        if marker in _METADATA:
            metadata += end - start
            limits.check_metadata(metadata)
        elif marker == _SOS:
            scans += 1
            limits.check_scans(scans)
        elif marker in _ALL_SOF:
            if frame is not None:
                raise corrupt("JPEG frame header is repeated")
            frame = _Frame.parse(marker, data[start:end])
    if frame is None:
        raise truncated_before_header(ImageFormat.JPEG)
    return frame.header(truncated=True, whole=whole)


def metadata_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of the application and comment segments, behind a scan as well."""
    for marker, start, end in _segments(data):
        if marker in _METADATA:
            yield marker, data[start:end]


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start of body, end of body) up to the end mark or the end of the data.

    The last one is EOI, or `_NO_MARKER` where something else stands in a marker's place;
    for a truncated file the segments just stop. The body of a scan includes its
    entropy-coded data.
    """
    position = 2
    while position < len(data):
        # Any number of fill bytes 0xFF may precede a marker (B.1.1.2).
        fill = _FILL.match(data, position)
        if fill is None:
            yield _NO_MARKER, position, position
            return
        position = fill.end()
        if position >= len(data):
            return
        marker = data[position]
        position += 1
        length = 0
        if marker not in _STANDALONE:
            length = int.from_bytes(data[position : position + 2])
            if length < 2 or position + length > len(data):
                return
        start, position = position + min(length, 2), position + length
        if marker == _SOS:
            found = _NEXT_MARKER.search(data, position)
            position = found.start() if found else len(data)
        yield marker, start, position
        if marker == _EOI:
            return


@dataclass(frozen=True, slots=True)
class _Frame:
    """Frame header (B.2.2)."""

    width: int
    height: int
    precision: int

    @classmethod
    def parse(cls, marker: int, body: bytes) -> _Frame:
        if marker not in _DECODABLE_SOF:
            raise InputError("JPEG uses a coding process that is not supported")
        if len(body) < 6:
            raise corrupt("JPEG frame header is too short")
        precision, height, width = struct.unpack_from(">BHH", body)
        return cls(width, height, precision)

    def header(
        self, *, truncated: bool = False, trailing: int = 0, fault: str = "", whole: int = 0
    ) -> Header:
        return Header(
            format=ImageFormat.JPEG,
            width=self.width,
            height=self.height,
            bit_depth=self.precision,
            truncated=truncated,
            trailing=trailing,
            fault=fault,
            whole=whole,
        )


def close(data: bytes, header: Header) -> bytes:
    """A truncated JPEG made decodable: what is missing comes out as flat grey.

    libjpeg fills the rest of the picture when it meets the end mark too early. A segment
    that was cut is left out, since it would swallow the mark.
    """
    return data[: header.whole] + b"\xff\xd9"
