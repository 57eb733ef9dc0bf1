"""The grid match: does the questioned picture show the issued one, or a part of it?

The mark's geometry brings the picture into the canonical frame up to whole tiles; every
placement by whole tiles is tried, and scored as in `scores`. A match needs both

    p = N exp(-z^2 / 2) <= 1e-6, N the placements tried (Hoeffding, JASA 1963), and
    agreement S / sum |q| >= 0.6, which pictures of the same layout rarely reach.

p is a model, not a theorem: it was checked on unrelated pictures, see docs/content-match.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.fingerprint.cells import CELL, Mask, Pixels, Plane, cells_of
from provenance.fingerprint.scores import Fit, Question, best_fit, best_window, window_may_reach
from provenance.fingerprint.signature import GridSignature, Trits, features
from provenance.model.evidence import GridEvidence, MarkGeometry, MatchStatus

#: Highest chance of a match with an unrelated picture, by the model above.
LOG10_THRESHOLD: Final = -6.0
#: Least agreement of a match.
AGREEMENT: Final = 0.6
#: Least agreement of a window, and its least weight: little structure, such as one outline
#: that two portraits share, is not enough where the rest of the picture differs.
WINDOW_AGREEMENT: Final = 0.75
WINDOW_WEIGHT: Final = 250.0
#: Periodic and template pictures: agreement and weight that are called consistent, no more.
_CONSISTENT_AGREEMENT: Final = 0.9
_CONSISTENT_WEIGHT: Final = 200.0
#: Score that full agreement must have been able to reach before its absence means anything,
POWER: Final = 12.0
#: and the chance that an unrelated picture gives what was seen, if it is called one.
UNRELATED_LOG10_P: Final = -2.0
#: Share of the comparable cells from which the whole picture is called found again.
WHOLE: Final = 0.75

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
    return next(match_grids(rgb, geometry, (issued,)))


def match_grids(
    rgb: Pixels, geometry: MarkGeometry, issued: Sequence[GridSignature]
) -> Iterator[GridEvidence]:
    """Compare a picture with many signatures: what `match_grid` says of each, in their order.

    The picture is brought into the canonical frame once. Signatures of one shape are best
    given one after another.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B: the questioned picture.
        geometry: where the mark lies in it.
        issued: what the records hold.
    """
    cells = cells_of(rgb, geometry)
    if cells is None:
        yield from [not_compared("the mark's geometry leaves nothing to compare")] * len(issued)
        return
    question = Question.of(features(cells), geometry.tile // CELL, inverted=geometry.inverted)
    for signature in issued:
        yield _judged(question, cells.present, signature.trits)


def not_compared(why: str) -> GridEvidence:
    """The evidence of a comparison that could not be made."""
    return GridEvidence(status=MatchStatus.NOT_COMPARABLE, detail=why)


def _judged(question: Question, present: Mask, trits: Trits) -> GridEvidence:
    whole = best_fit(question, trits)
    if whole is None:
        return not_compared("too little structure in common")
    seen = _evidence(whole, AGREEMENT)
    if _matches(seen):
        return _matched(seen, whole, question.soft, present, trits)
    window = None
    if window_may_reach(question, trits, UNRELATED_LOG10_P):
        window = best_window(question, trits)
    if window is not None:
        part = _evidence(window, WINDOW_AGREEMENT)
        if _matches(part) and window.weight >= WINDOW_WEIGHT:
            return _matched(part, window, question.soft, present, trits)
        if part.log10_p <= UNRELATED_LOG10_P:
            return replace(seen, consistent=True, detail="a part agrees, but not enough of it")
    if seen.log10_p <= UNRELATED_LOG10_P:
        return replace(seen, consistent=True, detail="agrees more than by chance, but too little")
    if seen.agreement >= _CONSISTENT_AGREEMENT and whole.weight >= _CONSISTENT_WEIGHT:
        return replace(seen, consistent=True, detail="agrees, but repeats itself")
    if seen.power < POWER:
        return replace(seen, detail="too little structure in common")
    return replace(seen, status=MatchStatus.MISMATCH)


def _evidence(fit: Fit, agreement: float) -> GridEvidence:
    log_p = math.log(fit.offsets) - max(fit.z, 0.0) ** 2 / 2
    return GridEvidence(
        status=MatchStatus.NOT_COMPARABLE,
        z=round(fit.z, 2),
        log10_p=round(min(0.0, log_p / math.log(10)), 2),
        log10_threshold=LOG10_THRESHOLD,
        agreement=round(fit.agreement, 3),
        agreement_threshold=agreement,
        power=round(fit.power, 2),
        power_threshold=POWER,
        offsets=fit.offsets,
    )


def _matches(seen: GridEvidence) -> bool:
    return seen.log10_p <= seen.log10_threshold and seen.agreement >= seen.agreement_threshold


def _matched(
    seen: GridEvidence, fit: Fit, query: Plane, present: Mask, trits: Trits
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


def _placed(values: npt.NDArray[Any], fit: Fit, trits: Trits) -> npt.NDArray[Any]:
    """What lies on the cells of the record; zero where nothing does."""
    height, width = trits.shape[:2]
    result = np.zeros((height, width, values.shape[2]), dtype=values.dtype)
    top, bottom = max(0, -fit.row), min(height, values.shape[0] - fit.row)
    left, right = max(0, -fit.column), min(width, values.shape[1] - fit.column)
    result[top:bottom, left:right] = values[
        top + fit.row : bottom + fit.row, left + fit.column : right + fit.column
    ]
    return result
