"""A glance at half of a picture: may it hold a public payload at all?

Nearly no picture does, and `public_payload.search` looks at every pixel in eight readings. Here
every second group of block rows is looked at, in whole numbers of 8 bits, and correlated with the
payloads as they stand. `docs/audit-depths.md` says how many unmarked pictures pass and which marks
are lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.markers.catalogue import PublicPayload
from provenance.markers.public_payload import (
    BLOCK,
    CELL,
    CENTRES,
    SHARPEN,
    STEP,
    WINDOW,
    Pixels,
)

#: Score from which the whole picture is looked at.
GATE: Final = 3.5
_GROUP: Final = 8  # block rows that are looked at together; as many are left out
_MIDDLE: Final = 128.0  # where OpenCV puts the zero of an 8-bit U
_WHITE: Final = 255
#: OpenCV's U of pixels in the order B, G, R, and of those by mistake taken for it.
_CONVERSIONS: Final = (cv2.COLOR_RGB2YUV, cv2.COLOR_BGR2YUV)

Floats = npt.NDArray[np.float32]


def shows(rgb: Pixels, payloads: Sequence[PublicPayload]) -> bool:
    """Whether the whole of a picture is worth a search; see `score`."""
    return min(rgb.shape[:2]) >= BLOCK and score(rgb, payloads) >= GATE


def score(rgb: Pixels, payloads: Sequence[PublicPayload]) -> float:
    """How well half of the blocks agree with the best of the payloads.

    The correlation of payload and points, in any common turn of the points, over its standard
    deviation for fair signs.

    Args:
        rgb: uint8 (H, W, 3), both sides at least a block.
        payloads: what to look for; at least one.
    """
    rows, columns = rgb.shape[0] // BLOCK, rgb.shape[1] // BLOCK
    angle = np.stack(_sizes(_half(rgb, rows, columns)))
    angle *= np.float32(2 * np.pi / STEP)
    waves = np.concatenate([np.cos(angle), np.sin(angle)])
    # What is common to a row of blocks is picture, not payload.
    waves -= np.asarray(cv2.blur(waves, (WINDOW, 1), borderType=cv2.BORDER_REFLECT))
    sums = _signs(payloads, rows, columns) @ waves.T  # the other way round is far slower
    power = np.einsum("rb,rb->r", waves, waves)
    readings = len(angle)
    length = np.hypot(sums[:, :readings], sums[:, readings:])
    noise = np.sqrt((power[:readings] + power[readings:]) / 2 + 1e-6)
    return float((length / noise).max())


def _looked_at(rows: int) -> npt.NDArray[np.bool_]:
    return np.asarray(np.arange(rows) // _GROUP % 2 == 0)


def _signs(payloads: Sequence[PublicPayload], rows: int, columns: int) -> Floats:
    """Sign of each block that is looked at, mean 0 and power 1: float32 (payloads, blocks)."""
    looked_at, blocks = _looked_at(rows), rows * columns
    found = []
    for payload in payloads:
        sign = np.array(payload.bits, dtype=np.float32)
        sign -= sign.mean()
        sign /= sign.std()
        whole = np.tile(sign, blocks // len(sign) + 1)[:blocks]
        found.append(whole.reshape(rows, columns)[looked_at].ravel())
    return np.stack(found)


def _half(rgb: Pixels, rows: int, columns: int) -> Pixels:
    """Means of 2x2 pixels of the groups that are looked at: uint8 (h, W / 2, 3)."""
    cells, width = CELL * int(_looked_at(rows).sum()), CELL * columns
    made = np.empty((cells, width, 3), dtype=np.uint8)
    for number, first in enumerate(range(0, rows, 2 * _GROUP)):
        last = min(first + _GROUP, rows)
        part = rgb[first * BLOCK : last * BLOCK, : columns * BLOCK]
        size = (width, (last - first) * CELL)
        start = number * _GROUP * CELL
        made[start : start + size[1]] = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return made


def _sizes(half: Pixels) -> list[Floats]:
    """The quantised number of each block in each reading: float32 (blocks,) each."""
    sharpen = (SHARPEN / SHARPEN.sum()).astype(np.float32)
    found = []
    for conversion in _CONVERSIONS:
        plane = cv2.extractChannel(cv2.cvtColor(half, conversion), 1)
        sharp = cv2.sepFilter2D(plane, -1, sharpen, sharpen, borderType=cv2.BORDER_REPLICATE)
        for read in (plane, sharp):
            values = np.asarray(read, dtype=np.uint8)
            most, least = (_extreme(values, pick, bound) for pick, bound in _EXTREMES)
            found += [np.maximum(most + c, -(least + c)) for c in map(np.float32, CENTRES.values())]
    return found


_EXTREMES: Final = ((np.maximum, 0), (np.minimum, _WHITE))


def _extreme(plane: npt.NDArray[np.uint8], pick: np.ufunc, bound: int) -> Floats:
    """Largest or least of each block but its first, in Haar's units: float32 (blocks,)."""
    plane[::CELL, ::CELL] = bound  # the block's first coefficient is never used
    rows = pick(pick(plane[0::4], plane[1::4]), pick(plane[2::4], plane[3::4]))
    best = pick(pick(rows[:, 0::4], rows[:, 1::4]), pick(rows[:, 2::4], rows[:, 3::4]))
    return np.asarray(2 * (best.astype(np.float32) - np.float32(_MIDDLE)), np.float32).ravel()
