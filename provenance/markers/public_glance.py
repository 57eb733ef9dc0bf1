"""A glance at half of a picture: may it hold a public payload at all?

Nearly no picture does, and `public_payload.search` looks at every pixel in eight readings. Here
every second group of block rows is looked at, in whole numbers of 8 bits, and correlated with the
payloads as they stand. `docs/audit-depths.md` says how many unmarked pictures pass and which marks
are lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from provenance.kernels import native
from provenance.markers.catalogue import PublicPayload
from provenance.markers.public_payload import (
    BLOCK,
    CELL,
    STEP,
    WINDOW,
    Pixels,
)

#: Score from which the whole picture is looked at.
GATE: Final = 3.25
_GROUP: Final = 8  # block rows that are looked at together; as many are left out
_WHITE: Final = 255
_READINGS: Final = 8  # two orders of the channels, plain or sharpened, each in two dialects
#: `SHARPEN` in whole 64ths: all sums are exact, whoever adds them up.
_SHARPEN: Final = np.array([3, -16, 90, -16, 3], dtype=np.float32) / 64
#: OpenCV's U of pixels in the order B, G, R, and of those by mistake taken for it.
_CONVERSIONS: Final = (cv2.COLOR_RGB2YUV, cv2.COLOR_BGR2YUV)

Floats = npt.NDArray[np.float32]
T = TypeVar("T", bound=np.generic)


def shows(rgb: Pixels, payloads: Sequence[PublicPayload]) -> bool:
    """Whether half of the blocks agree well enough with any of the payloads.

    What is asked is the correlation of payload and points, in any common turn of the points, over
    its standard deviation for fair signs. Block by block that takes blocks for independent, and in
    columns of like blocks they are not; so the mean points of the payload's places are asked, too.

    Args:
        rgb: uint8 (H, W, 3).
        payloads: what to look for; at least one.
    """
    rows, columns = rgb.shape[0] // BLOCK, rgb.shape[1] // BLOCK
    if not rows or not columns:
        return False
    waves = _waves(_half(rgb, rows, columns))
    flat = waves.reshape(-1, waves.shape[2])
    signs = [_signs(payload.bits) for payload in payloads]
    by_block = np.stack([_at_blocks(sign, rows, columns) for sign in signs]) @ flat.T
    scores = _scores(by_block.reshape(len(signs), 2, -1), np.einsum("crb,crb->cr", waves, waves))
    for sign, of_readings in zip(signs, scores, strict=True):
        reading = int(of_readings.argmax())
        if of_readings[reading] >= GATE:
            place = _at_blocks(np.arange(len(sign)), rows, columns)
            places = _by_place(waves[:, reading], place, len(sign))
            agreement = (places @ sign)[None, :, None]
            if _scores(agreement, (places**2).sum(axis=1)[:, None])[0, 0] >= GATE:
                return True
    return False


def _scores(agreement: Floats, power: Floats) -> Floats:
    """Length of agreements (n, 2, readings) over its deviation, by power (2, readings)."""
    noise = np.sqrt(power.sum(axis=0) / 2 + 1e-6)
    return np.asarray(np.hypot(agreement[:, 0], agreement[:, 1]) / noise)


def _looked_at(rows: int) -> npt.NDArray[np.bool_]:
    return np.asarray(np.arange(rows) // _GROUP % 2 == 0)


@lru_cache(maxsize=16)
def _signs(bits: tuple[int, ...]) -> Floats:
    """Sign of each payload place, mean 0 and power 1: float32 (L,)."""
    sign = np.array(bits, dtype=np.float32)
    sign -= sign.mean()
    return np.asarray(sign / sign.std())


def _at_blocks(values: npt.NDArray[T], rows: int, columns: int) -> npt.NDArray[T]:
    """Of values by payload place (L,), those of the blocks that are looked at: (blocks,)."""
    of_all = np.tile(values, -(-rows * columns // len(values)))[: rows * columns]
    return of_all.reshape(rows, columns)[_looked_at(rows)].ravel()


def _by_place(waves: Floats, place: npt.NDArray[np.intp], length: int) -> Floats:
    """Mean of the blocks of each payload place, less the mean of all: float64 (2, L)."""
    count = np.maximum(np.bincount(place, minlength=length), 1)
    mean = np.stack([np.bincount(place, wave, minlength=length) for wave in waves]) / count
    return np.asarray(mean - mean.mean(axis=1, keepdims=True))


def _waves(half: Pixels) -> Floats:
    """Cosine and sine of the place of each block in the step: float32 (2, readings, blocks)."""
    waves = _points(half)
    flat = waves.reshape(-1, waves.shape[2])
    # What is common to a row of blocks is picture, not payload.
    flat -= np.asarray(cv2.blur(flat, (WINDOW, 1), borderType=cv2.BORDER_REFLECT))
    return waves


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


def _points(half: Pixels) -> Floats:
    """The same as it stands in the pixels."""
    height, width = half.shape[:2]
    points = np.empty((2, _READINGS, height * width // CELL**2), dtype=np.float32)
    if native is not None:
        native.block_points(half, _circle(), points, height, width)
    else:
        numbers = np.stack(_numbers(half))
        for part, values in zip(points, _circle(), strict=True):
            values.take(numbers, out=part)
    return points


@lru_cache(maxsize=1)
def _circle() -> Floats:
    """Cosine and sine of each number that a block may have: float32 (2, 511)."""
    angle = np.arange(2 * _WHITE + 1) * (2 * np.pi / STEP)
    return np.stack([np.cos(angle), np.sin(angle)]).astype(np.float32)


def _numbers(half: Pixels) -> list[npt.NDArray[np.int16]]:
    """The quantised number of each block in each reading: int16 (blocks,) each."""
    found = []
    for conversion in _CONVERSIONS:
        plane = cv2.extractChannel(cv2.cvtColor(half, conversion), 1)
        sharp = cv2.sepFilter2D(plane, -1, _SHARPEN, _SHARPEN, borderType=cv2.BORDER_REPLICATE)
        for read in (plane, sharp):
            values = np.asarray(read, dtype=np.uint8)
            # In Haar's units a value is 2 (U - 128) + centre; the largest size is at the largest
            # U or at the least.
            most, least = (_extreme(values, pick, bound) for pick, bound in _EXTREMES)
            found += [most, np.maximum(most - _WHITE, _WHITE - least)]
    return found


_EXTREMES: Final = ((np.maximum, 0), (np.minimum, _WHITE))


def _extreme(plane: npt.NDArray[np.uint8], pick: np.ufunc, bound: int) -> npt.NDArray[np.int16]:
    """Twice the largest or least of each block but its first: int16 (blocks,)."""
    plane[::CELL, ::CELL] = bound  # the block's first coefficient is never used
    rows = pick(pick(plane[0::4], plane[1::4]), pick(plane[2::4], plane[3::4]))
    best = pick(pick(rows[:, 0::4], rows[:, 1::4]), pick(rows[:, 2::4], rows[:, 3::4]))
    return np.asarray(2 * best.astype(np.int16)).ravel()
