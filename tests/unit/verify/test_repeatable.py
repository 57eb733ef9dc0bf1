"""A finding holds nothing of the clock."""

from __future__ import annotations

import pytest

from provenance.model.evidence import ManifestEvidence, ManifestStatus
from provenance.model.trust import TimeSource, Unproven, ValidityEvidence
from provenance.verify.notes import manifest_notes


@pytest.mark.parametrize("unproven", [None, *(item for item in Unproven if item.name != "LATER")])
def test_when_the_clock_was_read_is_not_in_the_notes(unproven: Unproven | None) -> None:
    def notes(at: str) -> list[object]:
        validity = ValidityEvidence(at=at, source=TimeSource.CLOCK, unproven=unproven)
        evidence = ManifestEvidence(status=ManifestStatus.EXPIRED, validity=validity)
        return list(manifest_notes(evidence))

    assert notes("2026-11-22T19:24:46Z") == notes("2026-11-22T19:24:47Z")
