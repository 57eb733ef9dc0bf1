"""Scores of the grid match: how well a record, or a window of it, fits on a picture.

With r the trits of the record and q the features of the picture, softened to -1..1:

    S = sum r q        W = sum q^2 where r is not 0       z = S / sqrt(W kappa)

z has variance 1 for independent signs and kappa 1. Neighbouring cells of real pictures are
not independent, so the variance is measured on the very pair: kappa = mean of z^2 over shifts
by 3 to 7 cells, where nothing can fit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.fingerprint.cells import Mask, Plane
from provenance.fingerprint.signature import Trits

_LEAST_WEIGHT: Final = 20.0  # of a placement that is scored
_SOFT_LEAST: Final = 1.0  # grey levels at which a feature counts 1/sqrt(2), at least
_NEAR: Final = 3  # cells: shifts that measure kappa, from
_FAR: Final = 7  # and to
_LEAST_SHIFTS: Final = 10
_FEW_SHIFTS_KAPPA: Final = 1.5
#: A window is half of the rows and columns; so many places in each direction. A part of
#: 35 % of the area always holds one of them.
_WINDOW_STEPS: Final = 4
#: Shapes that are kept ready: a whole record and its windows, for a few shapes of records.
_MOST_SHAPES: Final = 8
#: Numbers that are laid out at once to look at all windows together, 16 MiB of them.
_MOST_LAID_OUT: Final = 1 << 22
#: By how much rounding may move z, and a weight: far more than it does.
_ROUNDING: Final = 0.05

_Padded = tuple[Plane, Plane, Plane]
_LaidOut = tuple[Plane, Plane] | None


@dataclass(frozen=True, slots=True)
class Fit:
    """The best placement of a record, or of a window of it, on a picture.

    `row` and `column` say where cell (0, 0) of the whole record falls on the picture's cells.
    """

    z: float
    weight: float
    agreement: float
    power: float
    offsets: int
    row: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """The questioned picture, ready to be compared with any number of records.

    `soft` float32 (h, w, 3), -1..1; `stride` cells per tile.
    """

    soft: Plane
    stride: int
    _margins: dict[tuple[int, int], _Padded] = field(default_factory=dict, repr=False)
    _places: dict[tuple[int, int], _LaidOut] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, features: Plane, stride: int, *, inverted: bool) -> Question:
        """From features in grey levels, float32 (h, w, 3)."""
        return cls(_softened(features) * np.float32(-1.0 if inverted else 1.0), stride)

    def padded(self, rows: int, columns: int) -> _Padded:
        """The features in a margin of zeros, their squares and their sizes."""
        margin = (rows, columns)
        if margin not in self._margins:
            if len(self._margins) >= _MOST_SHAPES:
                self._margins.clear()
            plain = np.pad(self.soft, ((rows, rows), (columns, columns), (0, 0)))
            self._margins[margin] = (plain, plain**2, np.abs(plain))
        return self._margins[margin]

    def laid_out(self, height: int, width: int) -> _LaidOut:
        """Under a record of this shape: features and their squares, float32 (placements, cells).

        None where that would be too much.
        """
        shape = (height, width)
        if shape not in self._places:
            if len(self._places) >= _MOST_SHAPES:
                self._places.clear()
            self._places[shape] = self._lay_out(height, width)
        return self._places[shape]

    def _lay_out(self, height: int, width: int) -> _LaidOut:
        rows, columns = height - 1, width - 1
        shifts = (self.soft.shape[0] + rows) * (self.soft.shape[1] + columns)
        if shifts / self.stride**2 * height * width * self.soft.shape[2] > _MOST_LAID_OUT:
            return None
        plain, squares, _ = self.padded(rows, columns)
        tiles = np.s_[rows % self.stride :: self.stride, columns % self.stride :: self.stride]

        def under(values: Plane) -> Plane:
            every = np.lib.stride_tricks.sliding_window_view(values, (height, width), axis=(0, 1))
            return every[tiles].reshape(-1, values.shape[2] * height * width)

        return under(plain), under(squares)


def best_fit(question: Question, trits: Trits) -> Fit | None:
    """The best of all placements by whole tiles, or None if none can be scored.

    Args:
        question: the questioned picture.
        trits: int8 (h', w', 3): the record.
    """
    return _Placed.of(question, trits).best()


def best_window(question: Question, trits: Trits) -> Fit | None:
    """The best fit of all windows; its offsets are those of all of them together."""
    best: Fit | None = None
    offsets = 0
    for top, left, window in _windows(trits):
        placed = _Placed.of(question, window, top=top, left=left)
        offsets += placed.offsets
        best = placed.best(best)
    return replace(best, offsets=offsets) if best else None


def window_may_reach(question: Question, trits: Trits, log10_p: float) -> bool:
    """False where no window can have a chance as low as this; True where one might.

    All windows are looked at together, at the placements by whole tiles only, so kappa is not
    known. It is 1 at least: z is no higher than without it. Many times faster than
    `best_window`, and says False of most pairs of different pictures.
    """
    height, width = trits.shape[:2]
    laid_out = question.laid_out(height, width)
    if laid_out is None:
        return True
    inside = _inside(height, width)
    record = trits.transpose(2, 0, 1).reshape(-1, 1).astype(np.float32)
    score, weight = laid_out[0] @ (record * inside), laid_out[1] @ (np.abs(record) * inside)
    scored = weight > _LEAST_WEIGHT - _ROUNDING
    if not scored.any():
        return False
    z = float(np.max(score[scored] / np.sqrt(weight[scored]))) + _ROUNDING
    offsets = int((weight > _LEAST_WEIGHT + _ROUNDING).sum())
    lowest = math.log10(max(1, offsets)) - max(z, 0.0) ** 2 / 2 / math.log(10)
    return lowest <= log10_p + _ROUNDING


@lru_cache(maxsize=_MOST_SHAPES)
def _inside(height: int, width: int) -> Plane:
    """float32 (cells, windows): 1 where the cell of a record is in the window."""
    cells = np.arange(height * width).reshape(height, width)
    windows = [part for _, _, part in _windows(cells)]
    inside = np.zeros((3, height * width, len(windows)), np.float32)
    for number, part in enumerate(windows):
        inside[:, part.ravel(), number] = 1
    return inside.reshape(-1, len(windows))


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A record, or a window of it, at every shift; `tiles` are the placements by whole tiles.

    `z`, `score` and `spread` float64 (h + h' - 1, w + w' - 1), kappa still left out.
    """

    question: Question
    trits: Trits
    top: int
    left: int
    tiles: tuple[slice, slice]
    score: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]
    usable: Mask
    spread: npt.NDArray[np.float64]
    z: npt.NDArray[np.float64]
    offsets: int

    @classmethod
    def of(cls, question: Question, trits: Trits, *, top: int = 0, left: int = 0) -> _Placed:
        """With `top` and `left` the first row and column of a window in its record."""
        rows, columns = (side - 1 for side in trits.shape[:2])
        plain, squares, _ = question.padded(rows, columns)
        record = trits.astype(np.float32)
        score = _correlate(plain, record)
        weight = _correlate(squares, np.abs(record))
        usable = weight > _LEAST_WEIGHT
        spread = np.sqrt(np.maximum(weight, _LEAST_WEIGHT))
        stride = question.stride
        tiles = np.s_[(rows + top) % stride :: stride, (columns + left) % stride :: stride]
        return cls(
            question=question,
            trits=trits,
            top=top,
            left=left,
            tiles=tiles,
            score=score,
            weight=weight,
            usable=usable,
            spread=spread,
            z=np.where(usable, score / spread, 0),
            offsets=int(usable[tiles].sum()),
        )

    def best(self, so_far: Fit | None = None) -> Fit | None:
        """The best placement, or `so_far` where none has a higher z; None where none counts."""
        tried = self.usable[self.tiles]
        if not self.offsets or (so_far and so_far.z >= self._at_most(tried)):
            return so_far
        spread = self.spread * np.sqrt(_kappa(self.z, self.usable))
        normal = np.where(tried, self.score[self.tiles] / spread[self.tiles], -np.inf)
        place = np.unravel_index(int(np.argmax(normal)), normal.shape)
        if so_far and so_far.z >= normal[place]:
            return so_far
        rows, columns = (side - 1 for side in self.trits.shape[:2])
        sizes = self.question.padded(rows, columns)[2]
        most = _correlate(sizes, np.abs(self.trits.astype(np.float32)))
        y, x = (
            int(part.start + part.step * index)
            for part, index in zip(self.tiles, place, strict=True)
        )
        return Fit(
            z=float(normal[place]),
            weight=float(self.weight[y, x]),
            agreement=float(self.score[y, x] / max(most[y, x], 1e-6)),
            power=float(np.max((most / spread)[self.tiles][tried])),
            offsets=self.offsets,
            row=y - rows - self.top,
            column=x - columns - self.left,
        )

    def _at_most(self, tried: Mask) -> float:
        """No z is higher, or it is below zero: kappa, which is left out here, is 1 at least."""
        return max(0.0, float(np.max(np.where(tried, self.z[self.tiles], 0))))


