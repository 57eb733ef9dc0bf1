"""Drawing a label: white letters on a black plate in the top right corner.

The plate is opaque, so the contrast is the same on every picture, and a light rim shows where it
ends on a dark one. Edges are smooth at every size: how much of a pixel is ink follows from its
distance to the middle of the pen.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.errors import CapacityError
from provenance.labels.glyphs import GLYPHS, Glyph
from provenance.labels.label import Label, words

Pixels = npt.NDArray[np.uint8]
_Coverage = npt.NDArray[np.float64]

#: Height of the letters as a share of the shortest side: GB 45438-2025 asks for 5 % at least.
SHARE: Final = 0.05
#: Fewer pixels are no letters any more; the characters have five lines above one another.
MIN_HEIGHT: Final = 14
#: The most of a side that a plate may take.
MAX_SHARE: Final = 0.9
INK: Final = 255
PLATE: Final = 12
_RIM: Final = 200
# In heights of a letter.
_PADDING: Final = 0.45
_GAP: Final = 0.17  # between letters
_MARGIN: Final = 0.4  # between plate and picture's edge
_RIM_WIDTH: Final = 0.06


def labelled(
    rgb: Pixels, alpha: Pixels | None, label: Label, *, edited: bool
) -> tuple[Pixels, Pixels | None]:
    """A copy of a picture with its label.

    Args:
        rgb: uint8 (H, W, 3).
        alpha: uint8 (H, W) or None; the plate is opaque in it.
        label: whose rules it follows.
        edited: a model changed the picture, and did not make it.

    Raises:
        CapacityError: the picture is too small for letters of the needed size.
    """
    plate = _plate(words(label, edited=edited), letter_height(rgb))
    height, width = plate.shape
    margin = round(_MARGIN * letter_height(rgb))
    rows, columns = rgb.shape[:2]
    if height + margin > MAX_SHARE * rows or width + margin > MAX_SHARE * columns:
        raise CapacityError(
            f"a picture of {columns}x{rows} is too small for a visible label: the smallest that "
            f"can be read takes {width}x{height} pixels",
            hint="label larger pictures, or stamp this one with --label none",
        )
    place = (slice(margin, margin + height), slice(columns - margin - width, columns - margin))
    rgb = rgb.copy()
    rgb[place] = plate[:, :, None]
    if alpha is not None:
        alpha = alpha.copy()
        alpha[place] = 255
    return rgb, alpha


def letter_height(rgb: Pixels) -> int:
    """Height in pixels of the letters that a picture of this size gets."""
    shortest: int = min(rgb.shape[:2])
    return max(MIN_HEIGHT, math.ceil(SHARE * shortest))


def _plate(text: str, size: int) -> Pixels:
    """The plate with its text, uint8 (h, w), letters `size` pixels high."""
    padding, rim = round(_PADDING * size), max(1, round(_RIM_WIDTH * size))
    gap = max(1, round(_GAP * size))
    pieces: list[_Coverage] = []
    for letter in text:
        if pieces:
            pieces.append(np.zeros((size, gap)))
        pieces.append(_coverage(GLYPHS[letter], size))
    ink = np.pad(np.hstack(pieces), padding)
    grey = PLATE + (INK - PLATE) * ink
    grey[:rim] = grey[-rim:] = grey[:, :rim] = grey[:, -rim:] = _RIM
    return np.rint(grey).astype(np.uint8)


def _coverage(glyph: Glyph, size: int) -> _Coverage:
    """How much of each pixel is ink, 0..1, float64 (size, w)."""
    width = max(1, round(glyph.width * size))
    y, x = np.mgrid[0:size, 0:width] + 0.5
    nearest = np.full((size, width), np.inf)
    for stroke in glyph.strokes:
        for (x0, y0), (x1, y1) in pairwise(stroke):
            distance = _distance(x, y, x0 * size, y0 * size, x1 * size, y1 * size)
            nearest = np.minimum(nearest, distance)
    return np.clip(glyph.pen * size / 2 - nearest + 0.5, 0.0, 1.0)


def _distance(x: _Coverage, y: _Coverage, x0: float, y0: float, x1: float, y1: float) -> _Coverage:
    """Distance of pixels to a line from one point to another."""
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    found: _Coverage = np.hypot(x - (x0 + along * dx), y - (y0 + along * dy))
    return found
