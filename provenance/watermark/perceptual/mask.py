"""Where the mark may be strong: a mask made from the metric's own local cost.

SSIMULACRA2's largest term charges noise of variance s^2 with s^2 / (2 V + 0.0009 + s^2), where V
is the local variance of Y at about six pixels of the original. Equal cost everywhere would want
an amplitude that grows with sqrt(2 V + c); a smaller exponent (0.6) and a smaller constant were
measured to carry more mark at the same score, because they leave less grain in flat areas.

    m = min(8, ((2 V + 2.2e-4) / 9e-4)^0.3 / (dY/dgrey / 0.0034))

log V is limited by its surroundings, so that a lone edge lets a little less grain spill into the
sky beside it. Dividing by dY/dgrey turns the metric's lightness into grey levels; it keeps the
mark in shadows from growing as the eye's contrast does there.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.watermark.perceptual.tone import lightness, lightness_slope

WINDOW: Final = 6.0  # pixels of the original: the metric's 1.5 px at quarter size
NORM: Final = 9e-4  # C2 of the metric
FLOOR: Final = 2.2e-4
EXPONENT: Final = 0.6 / 2
CAP: Final = 8.0
SURROUND: Final = 4.0  # canonical pixels
ABOVE_SURROUND: Final = 0.7  # log variance
TYPICAL_SLOPE: Final = 0.0034  # dY for one grey level, mid grey
CHROMA_FLOOR: Final = 3e-4
CHROMA_EXPONENT: Final = 0.25 / 2
CHROMA_CAP: Final = 2.2

#: The luma mask where there is no texture, at mid grey.
FLAT: Final = (FLOOR / NORM) ** EXPONENT

Plane = npt.NDArray[np.float32]


def local_variance(luma: Plane, scale: float) -> Plane:
    """V: local variance of Y.

    Args:
        luma: float32 (h, w), canonical frame, 0 to 255.
        scale: canonical pixels per pixel of the original.
    """
    tone = cv2.blur(lightness(luma), (2, 2))
    sigma = WINDOW * scale
    mean = cv2.GaussianBlur(tone, (0, 0), sigma)
    square = cv2.GaussianBlur(tone * tone, (0, 0), sigma)
    return np.asarray(np.maximum(square - mean * mean, 0), dtype=np.float32)


def luma_mask(luma: Plane, variance: Plane) -> Plane:
    """Relative amplitude of the luma mark, float32 (h, w)."""
    log_variance = cv2.log(variance + np.float32(1e-6))
    around = cv2.GaussianBlur(log_variance, (0, 0), SURROUND)
    limited = cv2.exp(np.minimum(around, log_variance + np.float32(ABOVE_SURROUND)))
    amplitude = cv2.pow((2 * limited + np.float32(FLOOR)) / np.float32(NORM), EXPONENT)
    slope = lightness_slope(
        np.asarray(cv2.GaussianBlur(luma, (0, 0), 2.0), dtype=np.float32)
    ) / np.float32(TYPICAL_SLOPE)
    return np.asarray(np.minimum(amplitude / slope, CAP), dtype=np.float32)


def chroma_mask(variance: Plane) -> Plane:
    """Relative amplitude of the Cb mark, float32 (h, w)."""
    ratio = (2 * variance + np.float32(CHROMA_FLOOR)) / np.float32(CHROMA_FLOOR)
    amplitude = np.minimum(cv2.pow(ratio, CHROMA_EXPONENT), CHROMA_CAP)
    return np.asarray(amplitude, dtype=np.float32)
