"""The few letters of the labels, as strokes of a pen of our own: no font is needed.

A glyph is drawn in a box of height 1, y pointing down; its strokes are lines through points, which
are those of the middle of the pen. The letters are plain capitals of one width of pen, the
characters have the strokes that every reader expects, in their places.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

Point = tuple[float, float]
Stroke = tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Glyph:
    """Its width, the width of the pen, and its strokes, all in heights of the box."""

    width: float
    pen: float
    strokes: tuple[Stroke, ...]


_CAPITAL: Final = 0.125
_CHARACTER: Final = 0.085
_TOP, _BOTTOM = _CAPITAL / 2, 1 - _CAPITAL / 2  # so that the ink ends where the box does
_LEFT: Final = _CAPITAL / 2


def _capital(width: float, *strokes: Stroke) -> Glyph:
    return Glyph(width, _CAPITAL, strokes)


def _arc(x: float, y: float, rx: float, ry: float, begin: float, end: float) -> Stroke:
    """Points of an ellipse, from one angle in degrees to another, clockwise from the right."""
    angles = [math.radians(begin + (end - begin) * step / 16) for step in range(17)]
    return tuple((x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles)


def _bow(width: float, top: float, bottom: float) -> Stroke:
    """A stem's bow to the right: of D, R."""
    half = (bottom - top) / 2
    right = width - _LEFT
    round_ = _arc(right - half, top + half, half, half, -90, 90)
    return ((_LEFT, top), *round_, (_LEFT, bottom))


def _stem(x: float) -> Stroke:
    return ((x, _TOP), (x, _BOTTOM))


_ROUND: Final = 0.44 - _LEFT  # half of an O
GLYPHS: Final[dict[str, Glyph]] = {
    " ": Glyph(0.2, 0.0, ()),
    "A": _capital(
        0.82,
        ((_LEFT, _BOTTOM), (0.41, _TOP), (0.82 - _LEFT, _BOTTOM)),
        ((0.19, 0.66), (0.63, 0.66)),
    ),
    "D": _capital(0.76, _stem(_LEFT), _bow(0.76, _TOP, _BOTTOM)),
    "E": _capital(
        0.63,
        ((0.565, _TOP), (_LEFT, _TOP), (_LEFT, _BOTTOM), (0.565, _BOTTOM)),
        ((_LEFT, 0.49), (0.51, 0.49)),
    ),
    "F": _capital(
        0.61, ((0.545, _TOP), (_LEFT, _TOP), (_LEFT, _BOTTOM)), ((_LEFT, 0.5), (0.49, 0.5))
    ),
    "G": _capital(
        0.88,
        (
            *_arc(0.44, 0.5, _ROUND, 0.5 - _TOP, -42, -360),
            (0.44 + _ROUND, 0.54),
            (0.52, 0.54),
        ),
    ),
    "I": _capital(2 * _LEFT, _stem(_LEFT)),
    "M": _capital(
        0.88,
        (
            (_LEFT, _BOTTOM),
            (_LEFT, _TOP),
            (0.44, 0.66),
            (0.88 - _LEFT, _TOP),
            (0.88 - _LEFT, _BOTTOM),
        ),
    ),
    "N": _capital(
        0.74, ((_LEFT, _BOTTOM), (_LEFT, _TOP), (0.74 - _LEFT, _BOTTOM), (0.74 - _LEFT, _TOP))
    ),
    "O": _capital(0.88, _arc(0.44, 0.5, _ROUND, 0.5 - _TOP, 0, 360)),
    "R": _capital(0.68, _stem(_LEFT), _bow(0.66, _TOP, 0.54), ((0.34, 0.54), (0.62, _BOTTOM))),
    "T": _capital(0.66, ((_LEFT, _TOP), (0.66 - _LEFT, _TOP)), _stem(0.33)),
    "生": Glyph(
        1.0,
        _CHARACTER,
        (
            ((0.29, 0.06), (0.23, 0.21), (0.09, 0.39)),
            ((0.23, 0.26), (0.88, 0.26)),
            ((0.53, 0.05), (0.53, 0.95)),
            ((0.17, 0.58), (0.84, 0.58)),
            ((0.05, 0.95), (0.95, 0.95)),
        ),
    ),
    "成": Glyph(
        1.0,
        _CHARACTER,
        (
            ((0.15, 0.25), (0.94, 0.25)),
            ((0.15, 0.25), (0.15, 0.56), (0.12, 0.78), (0.05, 0.94)),
            ((0.16, 0.50), (0.43, 0.50), (0.42, 0.70), (0.39, 0.80), (0.28, 0.78)),
            (
                (0.57, 0.05),
                (0.59, 0.32),
                (0.65, 0.56),
                (0.74, 0.77),
                (0.85, 0.91),
                (0.92, 0.94),
                (0.95, 0.76),
            ),
            ((0.85, 0.40), (0.76, 0.60), (0.64, 0.77), (0.45, 0.94)),
            ((0.71, 0.06), (0.83, 0.15)),
        ),
    ),
    "合": Glyph(
        1.0,
        _CHARACTER,
        (
            ((0.50, 0.05), (0.42, 0.18), (0.27, 0.32), (0.05, 0.46)),
            ((0.50, 0.05), (0.58, 0.18), (0.73, 0.32), (0.95, 0.46)),
            ((0.31, 0.43), (0.69, 0.43)),
            ((0.22, 0.95), (0.22, 0.60), (0.78, 0.60), (0.78, 0.95)),
            ((0.22, 0.90), (0.78, 0.90)),
        ),
    ),
}
