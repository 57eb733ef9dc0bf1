"""One answer from two comparisons, and what the mark's geometry says about PDQ."""

from __future__ import annotations

import math
from typing import Final

from provenance.fingerprint.pdq import MIN_QUALITY
from provenance.model.evidence import (
    ContentMatchEvidence,
    GridEvidence,
    MarkGeometry,
    MatchStatus,
)

#: Area of the canonical frame is the square of this; `MarkGeometry` counts in its pixels.
CANONICAL_SIDE: Final = 512.0
_SIDE_TOLERANCE: Final = 0.03  # share of a side by which a whole picture may differ
_ANGLE_TOLERANCE: Final = 1.5  # degrees
_PLACE_TOLERANCE: Final = 16.0  # canonical pixels by which its corner may miss the tile's


def combine(pdq: ContentMatchEvidence, grid: GridEvidence | None, *, whole: bool) -> MatchStatus:
    """The status of a content match.

    The grid is the sharper one, so what it recognises counts. Where it sees another picture
    and PDQ sees one that is at least alike, the geometry may be wrong and nothing is concluded.
    Where the grid cannot tell, PDQ is left: it may recognise anything, but it can call only a
    whole picture another one, and not one whose cells are consistent with the record.

    Args:
        pdq: what PDQ alone says.
        grid: what the grid says; None where the record holds none that can be opened.
        whole: False where the mark's geometry says that this is a part, or turned.
    """
    status = grid.status if grid else MatchStatus.NOT_COMPARABLE
    if status in (MatchStatus.MATCH, MatchStatus.PARTIAL):
        return status
    if status is MatchStatus.MISMATCH:
        alike = pdq.quality >= MIN_QUALITY and pdq.distance < pdq.mismatch_at_least
        return MatchStatus.NOT_COMPARABLE if alike else status
    open_ = not whole or (grid is not None and grid.consistent)
    if pdq.status is MatchStatus.MISMATCH and open_:
        return MatchStatus.NOT_COMPARABLE
    return pdq.status


def is_whole(
    geometry: MarkGeometry | None, questioned: tuple[int, int], issued: tuple[int, int]
) -> bool:
    """True unless the geometry says that PDQ sees something else than the issued picture.

    PDQ undoes mirrors and quarter turns itself, and any resizing.

    Args:
        geometry: where the mark lies; None where nobody knows.
        questioned: width and height of the questioned picture.
        issued: width and height of the issued one.
    """
    if geometry is None:
        return True
    across, down = (
        math.hypot(x, y) * side
        for x, y, side in (
            (geometry.xx, geometry.yx, questioned[0]),
            (geometry.xy, geometry.yy, questioned[1]),
        )
    )
    angles = (math.atan2(geometry.yx, geometry.xx), math.atan2(geometry.yy, geometry.xy))
    quarters = [angle / (math.pi / 2) for angle in angles]
    if any(abs(turn - round(turn)) * 90 > _ANGLE_TOLERANCE for turn in quarters):
        return False
    if round(quarters[0]) % 2:
        across, down = down, across
    scale = CANONICAL_SIDE / math.sqrt(issued[0] * issued[1])
    pairs = zip((across, down), issued, strict=True)
    if any(abs(found / (side * scale) - 1) > _SIDE_TOLERANCE for found, side in pairs):
        return False
    return all(
        abs(place - round(place / geometry.tile) * geometry.tile) <= _PLACE_TOLERANCE
        for place in _corner(geometry, questioned)
    )


def _corner(geometry: MarkGeometry, size: tuple[int, int]) -> tuple[float, float]:
    """Least place in the canonical frame, from the edge of its first pixel, in both axes."""
    places = [
        (
            geometry.xx * x + geometry.xy * y + geometry.dx + 0.5,
            geometry.yx * x + geometry.yy * y + geometry.dy + 0.5,
        )
        for x in (-0.5, size[0] - 0.5)
        for y in (-0.5, size[1] - 0.5)
    ]
    return min(x for x, _ in places), min(y for _, y in places)
