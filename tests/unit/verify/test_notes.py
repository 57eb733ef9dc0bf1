"""What a report says about a content match."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.verdicts import match_of

from provenance.model import GridEvidence, MatchStatus
from provenance.verify.notes import match_notes

OPEN = MatchStatus.NOT_COMPARABLE
PDQ = replace(match_of(MatchStatus.MATCH), distance=120)
GRID = GridEvidence(
    status=MatchStatus.PARTIAL, log10_p=-17.25, agreement=0.934, covered=0.238, offsets=24
)


@pytest.mark.parametrize(
    ("match", "said", "unsaid"),
    [
        (PDQ, "PDQ distance 120 of 256 (upright); same at most 31, other from 85", "grid"),
        (replace(PDQ, whole=False), "PDQ does not apply", "120"),
        (replace(PDQ, whole=False, distance=20), "PDQ distance 20", "apply"),
        (replace(PDQ, grid=GRID), "24% of the issued picture recognised", "not compared"),
        (replace(PDQ, grid=GRID), "chance 10^-17.2, agreement 0.93", "not compared"),
        (
            replace(PDQ, grid=GridEvidence(status=OPEN, detail="no key")),
            "grid not compared: no key",
            "chance",
        ),
        (
            replace(PDQ, grid=replace(GRID, status=OPEN, detail="agrees, but repeats itself")),
            "(agrees, but repeats itself)",
            "recognised",
        ),
        (replace(PDQ, grid=replace(GRID, status=MatchStatus.MISMATCH)), "grid chance", "recognis"),
    ],
)
def test_the_detail_has_the_numbers_that_were_used(match, said, unsaid):
    detail = "; ".join(map(str, match_notes(match)))
    assert said in detail
    assert unsaid not in detail
