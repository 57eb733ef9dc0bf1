"""Y of SSIMULACRA2 for grey levels, by table.

SSIMULACRA2 (J. Sneyers, https://github.com/cloudinary/ssimulacra2) compares pictures in XYB. For
a grey pixel of linear light l, Y = cbrt(l + b) - cbrt(b) with b = 0.0037930732552754493. Only Y
matters for a mark in luma.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

_BIAS: Final = 0.0037930732552754493
#: Table entries for one grey level.
STEPS: Final = 16

Plane = npt.NDArray[np.float32]


def _table() -> tuple[Plane, Plane]:
    level = np.arange(255 * STEPS + 1) / STEPS
    encoded = level / 255
    # sRGB transfer function, IEC 61966-2-1
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    lightness = np.cbrt(linear + _BIAS) - np.cbrt(_BIAS)
    return lightness.astype(np.float32), np.gradient(lightness, level).astype(np.float32)


LIGHTNESS, SLOPE = _table()


def _index(luma: Plane) -> npt.NDArray[np.uint16]:
    scaled = luma * np.float32(STEPS)
    scaled += np.float32(0.5)
    return np.clip(scaled, 0, 255 * STEPS, out=scaled).astype(np.uint16)


def lightness(luma: Plane) -> Plane:
    """Y of float32 grey levels 0 to 255, about 0 to 0.85."""
    return LIGHTNESS[_index(luma)]


def lightness_slope(luma: Plane) -> Plane:
    """DY for one grey level."""
    return SLOPE[_index(luma)]
