"""The search: from a picture of unknown geometry to alignments worth reading.

All of it works on one map: the filtered planes at 0.7 of the canonical frame. Stages, each run
only if the reader was not satisfied by what came before:

1. similarities and unequal scales, from luma;
2. deep only: the same from luma and Cb together, if the picture has colour;
3. deep only: all scales without rotation, scanned coherently (crops of textured pictures);
4. deep only: rotation together with a change of aspect;
5. deep only: parts of the picture on their own, from the best alignment so far (perspective).

Pictures inside larger pictures are found by searching windows of the picture as pictures of
their own; that is for the caller, who has the pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import Band, Lines
from provenance.watermark.reading.filter import whiten
from provenance.watermark.sync.align import (
    Alignment,
    align,
    best_shifts,
    read_lines,
    refined,
    values_of_sources,
)
from provenance.watermark.sync.candidates import (
    SCALES,
    Matrices,
    polar_map,
    scales_only,
    similarities,
    stretched,
    unequal_scales,
)
from provenance.watermark.sync.local import GRIDS, local_lines
from provenance.watermark.sync.refine import line_power, mean_shift, parabola
from provenance.watermark.sync.spectrum import Spectrum, spectrum

#: Size of the working planes relative to the canonical frame.
WORKING: Final = 0.7
#: Alignments with less are not read.
READ: Final = 7.0
#: Parts are tried on their own from this score of the whole.
LOCAL: Final = 6.0
_SHARP, _BLURRED, _AXES = 10, 3, 3  # candidates of each kind
_KEEP: Final = 2
_ASPECTS: Final = (0.86, 0.9, 0.95, 1.05, 1.1, 1.16)
_PER_ASPECT: Final = 3
_SCAN_STEP: Final = 0.006
_SCAN_KEEP: Final = 4
_SCAN_BATCH: Final = 64
_SCAN_APART: Final = 2

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """An alignment, the lines read there (one array for each plane), and how it was found."""

    alignment: Alignment
    lines: list[Lines]
    stage: str
    score: float


class Search:
    """The search over one picture; working planes and spectra are made once."""

    def __init__(self, planes: list[Plane]) -> None:
        """Prepare.

        Args:
            planes: luma, and Cb unless grey, float32 (h, w), canonical frame, not filtered.
        """
        height, width = planes[0].shape
        self.working = max(8, round(width * WORKING)), max(8, round(height * WORKING))
        self._planes = planes
        self._best: dict[Band, Alignment] = {}

    @property
    def centre(self) -> tuple[float, float]:
        """Reference point of all phases, in working pixels."""
        return self._luma.centre

    def _filter(self, plane: Plane) -> Plane:
        return whiten(frame.resize(plane, *self.working))

    @cached_property
    def _filtered(self) -> list[Plane]:
        return [self._filtered_luma, *map(self._filter, self._planes[1:])]

    @cached_property
    def _filtered_luma(self) -> Plane:
        return self._filter(self._planes[0])

    @cached_property
    def _spectrum(self) -> Spectrum:
        rest = self._filtered[1:]
        return self._luma + spectrum(rest) if rest else self._luma

    @cached_property
    def _luma(self) -> Spectrum:
        return spectrum([self._filtered_luma])

    @property
    def _luma_power(self) -> Plane:
        return self._luma.plane_power[0]

    def shallow(self, band: Band) -> Iterator[Found]:
        """Stage 1."""
        best = self._aligned(_shallow_candidates(self._luma_power, band), self._luma_power, band)
        yield from self._found(best, band, "search")

    def with_colour(self, band: Band) -> Iterator[Found]:
        """Stage 2."""
        if len(self._filtered) > 1:
            power = self._spectrum.power
            best = self._aligned(_shallow_candidates(power, band), power, band)
            yield from self._found(best, band, "search-colour")

    def scanned(self, band: Band) -> Iterator[Found]:
        """Stage 3."""
        yield from self._found(_scan(self._spectrum, band), band, "scale-scan")

    def with_aspect(self, band: Band) -> Iterator[Found]:
        """Stage 4."""
        power = _blurred(self._luma_power)
        matrices = stretched(power, band, _ASPECTS, _PER_ASPECT)
        best = self._aligned(matrices, self._luma_power, band)
        yield from self._found(best, band, "rotation-aspect")

    def local(self, band: Band) -> Iterator[Found]:
        """Stage 5."""
        start = self._best.get(band)
        if start is None or start.score < LOCAL:
            return
        for count, share in GRIDS:
            summed = local_lines(self._filtered, start, band, count, share)
            if summed is not None:
                yield Found(start, summed, "local", start.score)

    def _aligned(self, matrices: Matrices, power: Plane, band: Band) -> list[Alignment]:
        matrices = mean_shift(power, matrices, band)
        matrices = parabola(matrices, partial(line_power, power, band))
        return align(self._spectrum, matrices, band, _KEEP)

    def _found(self, best: list[Alignment], band: Band, stage: str) -> Iterator[Found]:
        for alignment in best:
            known = self._best.get(band)
            if known is None or alignment.score > known.score:
                self._best[band] = alignment
            if alignment.score >= READ:
                lines = read_lines(self._spectrum, alignment, band)
                yield Found(alignment, lines, stage, alignment.score)


def _shallow_candidates(power: Plane, band: Band) -> Matrices:
    blurred = _blurred(power)
    return np.concatenate(
        [
            similarities(polar_map(power), band, _SHARP),
            similarities(polar_map(blurred), band, _BLURRED),
            unequal_scales(blurred, band, _AXES),
        ]
    )


def _blurred(power: Plane) -> Plane:
    return np.asarray(cv2.blur(power, (3, 3)), dtype=np.float32)


def _scan(spectrum_: Spectrum, band: Band) -> list[Alignment]:
    """Coherent scan of all scales without rotation, the best few refined."""
    matrices = scales_only(_SCAN_STEP, *SCALES)
    scores, shifts, turns = [], [], []
    for start in range(0, len(matrices), _SCAN_BATCH):
        batch = matrices[start : start + _SCAN_BATCH]
        values = values_of_sources(spectrum_, batch, band)
        score, shift, turned = best_shifts(np.concatenate(values), band)
        scores.append(score.reshape(len(values), -1))
        shifts.append(shift.reshape(len(values), -1, 2))
        turns.append(turned.reshape(len(values), -1))
    score = np.concatenate(scores, axis=1)
    shift, turned = np.concatenate(shifts, axis=1), np.concatenate(turns, axis=1)
    found = []
    for _ in range(_SCAN_KEEP):
        source, index = np.unravel_index(int(score.argmax()), score.shape)
        near = slice(max(0, int(index) - _SCAN_APART), int(index) + _SCAN_APART + 1)
        found.append(
            refined(
                spectrum_,
                matrices[index],
                band,
                int(source),
                shift[source, index],
                turned=bool(turned[source, index]),
                steps=(0.003, 0.0015),
            )
        )
        score[:, near] = -np.inf
    return sorted(found, key=lambda item: -item.score)
