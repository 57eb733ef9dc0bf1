"""A glance at a picture: may it hold a public payload at all?

Nearly no picture does, and `public_payload.search` takes long to say so. Here every second group of
block rows is looked at, in whole numbers of 8 bits, and correlated with the payloads as they stand;
where that shows something, so are all of them. `docs/audit-depths.md` says how many unmarked
pictures pass and which marks are lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

#: Score from which the picture is looked at further.
GATE: Final = 3.25
_GROUP: Final = 8  # block rows that are looked at together; as many are left out
_WHITE: Final = 255
_READINGS: Final = 8  # two orders of the channels, plain or sharpened, each in two dialects
_RADIUS: Final = 512  # of the circle of points, in whole numbers
#: `SHARPEN` in whole 64ths: all sums are exact, whoever adds them up.
_SHARPEN: Final = np.array([3, -16, 90, -16, 3], dtype=np.float32) / 64
#: OpenCV's U of pixels in the order B, G, R, and of those by mistake taken for it.
_CONVERSIONS: Final = (cv2.COLOR_RGB2YUV, cv2.COLOR_BGR2YUV)

Exact = npt.NDArray[np.float64]
Waves = npt.NDArray[np.int32]
Payloads = tuple[tuple[int, ...], ...]
T = TypeVar("T", bound=np.generic)


def shows(rgb: Pixels, payloads: Sequence[PublicPayload]) -> bool:
    """Whether half of the blocks, and then all, agree well enough with any of the payloads.

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
    bits = tuple(payload.bits for payload in payloads)
    return all(_show(rgb, bits, _Blocks(rows, columns, every)) for every in (2, 1))


@dataclass(frozen=True, slots=True)
class _Blocks:
    """The blocks of a picture that are looked at: one group of rows of `every`."""

    rows: int
    columns: int
    every: int

    @property
    def groups(self) -> Iterator[tuple[int, int]]:
        """First row and the row after the last, of each group."""
        for first in range(0, self.rows, _GROUP * self.every):
            yield first, min(first + _GROUP, self.rows)

    def of(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """Of values by payload place (L,), those of these blocks: (blocks,)."""
        of_all = np.tile(values, -(-self.rows * self.columns // len(values)))
        by_row = of_all[: self.rows * self.columns].reshape(self.rows, self.columns)
        return np.concatenate([by_row[first:last] for first, last in self.groups]).ravel()


def _show(rgb: Pixels, payloads: Payloads, blocks: _Blocks) -> bool:
    waves = _waves(_half(rgb, blocks))
    ones, total, power = _sums(waves, payloads, blocks)
    for payload, sums in zip(payloads, ones, strict=True):
        mean, deviation = _moments(payload)
        scores = _scores((sums - mean * total) / deviation, power)
        reading = int(scores.argmax())
        if scores[reading] >= GATE:
            place = blocks.of(np.arange(len(payload)))
            places = _by_place(waves[:, :, reading].T, place, len(payload))
            agreement = places @ (np.array(payload) - mean) / deviation
            if _scores(agreement[:, None], (places**2).sum(axis=1)[:, None])[0] >= GATE:
                return True
    return False


def _scores(agreement: Exact, power: Exact) -> Exact:
    """Length of agreements (2, readings) over its deviation, by power (2, readings)."""
    noise = np.sqrt(power.sum(axis=0) / 2 + 1e-6)
    return np.asarray(np.hypot(*agreement) / noise)


@lru_cache(maxsize=16)
def _moments(bits: tuple[int, ...]) -> tuple[float, float]:
    """Mean and standard deviation of a payload's bits."""
    return float(np.mean(bits)), float(np.std(bits))


@lru_cache(maxsize=4)
def _joined(payloads: Payloads) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """All bits of payloads, uint8, and how many each has, int32."""
    lengths = np.array([len(bits) for bits in payloads], dtype=np.int32)
    return np.concatenate(payloads).astype(np.uint8), lengths


def _sums(waves: Waves, payloads: Payloads, blocks: _Blocks) -> tuple[Exact, Exact, Exact]:
    """Sums of the waves where each payload has a 1, of all, and of their squares.

    Returns:
        float64 (payloads, 2, readings), (2, readings) and (2, readings), whole numbers.
    """
    with_all = (*payloads, (1,))
    if native is not None:
        sums = np.empty((len(with_all) + 1, *waves.shape[1:]), dtype=np.int64)
        run = _GROUP * blocks.columns
        native.payload_sums(waves, *_joined(with_all), sums, run, run * blocks.every)
        found = sums.astype(np.float64)
    else:
        flat = waves.reshape(len(waves), -1).astype(np.float64)
        ones = np.stack([blocks.of(np.array(bits, dtype=np.float64)) for bits in with_all])
        found = np.concatenate([ones @ flat, (flat**2).sum(axis=0)[None]])
        found = found.reshape(-1, *waves.shape[1:])
    return found[:-2], found[-2], found[-1]


def _by_place(waves: Waves, place: npt.NDArray[np.intp], length: int) -> Exact:
    """Mean of the blocks of each payload place, less the mean of all: float64 (2, L)."""
    count = np.maximum(np.bincount(place, minlength=length), 1)
    mean = np.stack([np.bincount(place, wave, minlength=length) for wave in waves]) / count
    return np.asarray(mean - mean.mean(axis=1, keepdims=True))


def _half(rgb: Pixels, blocks: _Blocks) -> Pixels:
    """Means of 2x2 pixels of the groups that are looked at: uint8 (h, W / 2, 3)."""
    width, groups = CELL * blocks.columns, tuple(blocks.groups)
    made = np.empty((CELL * sum(last - first for first, last in groups), width, 3), dtype=np.uint8)
    start = 0
    for first, last in groups:
        part = rgb[first * BLOCK : last * BLOCK, : blocks.columns * BLOCK]
        stop = start + (last - first) * CELL
        cv2.resize(part, (width, stop - start), made[start:stop], interpolation=cv2.INTER_AREA)
        start = stop
    return made


def _waves(half: Pixels) -> Waves:
    """Cosine and sine of the place of each block in the step, less what is common to a window.

    What is common to a row of blocks is picture, not payload. Whole numbers, so that all sums are
    exact, whoever adds them up: a step has the radius `WINDOW` * `_RADIUS`.

    Returns:
        int32 (blocks, 2, readings).
    """
    height, width = half.shape[:2]
    waves = np.empty((height * width // CELL**2, 2, _READINGS), dtype=np.int32)
    if native is not None:
        native.block_waves(half, _circle(), waves, height, width, WINDOW)
        return waves
    points = _circle()[:, np.stack(_numbers(half))].reshape(2 * _READINGS, -1)
    mean = cv2.blur(points.astype(np.float64), (WINDOW, 1), borderType=cv2.BORDER_REFLECT)
    common = np.rint(np.asarray(mean) * WINDOW).astype(np.int32)
    waves[:] = (WINDOW * points - common).T.reshape(waves.shape)
    return waves


@lru_cache(maxsize=1)
def _circle() -> npt.NDArray[np.int32]:
    """Cosine and sine of each number that a block may have: int32 (2, 511)."""
    angle = np.arange(2 * _WHITE + 1) * (2 * np.pi / STEP)
    points = np.rint(_RADIUS * np.stack([np.cos(angle), np.sin(angle)]))
    return np.asarray(points, dtype=np.int32)


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
