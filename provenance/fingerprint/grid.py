"""The grid match: does the questioned picture show the issued one, or a part of it?

The mark's geometry brings the picture into the canonical frame up to whole tiles; every
placement by whole tiles is tried. With r the trits of the record and q the features of the
picture, softened to -1..1:

    S = sum r q        W = sum q^2 where r is not 0       z = S / sqrt(W)

z has variance 1 for independent signs. Neighbouring cells of real pictures are not
independent, so the variance is measured on the very pair: kappa = mean of z^2 over shifts by
3 to 7 cells, where nothing can fit. A match needs both

    p = N exp(-z^2 / 2 kappa) <= 1e-6, N the placements tried (Hoeffding, JASA 1963), and
    agreement S / sum |q| >= 0.6, which pictures of the same layout rarely reach.

p is a model, not a theorem: it was checked on unrelated pictures, see docs/content-match.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.fingerprint.cells import CELL, Mask, Pixels, Plane, cells_of
from provenance.fingerprint.signature import GridSignature, Trits, features
from provenance.model.evidence import GridEvidence, MarkGeometry, MatchStatus

#: Highest chance of a match with an unrelated picture, by the model above.
LOG10_THRESHOLD: Final = -6.0
#: Least agreement of a match.
AGREEMENT: Final = 0.6
#: Least agreement of a window, and its least weight: little structure, such as one outline
#: that two portraits share, is not enough where the rest of the picture differs.
WINDOW_AGREEMENT: Final = 0.75
_WINDOW_WEIGHT: Final = 250.0
#: Periodic and template pictures: agreement and weight that are called consistent, no more.
_CONSISTENT_AGREEMENT: Final = 0.9
_CONSISTENT_WEIGHT: Final = 200.0
#: Score that full agreement must have been able to reach before its absence means anything,
_POWER: Final = 12.0
#: and the chance that an unrelated picture gives what was seen, if it is called one.
_UNRELATED_LOG10_P: Final = -2.0
#: Share of the comparable cells from which the whole picture is called found again.
WHOLE: Final = 0.75

_LEAST_WEIGHT: Final = 20.0  # of a placement that is scored
_SOFT_LEAST: Final = 1.0  # grey levels at which a feature counts 1/sqrt(2), at least
_NEAR: Final = 3  # cells: shifts that measure kappa, from
_FAR: Final = 7  # and to
_LEAST_SHIFTS: Final = 10
_FEW_SHIFTS_KAPPA: Final = 1.5
#: A window is half of the rows and columns; so many places in each direction. A part of
#: 35 % of the area always holds one of them.
_WINDOW_STEPS: Final = 4
_CELL_AGREES: Final = 0.5
_LEAST_CELL: Final = 0.5  # sum of |q| over 3x3 cells from which a cell is judged


def match_grid(rgb: Pixels, geometry: MarkGeometry, issued: GridSignature) -> GridEvidence:
    """Compare a picture with the signature in its record.

    The whole record is tried first, then windows of a quarter of its area: a picture that was
    cropped and then put into another one agrees only there.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B: the questioned picture.
        geometry: where the mark lies in it.
        issued: what the record holds.
    """
    cells = cells_of(rgb, geometry)
    if cells is None:
        return not_compared("the mark's geometry leaves nothing to compare")
    query = _softened(features(cells)) * np.float32(-1.0 if geometry.inverted else 1.0)
    stride = geometry.tile // CELL
    whole = _fit(query, issued.trits, stride)
    if whole is None:
        return not_compared("too little structure in common")
    seen = _evidence(whole, AGREEMENT)
    if _matches(seen):
        return _matched(seen, whole, query, cells.present, issued.trits)
    window = _best_window(query, issued.trits, stride)
    if window is not None:
        part = _evidence(window, WINDOW_AGREEMENT)
        if _matches(part) and window.weight >= _WINDOW_WEIGHT:
            return _matched(part, window, query, cells.present, issued.trits)
        if part.log10_p <= _UNRELATED_LOG10_P:
            return replace(seen, consistent=True, detail="a part agrees, but not enough of it")
    if seen.log10_p <= _UNRELATED_LOG10_P:
        return replace(seen, consistent=True, detail="agrees more than by chance, but too little")
    if seen.agreement >= _CONSISTENT_AGREEMENT and whole.weight >= _CONSISTENT_WEIGHT:
        return replace(seen, consistent=True, detail="agrees, but repeats itself")
    if seen.power < _POWER:
        return replace(seen, detail="too little structure in common")
    return replace(seen, status=MatchStatus.MISMATCH)


def not_compared(why: str) -> GridEvidence:
    """The evidence of a comparison that could not be made."""
    return GridEvidence(status=MatchStatus.NOT_COMPARABLE, detail=why)


# --- scores -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fit:
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


def _softened(values: Plane) -> Plane:
    """Features as -1..1: f / sqrt(f^2 + C^2), C their median size, one grey level at least."""
    sizes = np.abs(values[values != 0])
    middle = max(_SOFT_LEAST, float(np.median(sizes))) if sizes.size else _SOFT_LEAST
    return np.asarray(values / np.sqrt(values**2 + middle**2), dtype=np.float32)


def _fit(query: Plane, trits: Trits, stride: int, *, top: int = 0, left: int = 0) -> _Fit | None:
    """The best of all placements by whole tiles, or None if none can be scored.

    Args:
        query: float32 (h, w, 3).
        trits: int8 (h', w', 3): the record, or a window of it.
        stride: cells per tile.
        top: first row of the window in the record.
        left: first column of the window in the record.
    """
    rows, columns = (side - 1 for side in trits.shape[:2])
    padded = np.pad(query, ((rows, rows), (columns, columns), (0, 0)))
    record = trits.astype(np.float32)
    score = _correlate(padded, record)
    weight = _correlate(padded**2, np.abs(record))
    most = _correlate(np.abs(padded), np.abs(record))
    usable = weight > _LEAST_WEIGHT
    spread = np.sqrt(np.maximum(weight, _LEAST_WEIGHT))
    z = np.where(usable, score / spread, 0)
    spread *= np.sqrt(_kappa(z, usable))
    first = ((rows + top) % stride, (columns + left) % stride)
    tiles = np.s_[first[0] :: stride, first[1] :: stride]
    tried = usable[tiles]
    if not tried.any():
        return None
    normal = np.where(tried, score[tiles] / spread[tiles], -np.inf)
    best = np.unravel_index(int(np.argmax(normal)), normal.shape)
    y, x = (int(start + stride * place) for start, place in zip(first, best, strict=True))
    return _Fit(
        z=float(normal[best]),
        weight=float(weight[y, x]),
        agreement=float(score[y, x] / max(most[y, x], 1e-6)),
        power=float(np.max((most / spread)[tiles][tried])),
        offsets=int(tried.sum()),
        row=y - rows - top,
        column=x - columns - left,
    )


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


def _best_window(query: Plane, trits: Trits, stride: int) -> _Fit | None:
    """The best fit of all windows; its offsets are those of all of them together."""
    fits = [
        fit
        for top, left, window in _windows(trits)
        if (fit := _fit(query, window, stride, top=top, left=left)) is not None
    ]
    if not fits:
        return None
    return replace(max(fits, key=lambda fit: fit.z), offsets=sum(fit.offsets for fit in fits))


def _windows(trits: Trits) -> Iterator[tuple[int, int, Trits]]:
    height, width = (side // 2 for side in trits.shape[:2])
    if min(height, width) < _FAR:
        return
    down, across = (trits.shape[axis] // 2 / (_WINDOW_STEPS - 1) for axis in (0, 1))
    for y in range(_WINDOW_STEPS):
        for x in range(_WINDOW_STEPS):
            top, left = int(y * down), int(x * across)
            yield top, left, trits[top : top + height, left : left + width]


# --- what they say ----------------------------------------------------------------


def _evidence(fit: _Fit, agreement: float) -> GridEvidence:
    log_p = math.log(fit.offsets) - max(fit.z, 0.0) ** 2 / 2
    return GridEvidence(
        status=MatchStatus.NOT_COMPARABLE,
        z=round(fit.z, 2),
        log10_p=round(min(0.0, log_p / math.log(10)), 2),
        log10_threshold=LOG10_THRESHOLD,
        agreement=round(fit.agreement, 3),
        agreement_threshold=agreement,
        power=round(fit.power, 2),
        power_threshold=_POWER,
        offsets=fit.offsets,
    )


def _matches(seen: GridEvidence) -> bool:
    return seen.log10_p <= seen.log10_threshold and seen.agreement >= seen.agreement_threshold


def _matched(
    seen: GridEvidence, fit: _Fit, query: Plane, present: Mask, trits: Trits
) -> GridEvidence:
    """The evidence of a match, with the map of the cells that agree."""
    there = _placed(present[..., None], fit, trits)[..., 0]
    placed = _placed(query, fit, trits)
    agrees = cv2.blur((trits * placed).sum(axis=2), (3, 3))
    most = cv2.blur(np.abs(trits * placed).sum(axis=2), (3, 3))
    structured = np.any(trits, axis=2)
    judged = structured & there & (most >= _LEAST_CELL / 9)
    same = judged & (agrees >= _CELL_AGREES * most)
    covered = float(same.sum() / max(1, structured.sum()))
    # Cells without structure are drawn like those that agree: told apart, they would be a
    # small picture of what is smooth and what is not.
    drawn = np.select([judged & ~same, there], ["x", "#"], " ")
    return replace(
        seen,
        status=MatchStatus.MATCH if covered >= WHOLE else MatchStatus.PARTIAL,
        covered=round(covered, 3),
        cells=tuple("".join(row) for row in drawn),
    )


def _placed(values: npt.NDArray[Any], fit: _Fit, trits: Trits) -> npt.NDArray[Any]:
    """What lies on the cells of the record; zero where nothing does."""
    height, width = trits.shape[:2]
    result = np.zeros((height, width, values.shape[2]), dtype=values.dtype)
    top, bottom = max(0, -fit.row), min(height, values.shape[0] - fit.row)
    left, right = max(0, -fit.column), min(width, values.shape[1] - fit.column)
    result[top:bottom, left:right] = values[
        top + fit.row : bottom + fit.row, left + fit.column : right + fit.column
    ]
    return result
