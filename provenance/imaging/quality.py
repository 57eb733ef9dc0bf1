"""How much a change costs the picture."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.kernels import native
from provenance.model.generation import MarkQuality

Pixels = npt.NDArray[np.uint8]
Exact = npt.NDArray[np.float64]

# Z. Wang et al., "Image quality assessment: from error visibility to structural
# similarity", IEEE TIP 13(4), 2004: K1, K2, dynamic range, Gaussian window 11x11.
_C1: Final = (0.01 * 255) ** 2
_C2: Final = (0.03 * 255) ** 2
#: The window: a Gaussian of 1.5 pixels over 11, in each direction; parts of 2^13.
_WEIGHTS: Final = np.array([8, 62, 295, 896, 1745, 2180, 1745, 896, 295, 62, 8], dtype=np.int32)
_PARTS: Final = 2**30
_STRIP_ROWS: Final = 64  # a strip of a common width and all that is made of it stay in the cache


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

    The weights of the window are whole parts of 2^13, so that its sums are exact; each pixel counts
    in whole parts of 2^30.

    Args:
        reference: uint8 (H, W, 3) RGB.
        changed: uint8 (H, W, 3) RGB.
    """
    height, width = reference.shape[:2]
    if native is None:
        total = _similarity(reference, changed)
    else:
        x, y = np.ascontiguousarray(reference), np.ascontiguousarray(changed)
        out = np.zeros(1, dtype=np.int64)
        native.structural_similarity(x, y, _WEIGHTS, out, height, width, _C1, _C2)
        total = int(out[0])
    return float(total / _PARTS / (height * width))


def _similarity(reference: Pixels, changed: Pixels) -> int:
    """In strips of rows; each sees the rows around it, so the seams change nothing."""
    height = len(reference)
    margin = len(_WEIGHTS) // 2
    total = 0
    for top in range(0, height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, height)
        strip = slice(max(0, top - margin), min(height, bottom + margin))
        x = cv2.cvtColor(reference[strip], cv2.COLOR_RGB2GRAY).astype(np.float64)
        y = cv2.cvtColor(changed[strip], cv2.COLOR_RGB2GRAY).astype(np.float64)
        values = _ssim_map(x, y)[top - strip.start : bottom - strip.start]
        total += int(np.rint(values * _PARTS).sum())  # whole numbers below 2^53
    return total


def _ssim_map(x: Exact, y: Exact) -> Exact:
    """Of the two variances only their sum is needed, so the squares are averaged together."""
    mx, my, squares, product = _mean(x), _mean(y), _mean(x * x + y * y), _mean(x * y)
    means = mx * my
    power = mx * mx + my * my
    top = (means * 2 + _C1) * ((product - means) * 2 + _C2)
    return np.asarray(top / ((power + _C1) * (squares - power + _C2)))


def _mean(values: Exact) -> Exact:
    weights = _WEIGHTS / 8192
    return np.asarray(cv2.sepFilter2D(values, cv2.CV_64F, weights, weights))


def quality(reference: Pixels, changed: Pixels) -> MarkQuality:
    """PSNR and SSIM of a change, rounded to what can be compared between machines."""
    return MarkQuality(
        psnr_db=round(psnr(reference, changed), 2), ssim=round(ssim(reference, changed), 5)
    )
