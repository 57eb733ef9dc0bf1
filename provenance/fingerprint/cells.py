"""Cell means of a picture in the canonical frame of the picture that was issued.

The mark says where each pixel of the questioned picture lies in that frame (`MarkGeometry`),
so crops, rotations, mirrors, changes of aspect and inverted tones are undone here, before
anything is compared. A cell is the mean luma (Y of ITU-R BT.601-7, full range) of 16x16
canonical pixels; eight cells are one tile of the mark, and the mark leaves nothing open but
whole tiles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.model.evidence import MarkGeometry

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

#: Canonical pixels per side of a cell.
CELL: Final = 16
#: Samples per side of a cell; the picture is shrunk to twice their density before.
_SAMPLES: Final = 4
#: More cells than this are not looked at: a mark of 256x256 pixels in a picture of 64
#: megapixels has as many.
_MOST_CELLS: Final = 1 << 20
#: Cells along one side; OpenCV does not warp what is longer than 32,766 samples.
_LONGEST: Final = 4095
#: Canonical pixels by which the frame may miss a tile boundary through rounding.
_ROUNDING: Final = 1e-3
#: Canonical pixels of area per pixel below which the geometry cannot be meant.
_FLAT: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells of a picture; the first one lies on a corner of a tile.

    `means` float32 (h, w), 0..255; `present` bool (h, w): the whole cell is in the picture.
    Means of other cells say nothing.
    """

    means: Plane
    present: Mask


def cells_of(rgb: Pixels, geometry: MarkGeometry) -> Cells | None:
    """The cells of a picture, or None where it would have too many or none.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B.
        geometry: where the mark lies in it; `tile` is a multiple of the cell.
    """
    height, width = rgb.shape[:2]
    to_frame = np.array([[geometry.xx, geometry.xy], [geometry.yx, geometry.yy]])
    offset = np.array([geometry.dx, geometry.dy])
    if not np.isfinite([*to_frame.flat, *offset]).all() or abs(np.linalg.det(to_frame)) < _FLAT:
        return None
    # Canonical pixel 0 reaches from -0.5 to 0.5; places are counted from its edge.
    corners = np.array([[x, y] for x in (-0.5, width - 0.5) for y in (-0.5, height - 0.5)])
    places = corners @ to_frame.T + offset + 0.5
    first = np.floor((places.min(axis=0) + _ROUNDING) / geometry.tile) * geometry.tile
    extent = places.max(axis=0) - first
    if (extent / CELL).prod() > _MOST_CELLS or extent.max() / CELL > _LONGEST:
        return None
    columns, rows = (math.ceil((side - _ROUNDING) / CELL) for side in extent)
    # Sample j of a cell covers 4 canonical pixels and has its centre in the middle of them.
    step = CELL / _SAMPLES
    luma = _shrunk(rgb, to_frame, step / 2)
    shrunk = np.array([luma.shape[1] / width, luma.shape[0] / height])
    to_pixel = np.linalg.inv(to_frame)
    matrix = np.empty((2, 3))
    matrix[:, :2] = to_pixel * step
    matrix[:, 2] = to_pixel @ (first + step / 2 - 0.5 - offset)
    matrix[:, 2] += 0.5
    matrix *= shrunk[:, None]
    matrix[:, 2] -= 0.5
    size = (columns * _SAMPLES, rows * _SAMPLES)
    inverse = cv2.WARP_INVERSE_MAP
    sampled = cv2.warpAffine(
        luma, matrix, size, flags=cv2.INTER_LINEAR | inverse, borderMode=cv2.BORDER_REPLICATE
    )
    inside = cv2.warpAffine(
        np.ones(luma.shape, np.uint8), matrix, size, flags=cv2.INTER_NEAREST | inverse
    )
    return Cells(means=_mean(sampled, rows, columns), present=_all(inside, rows, columns))


def _shrunk(rgb: Pixels, to_frame: npt.NDArray[np.float64], step: float) -> Plane:
    """Luma as float32, brought down (never up) to one pixel for each `step` canonical ones."""
    height, width = rgb.shape[:2]
    across, down = np.linalg.norm(to_frame, axis=0) / step
    size = (min(width, max(1, round(width * across))), min(height, max(1, round(height * down))))
    luma: npt.NDArray[Any] = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
    if size != (width, height):
        luma = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    return luma.astype(np.float32)


def _mean(samples: npt.NDArray[Any], rows: int, columns: int) -> Plane:
    blocks = samples.reshape(rows, _SAMPLES, columns, _SAMPLES)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)


def _all(inside: npt.NDArray[Any], rows: int, columns: int) -> Mask:
    blocks = inside.reshape(rows, _SAMPLES, columns, _SAMPLES)
    return np.asarray(blocks.all(axis=(1, 3)), dtype=np.bool_)
