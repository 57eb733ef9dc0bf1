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
        values: complex64 (2K+1, K+1), for each plane.
        ring_power: float32 (rings,), mean power of each ring, for each plane.
        plane_power: float32 (2K+1, K+1), normalised power of each plane; mean about 1.
        centre: (x, y) of the middle of the plane, the origin of all phases.
    """

    values: tuple[Values, ...]
    ring_power: tuple[Plane, ...]
    plane_power: tuple[Plane, ...]
    centre: tuple[float, float]

    def __add__(self, other: Spectrum) -> Spectrum:
        """The planes of both, which have the same size."""
        return Spectrum(
            values=self.values + other.values,
            ring_power=self.ring_power + other.ring_power,
            plane_power=self.plane_power + other.plane_power,
            centre=self.centre,
        )

    @property
    def power(self) -> Plane:
        """Normalised power averaged over the planes, float32 (2K+1, K+1)."""
        return np.asarray(np.mean(self.plane_power, axis=0), dtype=np.float32)


@lru_cache(maxsize=1)
def _rings() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Ring of each cell, uint8 (2K+1, K+1), of those from row 0 on, and how many each has."""
    row, column = np.mgrid[-K : K + 1, 0:COLUMNS]
    ring = ring_of(np.hypot(column, row) / SIZE)
    count = np.maximum(np.bincount(ring.ravel(), minlength=_RINGS), 1)
    return ring.astype(np.uint8), ring[K:].ravel(), count


def ring_of(frequency: npt.NDArray[np.floating]) -> npt.NDArray[np.intp]:
    """Number of the ring of a frequency in cycles per pixel."""
    ring: npt.NDArray[np.intp] = np.minimum(frequency / _RING_WIDTH, _RINGS - 1).astype(np.intp)
    return ring


def transform(plane: Plane) -> tuple[Values, Plane, Plane]:
    """Values, ring power and normalised power of one filtered plane, float32 (h, w).

    Of planes longer than SIZE the middle is used.
    """
    from scipy import fft  # a tenth of a second to import, for those who search only

    # Rows first, and only as many as there are; then the columns that are kept.
    rows = fft.rfft(_middle(plane), SIZE, axis=1)[:, :COLUMNS]
    full = fft.fft(rows, SIZE, axis=0)
    values = np.concatenate([full[-K:], full[: K + 1]]).astype(np.complex64, copy=False)
    power = values.real**2
    power += values.imag**2
    ring, lower, count = _rings()
    # Rows k and -k are in the same rings.
    half = power[K:].copy()
    half[1:] += power[K - 1 :: -1]
    total = np.bincount(lower, half.ravel(), minlength=_RINGS)
    mean = (total / count).astype(np.float32)
    table = np.zeros(256, dtype=np.float32)
    table[:_RINGS] = 1 / (mean + np.float32(1e-9))
    power *= cv2.LUT(ring, table)
    return values, mean, np.minimum(power, _LIMIT, out=power)


def spectrum(planes: list[Plane]) -> Spectrum:
    """The spectrum of filtered planes of the same size."""
    values, ring_power, plane_power = zip(*map(transform, planes), strict=True)
    height, width = _middle(planes[0]).shape
    return Spectrum(
        values=values,
        ring_power=ring_power,
        plane_power=plane_power,
        centre=(width / 2, height / 2),
    )


def _middle(plane: Plane) -> Plane:
    height, width = plane.shape
    top, left = max(0, (height - SIZE) // 2), max(0, (width - SIZE) // 2)
    return plane[top : top + SIZE, left : left + SIZE]
