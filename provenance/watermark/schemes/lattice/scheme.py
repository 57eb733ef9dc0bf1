"""The scheme: layouts by size, fast path, search, decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from provenance.model.evidence import MarkGeometry, WatermarkStatus
from provenance.watermark.carriers import frame
from provenance.watermark.carriers.frame import Plane
from provenance.watermark.carriers.lattice import TILE, Band, Lines
from provenance.watermark.keyring import Keyring
from provenance.watermark.payload import Layout, Payload
from provenance.watermark.reading.filter import whiten
from provenance.watermark.reading.lines import agreeing, lines_of, sync_score
from provenance.watermark.scheme import Depth, Detection, Pixels, SchemeInfo
from provenance.watermark.schemes.lattice.embed import embed
from provenance.watermark.schemes.lattice.reader import read_word
from provenance.watermark.schemes.lattice.words import (
    FULL,
    SHORT,
    SHORT_BELOW,
    Format,
    carried,
    format_of,
)
from provenance.watermark.statistics.bound import LOG10_THRESHOLD
from provenance.watermark.sync import glance
from provenance.watermark.sync.geometry import geometry_of, in_place
from provenance.watermark.sync.search import Found, Search

_LEAST_PIXELS: Final = 256 * 256
_LEAST_SIDE: Final = 128
_LEAST_SEARCHED: Final = 32
#: Synchronisation score at unchanged geometry from which the payload is read.
_IN_PLACE: Final = 3.0
#: Pictures above this area are not searched for the short layout, unless the search is deep.
_SHORT_UP_TO: Final = 800 * 800
#: Synchronisation score and number of agreeing lines, of 32, from which a trace is reported
#: although no key reads a payload. In unmarked pictures with a score above 9 at most 29 were seen
#: to agree, with a mark at least 28 and in 98 % of the cases 31; see `docs/watermark.md`.
TRACE_SCORE: Final = 11.0
TRACE_LINES: Final = 31
_INFO: Final = SchemeInfo(
    name="lattice-1",
    alg="org.provenance-toolkit.lattice.1",
    layout=Layout.FULL,
    small_layout=Layout.SHORT,
    small_below=SHORT_BELOW,
    min_pixels=_LEAST_PIXELS,
    min_side=_LEAST_SIDE,
    keyed=True,
    presence=True,
    summary="keyed lattice mark, 96 bits (56 below 384x384); survives recompression, resizing, "
    "cropping, rotation and screenshots",
)


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """Lines that are worth a decode."""

    format: Format
    lines: list[Lines]
    path: str
    score: float
    geometry: MarkGeometry


class LatticeScheme:
    """`lattice-1`; see `docs/watermark.md`."""

    @property
    def info(self) -> SchemeInfo:
        """What the catalogue says."""
        return _INFO

    def embed(self, rgb: Pixels, payload: Payload, key: bytes) -> Pixels:
        """Put a payload into an image; see `Scheme.embed`."""
        self.info.require_fit(rgb)
        return embed(rgb, format_of(payload.layout), carried(payload, key))

    def detect(self, rgb: Pixels, keyring: Keyring, *, depth: Depth = Depth.STANDARD) -> Detection:
        """Look for a mark; see `Scheme.detect`."""
        if min(rgb.shape[:2]) < _LEAST_SEARCHED:
            return Detection(status=WatermarkStatus.NOT_APPLICABLE, detail="image too small")
        if not keyring.keys:
            return Detection(status=WatermarkStatus.NOT_CHECKED, detail="no carrier key is held")
        # In a mere strip, any lines can be made to agree by choosing the geometry.
        traceable = min(frame.size(rgb.shape[1], rgb.shape[0])) >= TILE // 2
        trials, traced = 0, 0.0
        for reading in _readings(rgb, depth):
            trials += len(keyring.keys)
            word = read_word(reading.lines, reading.format, keyring, trials=trials)
            if word is not None and word.log10_p <= LOG10_THRESHOLD:
                return Detection(
                    status=word.status,
                    payload=word.payload,
                    key=word.key,
                    log10_p=word.log10_p,
                    log10_threshold=LOG10_THRESHOLD,
                    path=reading.path,
                    geometry=reading.geometry,
                    detail=f"z {word.z:.1f}, synchronisation {reading.score:.1f}",
                )
            if traceable and reading.score >= TRACE_SCORE and _all_agree(reading):
                traced = max(traced, reading.score)
        if traced:
            return Detection(
                status=WatermarkStatus.TRACE,
                log10_threshold=LOG10_THRESHOLD,
                detail=f"synchronisation {traced:.1f}, no key reads a payload",
            )
        return Detection(status=WatermarkStatus.NONE, log10_threshold=LOG10_THRESHOLD)


LATTICE: Final = LatticeScheme()


# --- what is worth reading, cheapest first -------------------------------------------


def _readings(rgb: Pixels, depth: Depth) -> Iterator[_Reading]:
    height, width = rgb.shape[:2]
    formats = (SHORT, FULL) if height * width < SHORT_BELOW else (FULL, SHORT)
    searched = [f for f in formats if f is FULL or height * width <= _SHORT_UP_TO]
    if depth == Depth.DEEP:
        yield from _all_readings(rgb, formats, searched)
    else:
        yield from _likely_readings(rgb, formats, [] if depth == Depth.FAST else searched)


def _likely_readings(
    rgb: Pixels, formats: tuple[Format, ...], searched: list[Format]
) -> Iterator[_Reading]:
    """What a glance shows something of; most pictures end there."""
    look, picture = glance.Glance(rgb), _Picture(rgb)
    if any(abs(look.in_place(format_.grid)) >= glance.IN_PLACE for format_ in formats):
        yield from _in_place(picture, formats)
    for format_ in searched:
        if look.searched(format_.band) >= glance.SEARCH:
            yield from picture.whole.readings(format_, Search.shallow)


def _all_readings(
    rgb: Pixels, formats: tuple[Format, ...], searched: list[Format]
) -> Iterator[_Reading]:
    """Everything that `deep` depth tries."""
    picture = _Picture(rgb)
    yield from _in_place(picture, formats)
    for format_ in formats:
        yield from picture.whole.readings(format_, Search.shallow)
    for stage in (Search.with_colour, Search.scanned, Search.with_aspect, Search.local):
        for format_ in searched:
            yield from picture.whole.readings(format_, stage)
    for left, top, right, bottom in _windows(*picture.size):
        part = frame.canonical(rgb[top:bottom, left:right])
        window = _Part(part, (left, top), (right - left, bottom - top))
        yield from window.readings(FULL, Search.shallow)


class _Picture:
    """A picture whose canonical frame and search are made once, when something asks for them."""

    def __init__(self, rgb: Pixels) -> None:
        self._rgb = rgb
        self.size = rgb.shape[1], rgb.shape[0]

    @cached_property
    def planes(self) -> list[Plane]:
        return frame.canonical(self._rgb)

    @cached_property
    def whole(self) -> _Part:
        return _Part(self.planes, (0, 0), self.size)


def _in_place(picture: _Picture, formats: tuple[Format, ...]) -> Iterator[_Reading]:
    """Unchanged geometry, or only resized."""
    planes = [whiten(plane) for plane in picture.planes]
    height, width = planes[0].shape
    for format_ in formats:
        lines = [lines_of(plane, format_.grid) for plane in planes]
        scores = [sync_score(part, format_.grid) for part in lines]
        best = max(*map(abs, scores), abs(sum(scores)) / np.sqrt(len(scores)))
        if best >= _IN_PLACE:
            inverted = scores[0] < -_IN_PLACE
            geometry = in_place(picture.size, (width, height), inverted=inverted)
            yield _Reading(format_, lines, "in-place", best, geometry)


class _Part:
    """A part of the picture, or all of it, with its search."""

    def __init__(self, planes: list[Plane], origin: tuple[int, int], size: tuple[int, int]) -> None:
        self._search = Search(planes)
        self._origin, self._size = origin, size

    def readings(
        self, format_: Format, stage: Callable[[Search, Band], Iterator[Found]]
    ) -> Iterator[_Reading]:
        for found in stage(self._search, format_.band):
            geometry = geometry_of(
                found.alignment,
                centre=self._search.centre,
                working=self._search.working,
                picture=self._size,
                origin=self._origin,
                inverted=sync_score(found.lines[0], format_.grid) < -_IN_PLACE,
            )
            yield _Reading(format_, found.lines, found.stage, found.score, geometry)


def _all_agree(reading: _Reading) -> bool:
    grid = reading.format.grid
    agree = max(agreeing(lines, grid) for lines in (*reading.lines, _sum(reading.lines)))
    return agree >= TRACE_LINES


def _sum(lines: list[Lines]) -> Lines:
    """All planes together, each with the same power."""
    scaled = [part / (np.linalg.norm(part) + 1e-12) for part in lines]
    return np.asarray(np.sum(scaled, axis=0), dtype=np.complex64)


def _windows(width: int, height: int) -> Iterator[tuple[int, int, int, int]]:
    """Windows of half the width and height: the four corners and the middle."""
    half_width, half_height = width // 2, height // 2
    if min(half_width, half_height) < _LEAST_SIDE:
        return
    for x, y in ((0, 0), (2, 0), (0, 2), (2, 2), (1, 1)):
        left, top = x * half_width // 2, y * half_height // 2
        yield left, top, left + half_width, top + half_height
