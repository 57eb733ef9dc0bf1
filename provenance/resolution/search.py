"""From a picture to records: search by fingerprint, without a mark and without a manifest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from provenance.errors import ArgumentError
from provenance.fingerprint.match import MISMATCH_DISTANCE
from provenance.fingerprint.pdq import CONFIDENT_DISTANCE, MIN_QUALITY
from provenance.fingerprint.search import View, nearest, views
from provenance.registry import FingerprintReader


class Among(StrEnum):
    """Which fingerprints of the registry are searched."""

    RECORDS = "similar-to"  # of the pictures that were issued
    PARENTS = "made-from"  # of the files that they were made from


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stored fingerprint near the picture: similar, never proof.

    `position` is that of the parent in its record, None where the record's own file is near.
    `distance` in bits, of the nearest view of the questioned picture.
    """

    record_id: str
    position: int | None
    distance: int
    view: View


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """All candidates, the nearest first, and what they were found among.

    `searched` counts the stored fingerprints that were compared, `left_out` those with too
    little structure for it: pictures behind them cannot be found this way.
    """

    candidates: tuple[Candidate, ...]
    within: int
    quality: int
    searched: int
    left_out: int


def search(
    reader: FingerprintReader,
    rgb: npt.NDArray[np.uint8],
    among: Among,
    *,
    within: int = CONFIDENT_DISTANCE,
) -> Search:
    """Every stored fingerprint within a distance of a picture, or of a view of it.

    Memory is bounded by what is found, not by what is stored.

    Args:
        reader: the registry.
        rgb: uint8 (H, W, 3), order R, G, B: the picture that is searched for.
        among: pictures that were issued, or files that they were made from.
        within: greatest distance in bits, 0..84; from 85 on unrelated pictures are near.

    Raises:
        ArgumentError: `within` is out of range, or the picture has too little structure.
        RegistryError: the registry cannot be read.
    """
    if not 0 <= within < MISMATCH_DISTANCE:
        raise ArgumentError(
            f"a distance of {within} bits is not searched for",
            hint=f"0 to {MISMATCH_DISTANCE - 1}; {CONFIDENT_DISTANCE} and less is confident",
        )
    asked = views(rgb)
    questions = [view.fingerprint for view in asked]
    pages = reader.fingerprint_pages(parents=among is Among.PARENTS)
    candidates: list[Candidate] = []
    searched = left_out = 0
    for page in pages:
        good = [stored for stored in page if stored.quality >= MIN_QUALITY]
        searched += len(good)
        left_out += len(page) - len(good)
        distance, which = nearest(questions, b"".join(stored.pdq for stored in good))
        candidates += [
            Candidate(
                record_id=good[index].record_id,
                position=good[index].position,
                distance=int(distance[index]),
                view=asked[which[index]],
            )
            for index in np.flatnonzero(distance <= within)
        ]
    return Search(
        candidates=tuple(sorted(candidates, key=_order)),
        within=within,
        quality=questions[0].quality,
        searched=searched,
        left_out=left_out,
    )


def _order(candidate: Candidate) -> tuple[int, str, int]:
    return candidate.distance, candidate.record_id, candidate.position or 0
