"""CIEDE2000 between two sRGB pictures.

G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula: implementation notes,
supplementary test data, and mathematical observations", Color Research and Application 30(1),
2005. The numbers of the equations are those of that paper.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.watermark.scene import Pixels

Plane = npt.NDArray[np.float64]
Lab = tuple[Plane, Plane, Plane]

# IEC 61966-2-1 (sRGB) to XYZ, relative to the white point D65.
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = _TO_XYZ.sum(axis=1)
_STRIP_ROWS = 256


def difference(first: Pixels, second: Pixels) -> Plane:
    """The difference of every pixel: float64 (H, W).

    Args:
        first: uint8 (H, W, 3) sRGB.
        second: of the same shape.
    """
    strips = [
        delta_e(lab(first[top : top + _STRIP_ROWS]), lab(second[top : top + _STRIP_ROWS]))
        for top in range(0, first.shape[0], _STRIP_ROWS)
    ]
    return np.concatenate(strips)


def lab(rgb: Pixels) -> Lab:
    """CIELAB (D65) of sRGB: three arrays like a channel of the picture."""
    table = np.arange(256) / 255
    linear = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)[rgb]
    ratio = linear @ (_TO_XYZ / _WHITE[:, None]).T
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def delta_e(first: Lab, second: Lab) -> Plane:
    """CIEDE2000 of two colours in CIELAB, with k_L = k_C = k_H = 1."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    # (2)-(7): a is stretched for colours near grey, then chroma and hue
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    # (8)-(11): differences; the hue difference goes the short way round
    colourless = c1 * c2 == 0
    turn = np.where(colourless, 0.0, (h2 - h1 + 180) % 360 - 180)
    d_hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    # (12)-(14): means
    l_mean, c_mean = (l1 + l2) / 2, (c1 + c2) / 2
    far = np.abs(h1 - h2) > 180
    h_mean = np.where(colourless, h1 + h2, np.where(far, (h1 + h2 + 360) / 2, (h1 + h2) / 2) % 360)
    # (15)-(21): weights
    t = (
        1
        - 0.17 * np.cos(np.radians(h_mean - 30))
        + 0.24 * np.cos(np.radians(2 * h_mean))
        + 0.32 * np.cos(np.radians(3 * h_mean + 6))
        - 0.20 * np.cos(np.radians(4 * h_mean - 63))
    )
    s_l = 1 + 0.015 * (l_mean - 50) ** 2 / np.sqrt(20 + (l_mean - 50) ** 2)
    s_c = 1 + 0.045 * c_mean
    s_h = 1 + 0.015 * c_mean * t
    angle = 30 * np.exp(-(((h_mean - 275) / 25) ** 2))
    r_t = -np.sin(np.radians(2 * angle)) * 2 * np.sqrt(c_mean**7 / (c_mean**7 + 25.0**7))
    # (22): the sum; rounding may leave it just below zero
    light, chroma, hue = (l2 - l1) / s_l, (c2 - c1) / s_c, d_hue / s_h
    total = light**2 + chroma**2 + hue**2 + r_t * chroma * hue
    return np.asarray(np.sqrt(np.maximum(total, 0)), dtype=np.float64)
