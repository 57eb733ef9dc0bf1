"""A glance at a picture: does it show anything that is worth a reading or a search?

Nearly all pictures of a dump carry no mark, and what says so has to be cheap. One small filtered
plane of luma answers both questions: does the mark stand there at unchanged geometry, and do any
of a few candidate geometries look like one. Nothing is read here; what a glance does not give up
is read from the canonical frame.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.kernels import native
from provenance.watermark.carriers import frame
from provenance.watermark.carriers.frame import Pixels
from provenance.watermark.carriers.lattice import TILE, Band, Lattice
from provenance.watermark.reading.filter import whiten
from provenance.watermark.reading.lines import fold, sync_score
from provenance.watermark.sync.align import best_shifts, values_of_sources
from provenance.watermark.sync.candidates import polar_map, similarities, unequal_scales
from provenance.watermark.sync.refine import mean_shift
from provenance.watermark.sync.spectrum import Spectrum, spectrum

#: Side of the mark's tile in the plane of a glance, pixels: a whole number near that of the search.
SIDE: Final = 90
#: Score in place from which the canonical frame is read, and score from which it is searched:
#: `docs/audit-depths.md` has the measurements.
IN_PLACE: Final = 2.5
SEARCH: Final = 7.0
_SIMILARITIES: Final = 5
#: Fixed point of the log-polar map, four times as fast: the largest power, 10, still fits 8 bits.
_FIXED: Final = np.float32(25)
_AXES: Final = 2
_WINDOWS: Final = (3.0, 2.0, 1.3)  # of the mean shift, cells; one fewer than the search takes
_STRIP_ROWS: Final = 256  # rows of the picture whose luma is made at a time: it stays in the cache

Plane = npt.NDArray[np.float32]
Luma = npt.NDArray[np.uint8]


class Glance:
    """A glance at one picture; its plane and its spectrum are made once, when they are needed."""

    def __init__(self, rgb: Pixels) -> None:
        """Look at a picture, uint8 (H, W, 3)."""
        self._rgb = rgb

    @cached_property
    def _filtered(self) -> Plane:
        return whiten(_small_luma(self._rgb))

    @cached_property
    def _folded(self) -> npt.NDArray[np.complex64]:
        """Spectrum of the folded plane: complex64 (SIDE, SIDE // 2 + 1)."""
        return np.asarray(np.fft.rfft2(fold(self._filtered, SIDE)), dtype=np.complex64)

    @cached_property
    def _spectrum(self) -> Spectrum:
        return spectrum([self._filtered])

    def in_place(self, grid: Lattice) -> float:
        """Score of the synchronisation lines at unchanged geometry; of either sign."""
        lines = self._folded[grid.ky % SIDE, grid.kx]
        # The first pixel of a small plane lies elsewhere than that of the canonical frame.
        offset = (SIDE / TILE - 1) / 2
        turn = np.exp(2j * np.pi / SIDE * offset * (grid.kx + grid.ky))
        return sync_score((lines * turn).astype(np.complex64), grid)

    def searched(self, band: Band) -> float:
        """The best coherent score of a few candidates, before any is refined."""
        power = self._spectrum.plane_power[0]
        fixed = (power * _FIXED).astype(np.uint8)
        blurred = np.asarray(cv2.blur(power, (3, 3)), dtype=np.float32)
        matrices = np.concatenate(
            [
                similarities(polar_map(fixed), band, _SIMILARITIES),
                unequal_scales(blurred, band, _AXES),
            ]
        )
        matrices = mean_shift(power, matrices, band, _WINDOWS)
        values = values_of_sources(self._spectrum, matrices, band)[0]
        return float(best_shifts(values, band)[0].max())


def _small_luma(rgb: Pixels) -> Plane:
    """Luma of the plane of a glance: halved as often as possible, then cubic."""
    width, height = frame.size(rgb.shape[1], rgb.shape[0], working=SIDE / TILE)
    large = rgb.shape[0] >= 2 * height and rgb.shape[1] >= 2 * width
    luma = _half_luma(rgb) if large else _luma(rgb)
    while luma.shape[0] >= 2 * height and luma.shape[1] >= 2 * width:
        luma = _halved(luma)
    small = cv2.resize(luma, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(small, dtype=np.float32)


def _half_luma(rgb: Pixels) -> Luma:
    """Luma of 2x2 pixels: uint8 (H // 2, W // 2)."""
    made = np.empty((rgb.shape[0] // 2, rgb.shape[1] // 2), dtype=np.uint8)
    if native is not None:
        native.half_luma(np.ascontiguousarray(rgb), made, *rgb.shape[:2])
        return made
    for top in range(0, 2 * len(made), _STRIP_ROWS):
        strip = rgb[top : min(top + _STRIP_ROWS, 2 * len(made))]
        made[top // 2 : (top + len(strip)) // 2] = _halved(_luma(strip))
    return made


def _luma(rgb: Pixels) -> Luma:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _halved(luma: Luma) -> Luma:
    height, width = luma.shape[0] // 2, luma.shape[1] // 2
    even = luma[: 2 * height, : 2 * width]
    half = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(half, dtype=np.uint8)
