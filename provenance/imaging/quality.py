"""How much a change costs the picture."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.model.generation import MarkQuality

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]

# Z. Wang et al., "Image quality assessment: from error visibility to structural
# similarity", IEEE TIP 13(4), 2004: K1, K2, dynamic range, Gaussian window 11x11.
_C1: Final = (0.01 * 255) ** 2
_C2: Final = (0.03 * 255) ** 2
_WINDOW: Final = (11, 11)
_SIGMA: Final = 1.5
_STRIP_ROWS: Final = 128  # a strip of a common width and all that is made of it stay in the cache


def psnr(reference: Pixels, changed: Pixels) -> float:
    """Peak signal-to-noise ratio in dB over all samples; infinite for equal arrays.

    Args:
        reference: uint8 array.
        changed: uint8 array of the same shape.
    """
    error: float = float(cv2.norm(reference, changed, cv2.NORM_L2SQR)) / reference.size
    return math.inf if error == 0 else 10.0 * math.log10(255**2 / error)


def ssim(reference: Pixels, changed: Pixels) -> float:
    """Mean structural similarity of the luma, -1..1.

    Computed in strips of rows, so that large pictures need no float copies of
    themselves; each strip sees the rows around it, so the seams change nothing.

    Args:
        reference: uint8 (H, W, 3) RGB.
        changed: uint8 (H, W, 3) RGB.
    """
    height = reference.shape[0]
    margin = _WINDOW[0] // 2
    total = 0.0
    for top in range(0, height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, height)
        first, last = max(0, top - margin), min(height, bottom + margin)
        x = cv2.cvtColor(reference[first:last], cv2.COLOR_RGB2GRAY).astype(np.float32)
        y = cv2.cvtColor(changed[first:last], cv2.COLOR_RGB2GRAY).astype(np.float32)
        values = _ssim_map(x, y)[top - first : bottom - first]
        total += float(cv2.sumElems(values)[0])  # in double precision
    return total / float(height * reference.shape[1])


def _ssim_map(x: Plane, y: Plane) -> Plane:
    """Of the two variances only their sum is needed, so the squares are averaged together."""
    mx, my, product = _mean(x), _mean(y), _mean(x * y)
    x *= x
    y *= y
    x += y
    variances = _mean(x)
    # In place: what is made anew for every step costs more to fetch than to add up.
    top = mx * my
    product -= top  # now the covariance
    top *= 2
    top += _C1
    product *= 2
    product += _C2
    top *= product
    mx *= mx
    my *= my
    mx += my
    variances -= mx
    variances += _C2
    mx += _C1
    mx *= variances
    top /= mx
    return top


def _mean(values: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(values, _WINDOW, _SIGMA), dtype=np.float32)


def quality(reference: Pixels, changed: Pixels) -> MarkQuality:
    """PSNR and SSIM of a change, rounded to what can be compared between machines."""
    return MarkQuality(
        psnr_db=round(psnr(reference, changed), 2), ssim=round(ssim(reference, changed), 5)
    )
