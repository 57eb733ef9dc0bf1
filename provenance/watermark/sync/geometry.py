"""From an alignment of the working planes to the geometry of the picture."""

from __future__ import annotations

import numpy as np

from provenance.model.evidence import MarkGeometry
from provenance.watermark.carriers.lattice import TILE
from provenance.watermark.sync.align import Alignment


def in_place(
    picture: tuple[int, int], canonical: tuple[int, int], *, inverted: bool
) -> MarkGeometry:
    """The geometry of a picture that was at most resized.

    Args:
        picture: width and height of the questioned picture.
        canonical: width and height of its canonical frame.
        inverted: the tones are inverted.
    """
    x, y = canonical[0] / picture[0], canonical[1] / picture[1]
    return MarkGeometry(
        xx=x, xy=0.0, yx=0.0, yy=y, dx=x / 2 - 0.5, dy=y / 2 - 0.5, tile=TILE, inverted=inverted
    )


def geometry_of(
    alignment: Alignment,
    *,
    centre: tuple[float, float],
    working: tuple[int, int],
    picture: tuple[int, int],
    origin: tuple[int, int] = (0, 0),
    inverted: bool = False,
) -> MarkGeometry:
    """The geometry that an alignment found.

    A mark line of frequency f shows at A f with the phase that the tile has at B (x - centre) + s,
    so B is the transpose of A (its negative where the lines had to be conjugated) and s the
    negative of the shift that aligned them.

    Args:
        alignment: found on the working plane.
        centre: reference point of its phases.
        working: width and height of the working plane.
        picture: width and height of the part of the picture it was made from.
        origin: upper left pixel of that part.
        inverted: the tones are inverted.
    """
    to_mark = alignment.matrix.T * (-1.0 if alignment.turned else 1.0)
    step = np.array([working[0] / picture[0], working[1] / picture[1]])
    # working = (pixel - origin + 0.5) step - 0.5
    constant = (0.5 - np.array(origin)) * step - 0.5
    matrix = to_mark * step
    offset = np.mod(to_mark @ (constant - np.array(centre)) - alignment.shift, TILE)
    return MarkGeometry(
        xx=float(matrix[0, 0]),
        xy=float(matrix[0, 1]),
        yx=float(matrix[1, 0]),
        yy=float(matrix[1, 1]),
        dx=float(offset[0]),
        dy=float(offset[1]),
        tile=TILE,
        inverted=inverted,
    )
