"""Other tones and colours."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.watermark.scene import Pixels

# The sepia matrix that photo editors share; W3C Filter Effects, clause "sepia".
_SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


def rounded(values: npt.NDArray[np.floating]) -> Pixels:
    """Back to 8 bits: rounded, and clipped to 0..255."""
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)


def brightness(rgb: Pixels, *, add: float) -> Pixels:
    """Add grey levels; what leaves 0..255 is clipped."""
    return rounded(rgb.astype(np.float32) + add)


def contrast(rgb: Pixels, *, gain: float) -> Pixels:
    """Stretch around mid grey; above 1, shadows and lights are clipped."""
    return rounded((rgb.astype(np.float32) - 127.5) * gain + 127.5)


def gamma(rgb: Pixels, *, exponent: float) -> Pixels:
    """Darken (above 1) or lighten the middle tones."""
    table = rounded(255 * (np.arange(256) / 255) ** exponent)
    return table[rgb]


def hue(rgb: Pixels, *, degrees: float) -> Pixels:
    """Turn the colour circle."""
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV_FULL)
    turned = hsv[..., 0].astype(np.int16) + round(degrees / 360 * 256)
    hsv[..., 0] = (turned % 256).astype(np.uint8)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL), dtype=np.uint8)


def saturation(rgb: Pixels, *, gain: float) -> Pixels:
    """More or less colour at the same luma."""
    luma = grey(rgb).astype(np.float32)
    return rounded(luma + (rgb.astype(np.float32) - luma) * gain)


def grey(rgb: Pixels) -> Pixels:
    """No colour: BT.601 luma in all three channels."""
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(luma, cv2.COLOR_GRAY2RGB), dtype=np.uint8)


def invert(rgb: Pixels) -> Pixels:
    """The negative."""
    return 255 - rgb


def sepia(rgb: Pixels) -> Pixels:
    """Old photograph."""
    return rounded(rgb.astype(np.float32) @ _SEPIA.T.astype(np.float32))


def posterise(rgb: Pixels, *, bits: int) -> Pixels:
    """Keep the highest bits of each channel, spread over the full range."""
    levels = (1 << bits) - 1
    return rounded(np.rint(rgb.astype(np.float32) / 255 * levels) * (255 / levels))
