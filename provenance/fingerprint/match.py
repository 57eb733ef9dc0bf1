"""Content match: is the questioned picture the one that was issued?

A mark can be copied from one picture to another, so a mark alone names nobody. The
record's fingerprint has to agree with the picture too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.fingerprint.pdq import CONFIDENT_DISTANCE, MIN_QUALITY, spectrum
from provenance.model.evidence import ContentMatchEvidence, MatchStatus
from provenance.model.generation import Fingerprint

#: Distances of two unrelated pictures are close to Binomial(256, 1/2), taken eight times
#: (orientations). P(min of 8 < 85) is about 3e-7; from there on it is another picture,
#: or one whose geometry was changed in a way that PDQ does not follow.
MISMATCH_DISTANCE: Final = 85


def compare(rgb: npt.NDArray[np.uint8], issued: Fingerprint) -> ContentMatchEvidence:
    """Compare an image with the fingerprint in its record, in all eight orientations.

    Between the two thresholds nothing is concluded, and nothing at all where either
    picture has too little structure for its fingerprint to mean something.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B: the questioned image.
        issued: what the registry holds.
    """
    return next(compare_all(rgb, (issued,)))


def compare_all(
    rgb: npt.NDArray[np.uint8], issued: Iterable[Fingerprint]
) -> Iterator[ContentMatchEvidence]:
    """Compare an image with many fingerprints: what `compare` says of each, in their order.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B: the questioned image.
        issued: what the registry holds.
    """
    questioned = spectrum(rgb)
    orientations = questioned.orientations()
    for record in issued:
        yield _compared(orientations, questioned.quality, record)


def _compared(
    orientations: Mapping[str, Fingerprint], quality: int, issued: Fingerprint
) -> ContentMatchEvidence:
    orientation, distance = min(
        ((name, issued.distance(found)) for name, found in orientations.items()),
        key=lambda pair: pair[1],
    )
    quality = min(issued.quality, quality)
    if distance <= CONFIDENT_DISTANCE:
        status = MatchStatus.MATCH
    elif distance >= MISMATCH_DISTANCE:
        status = MatchStatus.MISMATCH
    else:
        status = MatchStatus.NOT_COMPARABLE
    if quality < MIN_QUALITY:
        status = MatchStatus.NOT_COMPARABLE
    return ContentMatchEvidence(
        status=status,
        distance=distance,
        match_at_most=CONFIDENT_DISTANCE,
        mismatch_at_least=MISMATCH_DISTANCE,
        quality=quality,
        orientation=orientation,
    )
