"""What follows from both comparisons, as a table; and which pictures PDQ can judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.geometries import cropped, mirrored, on, untouched, warped
from support.verdicts import match_of

from provenance.fingerprint import combine, is_whole
from provenance.model import GridEvidence, MatchStatus

MATCH, PARTIAL = MatchStatus.MATCH, MatchStatus.PARTIAL
MISMATCH, OPEN = MatchStatus.MISMATCH, MatchStatus.NOT_COMPARABLE
GRIDS = {
    "none": None,
    "match": GridEvidence(status=MATCH),
    "partial": GridEvidence(status=PARTIAL),
    "mismatch": GridEvidence(status=MISMATCH),
    "open": GridEvidence(status=OPEN),
    "consistent": GridEvidence(status=OPEN, consistent=True),
}
PDQ = {
    "same": match_of(MATCH),
    "alike": replace(match_of(OPEN), distance=60),
    "flat": replace(match_of(OPEN), distance=60, quality=20),
    "other": replace(match_of(MISMATCH), distance=120),
}
# grid: what follows for each of PDQ; for a whole picture, then for a part
TABLE = {
    "none": ((MATCH, OPEN, OPEN, MISMATCH), (MATCH, OPEN, OPEN, OPEN)),
    "match": ((MATCH,) * 4, (MATCH,) * 4),
    "partial": ((PARTIAL,) * 4, (PARTIAL,) * 4),
    "mismatch": ((OPEN, OPEN, MISMATCH, MISMATCH), (OPEN, OPEN, MISMATCH, MISMATCH)),
    "open": ((MATCH, OPEN, OPEN, MISMATCH), (MATCH, OPEN, OPEN, OPEN)),
    "consistent": ((MATCH, OPEN, OPEN, OPEN), (MATCH, OPEN, OPEN, OPEN)),
}


@pytest.mark.parametrize(
    ("grid", "pdq", "whole", "expected"),
    [
        (grid, pdq, whole, expected)
        for grid, rows in TABLE.items()
        for whole, row in zip((True, False), rows, strict=True)
        for pdq, expected in zip(PDQ, row, strict=True)
    ],
)
def test_both_comparisons_give_one_status(grid, pdq, whole, expected):
    assert combine(PDQ[pdq], GRIDS[grid], whole=whole) is expected


WHOLE = untouched(np.zeros((400, 600, 3), np.uint8))


@pytest.mark.parametrize(
    ("copy", "whole"),
    [
        (WHOLE, True),
        (mirrored(WHOLE), True),
        (warped(WHOLE, x=0.5, y=0.5), True),
        (warped(WHOLE, x=0.7, y=1.3), True),
        (warped(WHOLE, degrees=180), True),
        (warped(WHOLE, degrees=1), True),
        (cropped(WHOLE, 3, 2, 595, 396), True),
        (cropped(WHOLE, 0, 0, 600, 370), False),
        (cropped(WHOLE, 100, 100, 300, 200), False),
        (warped(WHOLE, degrees=3), False),
        (warped(WHOLE, degrees=45), False),
        (on(WHOLE, np.zeros((440, 600, 3), np.uint8), 0, 0), False),
        (on(cropped(WHOLE, 200, 90, 300, 200), np.zeros((400, 600, 3), np.uint8), 50, 9), False),
    ],
)
def test_the_geometry_says_whether_the_picture_is_whole(copy, whole):
    size = copy.rgb.shape[1::-1]
    assert is_whole(copy.geometry, size, copy.original) is whole


def test_a_quarter_turn_is_whole():
    matrix = np.array([[0, 1, 0], [-1, 0, 399], [0, 0, 1]])
    turned = replace(WHOLE, rgb=np.zeros((600, 400, 3), np.uint8), matrix=matrix)
    assert is_whole(turned.geometry, (400, 600), turned.original)
    assert not is_whole(turned.geometry, (600, 400), turned.original)


def test_nothing_is_known_without_a_geometry():
    assert is_whole(None, (10, 20), (300, 10))
