"""The spectrum in which the mark's lines are looked for.

A filtered plane is padded with zeros to SIZE x SIZE and transformed; only frequencies up to
`REACH` are kept. Its power is divided by the mean of its ring, because pictures have less power
at high frequencies, and limited, because a single strong line is a picture's own pattern.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

SIZE: Final = 768
REACH: Final = 0.46
#: Half the number of columns that are kept; rows run from -K to K, columns from 0 to K.
K: Final = int(np.ceil(REACH * SIZE)) + 1
COLUMNS: Final = K + 1
_RING_WIDTH: Final = 0.012  # cycles per pixel
_RINGS: Final = 64
_LIMIT: Final = np.float32(10)

Plane = npt.NDArray[np.float32]
Values = npt.NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Spectrum of one or more filtered planes of the same size.

    Attributes:
        values: complex64 (n, 2K+1, K+1), for each plane.
        ring_power: float32 (n, rings), mean power of each ring.
        plane_power: float32 (n, 2K+1, K+1), normalised power of each plane; mean about 1.
        centre: (x, y) of the middle of the plane, the origin of all phases.
    """

    values: Values
    ring_power: Plane
    plane_power: Plane
    centre: tuple[float, float]

    @property
    def power(self) -> Plane:
        """Normalised power averaged over the planes, float32 (2K+1, K+1)."""
        return np.asarray(self.plane_power.mean(axis=0), dtype=np.float32)


@lru_cache(maxsize=1)
def _rings() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    row, column = np.mgrid[-K : K + 1, 0:COLUMNS]
    ring = ring_of(np.hypot(column, row) / SIZE)
    return ring.ravel(), np.maximum(np.bincount(ring.ravel(), minlength=_RINGS), 1)


def ring_of(frequency: npt.NDArray[np.floating]) -> npt.NDArray[np.intp]:
    """Number of the ring of a frequency in cycles per pixel."""
    ring: npt.NDArray[np.intp] = np.minimum(frequency / _RING_WIDTH, _RINGS - 1).astype(np.intp)
    return ring


def transform(plane: Plane) -> tuple[Values, Plane, Plane]:
    """Values, ring power and normalised power of one filtered plane, float32 (h, w).

    Of planes longer than SIZE the middle is used.
    """
    plane = _middle(plane)
    height, width = plane.shape
    padded = np.zeros((SIZE, SIZE), dtype=np.float32)
    padded[:height, :width] = plane
    # OpenCV's transform takes a quarter of the time of NumPy's, and no import of SciPy's.
    pairs = cv2.dft(padded, flags=cv2.DFT_COMPLEX_OUTPUT, nonzeroRows=height)
    full = np.asarray(pairs, dtype=np.float32).view(np.complex64)[:, :COLUMNS, 0]
    values = np.concatenate([full[-K:], full[: K + 1]])
    power = values.real**2
    power += values.imag**2
    ring, count = _rings()
    mean = (np.bincount(ring, power.ravel(), minlength=_RINGS) / count).astype(np.float32)
    inverse = 1 / (mean + np.float32(1e-9))
    power *= inverse[ring].reshape(power.shape)
    return values, mean, np.minimum(power, _LIMIT, out=power)


def spectrum(planes: list[Plane]) -> Spectrum:
    """The spectrum of filtered planes of the same size."""
    parts = [transform(plane) for plane in planes]
    height, width = _middle(planes[0]).shape
    return Spectrum(
        values=np.stack([part[0] for part in parts]),
        ring_power=np.stack([part[1] for part in parts]),
        plane_power=np.stack([part[2] for part in parts]),
        centre=(width / 2, height / 2),
    )


def _middle(plane: Plane) -> Plane:
    height, width = plane.shape
    top, left = max(0, (height - SIZE) // 2), max(0, (width - SIZE) // 2)
    return plane[top : top + SIZE, left : left + SIZE]
