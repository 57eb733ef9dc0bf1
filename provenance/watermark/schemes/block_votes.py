"""Reading the block marks of invisible-watermark without its per-block Python loop.

The package quantises one number per 8x8 block of the U plane: a coefficient of its Haar
low-pass band (`dwtDct`) or the largest singular value of that band's 4x4 block
(`dwtDctSvd`). Which half of the quantisation step the number falls into is one vote for
one payload bit; blocks vote in raster order, cyclically. This module computes all votes at
once. The package itself is the reference: the tests hold every vote against it.

https://github.com/ShieldMnt/invisible-watermark (0.2.0), `maxDct.py` and `dwtDctSvd.py`.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Bits = npt.NDArray[np.uint8]

BLOCK: Final = 8  # pixels per side that one vote is read from
STEP: Final = 36.0  # quantisation step, the package's default for the U plane
_HAAR: Final = 0.7071067811865476
_LOW: Final = 4  # side of the block in the low-pass band
_STRIP_BLOCKS: Final = 128  # block rows that are held as float at a time


class BlockMethod(Enum):
    """Which number of a block is quantised."""

    MAX_DCT = "dwtDct"
    SVD = "dwtDctSvd"


def votes(rgb: Pixels, method: BlockMethod) -> npt.NDArray[np.bool_]:
    """One vote per block, in raster order: bool (n,).

    Args:
        rgb: uint8 (H, W, 3), order R, G, B; both sides at least 8.
        method: which of the two schemes to read.
    """
    rows = rgb.shape[0] // BLOCK * BLOCK
    columns = rgb.shape[1] // BLOCK * BLOCK
    step = _STRIP_BLOCKS * BLOCK
    strips = [
        _strip_votes(rgb[top : min(top + step, rows), :columns], method)
        for top in range(0, rows, step)
    ]
    return np.concatenate(strips)


def _strip_votes(rgb: Pixels, method: BlockMethod) -> npt.NDArray[np.bool_]:
    # OpenCV's U is 0.492 (B - Y) + 128; the package works on exactly this plane.
    plane = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2YUV)[:, :, 1].astype(np.float64)
    # Haar low-pass band in the package's order of operations: a number that falls exactly on
    # a boundary is decided by the rounding.
    rows = plane[1::2] * _HAAR + plane[::2] * _HAAR
    low = rows[:, 1::2] * _HAAR + rows[:, ::2] * _HAAR
    height, width = low.shape[0] // _LOW, low.shape[1] // _LOW
    blocks = low.reshape(height, _LOW, width, _LOW).swapaxes(1, 2).reshape(-1, _LOW, _LOW)
    if method is BlockMethod.SVD:
        # The DCT that the package applies first is orthonormal: same singular values.
        value = np.linalg.svd(blocks, compute_uv=False)[:, 0]
    else:
        flat = np.abs(blocks.reshape(len(blocks), -1)[:, 1:])
        value = flat.max(axis=1)
    result: npt.NDArray[np.bool_] = value % STEP > STEP / 2
    return result


def majority(ballots: npt.NDArray[np.bool_], bits: int) -> Bits:
    """The payload that most votes agree on: uint8 (bits,) of zeros and ones.

    The package decides for one at a mean of more than 127/255.
    """
    place = np.arange(len(ballots)) % bits
    ones = np.bincount(place, weights=ballots, minlength=bits)
    total = np.maximum(np.bincount(place, minlength=bits), 1)
    return (ones / total * 255 > 127).astype(np.uint8)
