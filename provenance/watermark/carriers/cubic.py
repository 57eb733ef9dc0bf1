"""Cubic interpolation as weighted sums: where each output comes from, and with what weight.

R. Keys, "Cubic convolution interpolation for digital image processing", IEEE Trans. ASSP 29(6),
1981, with OpenCV's a = -0.75. Pixel centres are at (i + 0.5) times the step; what lies beyond the
outermost pixel is that pixel.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

TAPS: Final = 4
_A: Final = -0.75


@lru_cache(maxsize=64)
def cubic(source: int, target: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The taps of `target` outputs from `source` inputs.

    Returns:
        index int32 (4, target) and weight float32 (4, target), read-only.
    """
    place = (np.arange(target) + 0.5) * (source / target) - 0.5
    start = np.floor(place)
    steps = np.arange(-1, TAPS - 1)[:, None]
    index = np.clip(start + steps, 0, source - 1).astype(np.int32)
    weight = _weights(place - start).astype(np.float32)
    index.flags.writeable = weight.flags.writeable = False
    return index, weight


def _weights(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of places between 0 and 1 after the second tap: float64 (4, n)."""
    a = _A
    first = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
    second = ((a + 2) * x - (a + 3)) * x * x + 1
    third = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1
    return np.stack([first, second, third, 1 - first - second - third])
