"""Copies of a picture whose geometry is known, as the mark would report it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from provenance.model import MarkGeometry

Pixels = npt.NDArray[np.uint8]
TILE = 128


@dataclass(frozen=True, slots=True)
class Copy:
    """A changed picture; `matrix` float64 (3, 3) takes its pixels to those of the original."""

    rgb: Pixels
    matrix: npt.NDArray[np.float64]
    original: tuple[int, int]  # width and height

    @property
    def geometry(self) -> MarkGeometry:
        """Where a mark in the original lies in this copy."""
        scale = 512 / math.sqrt(self.original[0] * self.original[1])
        frame = np.array([[scale, 0, scale / 2 - 0.5], [0, scale, scale / 2 - 0.5], [0, 0, 1]])
        (xx, xy, dx), (yx, yy, dy), _ = (frame @ self.matrix).tolist()
        return MarkGeometry(xx=xx, xy=xy, yx=yx, yy=yy, dx=dx % TILE, dy=dy % TILE, tile=TILE)


def untouched(rgb: Pixels) -> Copy:
    """The picture as it is."""
    return Copy(rgb, np.eye(3), (rgb.shape[1], rgb.shape[0]))


def cropped(copy: Copy, left: int, top: int, width: int, height: int) -> Copy:
    """A rectangle of it."""
    part = np.ascontiguousarray(copy.rgb[top : top + height, left : left + width])
    return Copy(part, copy.matrix @ [[1, 0, left], [0, 1, top], [0, 0, 1]], copy.original)


def mirrored(copy: Copy) -> Copy:
    """Left and right exchanged."""
    rgb = np.ascontiguousarray(copy.rgb[:, ::-1])
    matrix = copy.matrix @ [[-1, 0, rgb.shape[1] - 1], [0, 1, 0], [0, 0, 1]]
    return Copy(rgb, matrix, copy.original)


def warped(copy: Copy, *, degrees: float = 0.0, x: float = 1.0, y: float = 1.0) -> Copy:
    """Turned about the middle, then stretched; the frame grows with the stretching only."""
    height, width = copy.rgb.shape[:2]
    turn = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    new_width, new_height = round(width * x), round(height * y)
    sx, sy = new_width / width, new_height / height
    stretch = np.array([[sx, 0, sx / 2 - 0.5], [0, sy, sy / 2 - 0.5], [0, 0, 1]])
    forward = stretch @ turn
    rgb = cv2.warpAffine(copy.rgb, forward[:2], (new_width, new_height), flags=cv2.INTER_CUBIC)
    return Copy(rgb, copy.matrix @ np.linalg.inv(forward), copy.original)


def on(copy: Copy, canvas: Pixels, left: int, top: int) -> Copy:
    """It lies on a larger picture."""
    rgb = canvas.copy()
    height, width = copy.rgb.shape[:2]
    rgb[top : top + height, left : left + width] = copy.rgb
    return Copy(rgb, copy.matrix @ [[1, 0, -left], [0, 1, -top], [0, 0, 1]], copy.original)
