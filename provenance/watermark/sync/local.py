"""Perspective: many small geometries instead of one.

Under a mild perspective every part of the picture still has its own 2 x 2 geometry, near the one
that fits the whole best. Overlapping windows are aligned one by one from that start, and their
aligned lines added.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers.lattice import Band, Lines
from provenance.watermark.sync.align import Alignment, align, read_lines
from provenance.watermark.sync.refine import line_power, mean_shift, parabola
from provenance.watermark.sync.spectrum import spectrum

#: Windows along each side and their share of it.
GRIDS: Final = ((2, 0.6), (3, 0.45))
_WINDOWS: Final = (4.0, 3.0, 2.2, 1.8)
_STEPS: Final = (0.006, 0.003, 0.0015)
_LEAST: Final = 6.0

Plane = npt.NDArray[np.float32]


def local_lines(
    filtered: list[Plane], start: Alignment, band: Band, count: int, share: float
) -> list[Lines] | None:
    """Lines of each plane, summed over the windows that agree with a mark.

    Args:
        filtered: filtered working planes, float32 (h, w).
        start: what fits the whole picture best.
        band: the band.
        count: windows along each side.
        share: share of each side that a window covers.

    Returns:
        None if no window shows the mark.
    """
    height, width = filtered[0].shape
    rows, columns = int(height * share), int(width * share)
    total: list[Lines] | None = None
    for i in range(count):
        for j in range(count):
            top, left = (height - rows) * i // (count - 1), (width - columns) * j // (count - 1)
            part = [plane[top : top + rows, left : left + columns] for plane in filtered]
            here = spectrum(part)
            matrices = mean_shift(here.power, start.matrix[None], band, _WINDOWS)
            matrices = parabola(matrices, partial(line_power, here.power, band), _STEPS)
            found = align(here, matrices, band, 1)[0]
            if found.score < _LEAST:
                continue
            lines = [found.score * _unit(part) for part in read_lines(here, found, band)]
            total = lines if total is None else [a + b for a, b in zip(total, lines, strict=True)]
    return total


def _unit(lines: Lines) -> Lines:
    return (lines / (np.linalg.norm(lines) + 1e-12)).astype(np.complex64)
