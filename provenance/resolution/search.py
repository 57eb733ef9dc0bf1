"""From a picture to records: search by fingerprint, without a mark and without a manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

import numpy as np
import numpy.typing as npt

from provenance.errors import ArgumentError
from provenance.fingerprint.index import FingerprintIndex
from provenance.fingerprint.match import MISMATCH_DISTANCE
from provenance.fingerprint.pdq import CONFIDENT_DISTANCE, MIN_QUALITY
from provenance.fingerprint.search import View, nearest, views
from provenance.registry import FingerprintReader, StoredFingerprint
from provenance.resolution.index import check_index, confirmed, stored_pages


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
    little structure for it: pictures behind them cannot be found this way. `indexed` of those
    searched were looked up in the index, as many as were there when it was built; the others
    were read from the registry.
    """

    candidates: tuple[Candidate, ...]
    within: int
    quality: int
    searched: int
    left_out: int
    indexed: int


def search(
    reader: FingerprintReader,
    rgb: npt.NDArray[np.uint8],
    among: Among,
    *,
    within: int = CONFIDENT_DISTANCE,
    index: FingerprintIndex | None = None,
) -> Search:
    """Every stored fingerprint within a distance of a picture, or of a view of it.

    The candidates are the same with an index and without: what was committed after it was built
    is read from the registry, and what it finds counts only as far as the registry still has it.
    Memory is bounded by what is found, not by what is stored.

    Args:
        reader: the registry.
        rgb: uint8 (H, W, 3), order R, G, B: the picture that is searched for.
        among: pictures that were issued, or files that they were made from.
        within: greatest distance in bits, 0..84; from 85 on unrelated pictures are near.
        index: of this registry, see `build_index`; without one all fingerprints are read.

    Raises:
        ArgumentError: `within` is out of range, or the picture has too little structure.
        SearchIndexError: the index is not of this registry, or not of what it is now.
        RegistryError: the registry cannot be read.
    """
    if not 0 <= within < MISMATCH_DISTANCE:
        raise ArgumentError(
            f"a distance of {within} bits is not searched for",
            hint=f"0 to {MISMATCH_DISTANCE - 1}; {CONFIDENT_DISTANCE} and less is confident",
        )
    asked = views(rgb)
    questions = [view.fingerprint for view in asked]
    parents = among is Among.PARENTS
    candidates: list[Candidate] = []
    indexed = left_out = after = 0
    if index is None:
        horizon = reader.fingerprint_horizon()
    else:
        horizon = check_index(index, reader)
        part = index.parents if parents else index.own
        for found in confirmed(part, reader, part.near(questions, within)):
            candidates += _near(found, asked, within)
        indexed, left_out, after = len(part.ids), part.left_out, index.header.horizon
    searched = indexed
    for page in chain(
        stored_pages(reader, parents=parents, after=after, horizon=horizon),
        reader.fingerprint_pages(parents=parents, after=horizon),  # committed meanwhile
    ):
        good = [stored for stored in page if stored.quality >= MIN_QUALITY]
        searched += len(good)
        left_out += len(page) - len(good)
        candidates += _near(good, asked, within)
    return Search(
        candidates=tuple(sorted(candidates, key=_order)),
        within=within,
        quality=questions[0].quality,
        searched=searched,
        left_out=left_out,
        indexed=indexed,
    )


def _near(
    stored: Sequence[StoredFingerprint], asked: Sequence[View], within: int
) -> list[Candidate]:
    """Those within the distance, each with the view that it is nearest to."""
    questions = [view.fingerprint for view in asked]
    distance, which = nearest(questions, b"".join(each.pdq for each in stored))
    return [
        Candidate(
            record_id=stored[number].record_id,
            position=stored[number].position,
            distance=int(distance[number]),
            view=asked[which[number]],
        )
        for number in np.flatnonzero(distance <= within).tolist()
    ]


def _order(candidate: Candidate) -> tuple[int, str, int]:
    return candidate.distance, candidate.record_id, candidate.position or 0