def _softened(values: Plane) -> Plane:
    """Features as -1..1: f / sqrt(f^2 + C^2), C their median size, one grey level at least."""
    sizes = np.abs(values[values != 0])
    middle = max(_SOFT_LEAST, float(np.median(sizes))) if sizes.size else _SOFT_LEAST
    return np.asarray(values / np.sqrt(values**2 + middle**2), dtype=np.float32)


def _correlate(padded: Plane, record: Plane) -> npt.NDArray[np.float64]:
    """Sums of products at every shift: float64 (h + h' - 1, w + w' - 1)."""
    return cv2.matchTemplate(padded, record, cv2.TM_CCORR).astype(np.float64)


def _kappa(z: npt.NDArray[np.float64], usable: Mask) -> npt.NDArray[np.float64]:
    """Mean of z^2 over the shifts around each one, 1 at least; of the shape of `z`."""

    def around(values: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
        far, near = (
            cv2.boxFilter(values, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
            for side in (2 * _FAR + 1, 2 * _NEAR - 1)
        )
        return np.asarray(far - near)

    count = around(usable.astype(np.float64))
    mean = around(z**2) / np.maximum(count, 1)
    return np.where(count > _LEAST_SHIFTS, np.maximum(mean, 1.0), _FEW_SHIFTS_KAPPA)


def _windows(trits: npt.NDArray[Any]) -> Iterator[tuple[int, int, npt.NDArray[Any]]]:
    height, width = (side // 2 for side in trits.shape[:2])
    if min(height, width) < _FAR:
        return
    down, across = (trits.shape[axis] // 2 / (_WINDOW_STEPS - 1) for axis in (0, 1))
    for y in range(_WINDOW_STEPS):
        for x in range(_WINDOW_STEPS):
            top, left = int(y * down), int(x * across)
            yield top, left, trits[top : top + height, left : left + width]
