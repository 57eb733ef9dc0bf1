"""Candidates for the geometry, from the power of the spectrum alone.

A geometry is a 2 x 2 matrix A that takes frequencies of the mark (cycles per canonical pixel) to
frequencies of the picture at hand (cycles per working pixel). Where A is right, all 32
synchronisation lines fall on strong cells. Three families are scanned:

* similarities (rotation, scale, mirror): in log-polar coordinates they are shifts, so the score of
  all of them is a sum of 32 shifted copies of the log-polar map (compare B. S. Reddy and
  B. N. Chatterji, "An FFT-based technique for translation, rotation, and scale-invariant image
  registration", IEEE Trans. Image Processing 5(8), 1996);
* unequal scales of the two axes, without rotation;
* both together, for a grid of aspects (`stretched`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, cast

import cv2
import numpy as np
import numpy.typing as npt

from provenance.kernels import native
from provenance.watermark.carriers.lattice import SYNC_LINES, Band, lattice
from provenance.watermark.sync.spectrum import COLUMNS, SIZE, K

#: Log-polar map: cells, and least and largest frequency.
_RADII: Final = 384
_ANGLES: Final = 384
_LEAST: Final = 0.02
_MOST: Final = 0.45
_STEP: Final = float(np.log(_MOST / _LEAST) / _RADII)
#: Scales of the mark that are looked for, working pixels per canonical pixel.
SCALES: Final = (0.385, 2.52)
_APART: Final = 4  # cells around a chosen candidate that give no other
_AXIS_STEP: Final = 0.012
_ASPECT_STEP: Final = 0.02
_ASPECT: Final = 0.28  # log of the largest ratio of the two scales
_ASPECT_APART: Final = 0.03

Plane = npt.NDArray[np.float32]
Power = npt.NDArray[np.float32] | npt.NDArray[np.uint8]
Sums = npt.NDArray[np.float32] | npt.NDArray[np.uint16]
Matrices = npt.NDArray[np.float64]


def sync_frequencies(band: Band) -> npt.NDArray[np.float64]:
    """float64 (32, 2)."""
    grid = lattice(band)
    return grid.frequencies[grid.sync]


def rotations(scale: npt.ArrayLike, angle: npt.ArrayLike, mirrored: npt.ArrayLike) -> Matrices:
    """Matrices of similarities: float64 (n, 2, 2).

    Args:
        scale: working pixels per canonical pixel.
        angle: radians.
        mirrored: True for a mirror image.
    """
    scale, angle = np.asarray(scale, dtype=float), np.asarray(angle, dtype=float)
    flip = np.where(np.asarray(mirrored), -1.0, 1.0)
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    return np.stack(
        [np.stack([cosine, -sine * flip], -1), np.stack([sine, cosine * flip], -1)], axis=-2
    )


# --- similarities ------------------------------------------------------------------


@lru_cache(maxsize=16)
def _polar_maps(aspect: float) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint16]]:
    radius = _LEAST * np.exp(_STEP * np.arange(_RADII))[:, None] * SIZE
    angle = (-np.pi / 2 + np.pi * np.arange(_ANGLES) / _ANGLES)[None]
    x = (np.cos(angle) * radius / aspect).astype(np.float32)
    y = (np.sin(angle) * radius + K).astype(np.float32)
    first, second = cv2.convertMaps(x, y, cv2.CV_16SC2)
    return first.astype(np.int16, copy=False), second.astype(np.uint16, copy=False)


@lru_cache(maxsize=32)
def _polar_cells(band: Band, aspect: float) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Radius cell (32,) and angle cells (2, 32), plain and mirrored, of the lines."""
    frequency = sync_frequencies(band) * np.array([1 / aspect, 1.0])
    radius = np.rint((np.log(np.hypot(*frequency.T)) - np.log(_LEAST)) / _STEP).astype(np.intp)
    angle = np.arctan2(frequency[:, 1], frequency[:, 0])
    cells = [np.rint((sign * angle + np.pi / 2) / np.pi * _ANGLES) for sign in (1, -1)]
    return radius, np.stack(cells).astype(np.intp) % _ANGLES


def polar_map(power: Power, aspect: float = 1.0) -> Power:
    """Log-polar map of the power, (radii, angles), in the type of the power."""
    first, second = _polar_maps(aspect)
    polar = cv2.remap(power, first, second, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cast("Power", polar)  # OpenCV keeps the type


def similarities(polar: Power, band: Band, count: int, aspect: float = 1.0) -> Matrices:
    """The best `count` similarities: float64 (count, 2, 2), best first.

    Args:
        polar: see `polar_map`.
        band: whose synchronisation lines are looked for.
        count: how many.
        aspect: the lines are taken as if the mark had been stretched by this before.
    """
    mean, deviation = cv2.meanStdDev(polar)
    level, spread = float(mean[0, 0]), max(float(deviation[0, 0]), 1e-6)
    radius, angles = _polar_cells(band, aspect)
    least, most = (int(-np.log(scale) / _STEP) for scale in reversed(SCALES))
    above = max(0, -(int(radius.min()) + least))
    below = max(0, int(radius.max()) + most - _RADII)
    kind = np.uint16 if polar.dtype == np.uint8 else np.float32  # 32 lines of 255 fit
    padded = cast("Sums", np.full((above + _RADII + below, 2 * _ANGLES), level, dtype=kind))
    padded[above : above + _RADII] = np.concatenate([polar, polar], axis=1)
    found = []
    for mirrored in (0, 1):
        shifts = np.stack([radius + above + least, angles[mirrored]], axis=1).astype(np.int32)
        summed = _shifted_sum(padded, shifts, most - least)
        total = (summed.astype(np.float32) - SYNC_LINES * level) / (np.sqrt(SYNC_LINES) * spread)
        for _ in range(count):
            row, column = divmod(int(total.argmax()), _ANGLES)
            scale = float(np.exp(-(least + row) * _STEP))
            found.append((float(total[row, column]), scale, column * np.pi / _ANGLES, mirrored))
            near = np.arange(column - _APART, column + _APART + 1) % _ANGLES
            total[max(0, row - _APART) : row + _APART + 1, near] = -np.inf
    found.sort(reverse=True)
    _, scales, turns, mirrors = zip(*found[:count], strict=True)
    return rotations(scales, turns, mirrors)


def _shifted_sum(padded: Sums, shifts: npt.NDArray[np.int32], height: int) -> Sums:
    """Sum of the parts of a map that begin at `shifts`: (height, angles) in the type of the map."""
    summed = np.zeros((height, _ANGLES), dtype=padded.dtype)
    if native is not None:
        pitch, size = padded.shape[1], padded.itemsize
        native.shifted_sum(padded, shifts, summed, pitch, _ANGLES, size)
    else:
        for row, column in shifts:
            part = padded[row : row + height, column : column + _ANGLES]
            cv2.add(summed, part, dst=summed)
    return summed


# --- unequal scales ----------------------------------------------------------------


@lru_cache(maxsize=2)
def _axis_cells(
    band: Band,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Scale pairs, float64 (n, 2), their logarithms, (2, n), and the cells: intp (2, 32, n)."""
    least, most = SCALES
    scale = np.exp(np.arange(np.log(least), np.log(most), _AXIS_STEP))[None]
    ratio = np.exp(np.arange(-_ASPECT, _ASPECT + 1e-6, _ASPECT_STEP))[:, None]
    pairs = np.stack([1 / (scale * np.sqrt(ratio)), np.sqrt(ratio) / scale], -1).reshape(-1, 2)
    frequency = sync_frequencies(band)
    sign = np.where(frequency[:, 0] < 0, -1, 1)
    x = np.rint(np.abs(frequency[:, :1] * pairs[None, :, 0]) * SIZE).astype(np.int32)
    cells = []
    for flip in (1, -1):
        y = frequency[:, 1:] * (sign * flip)[:, None] * pairs[None, :, 1]
        row = np.rint(y * SIZE).astype(np.int32)
        outside = (x > K) | (np.abs(row) > K)
        cells.append(np.where(outside, (2 * K + 1) * COLUMNS, (row + K) * COLUMNS + x))
    return pairs, np.log(pairs).T.copy(), np.stack(cells).astype(np.intp)


def unequal_scales(power: Plane, band: Band, count: int) -> Matrices:
    """The best `count` pairs of axis scales, mirrored or not: float64 (count, 2, 2)."""
    pairs, (across, down), cells = _axis_cells(band)
    padded = np.append(power.ravel(), np.float32(1))  # outside of the map: the mean
    found = []
    for mirrored in (0, 1):
        total = padded.take(cells[mirrored]).sum(axis=0)
        for _ in range(count):
            best = int(total.argmax())
            found.append((float(total[best]), mirrored, best))
            apart = np.maximum(np.abs(across - across[best]), np.abs(down - down[best]))
            total[apart < _ASPECT_APART] = -np.inf
    found.sort(reverse=True)
    return np.stack(
        [np.diag(pairs[best] * (-1.0 if flip else 1.0, 1.0)) for _, flip, best in found[:count]]
    )


# --- rotation together with aspect ---------------------------------------------------


def stretched(power: Plane, band: Band, aspects: tuple[float, ...], count: int) -> Matrices:
    """Rotation before or after a stretch, the best `count` for each aspect and order."""
    found = []
    polar = polar_map(power)
    for aspect in aspects:
        stretch = np.diag([1 / aspect, 1.0])
        after = similarities(polar_map(power, aspect), band, count)
        found.append(stretch @ after)
        before = similarities(polar, band, count, aspect)
        found.append(before @ stretch)
    return np.concatenate(found)


def scales_only(step: float, least: float, most: float) -> Matrices:
    """All scales of a range without rotation, mirrored or not: float64 (n, 2, 2)."""
    scale = np.exp(np.arange(np.log(least), np.log(most), step))
    both = [rotations(scale, np.zeros_like(scale), np.full(len(scale), m)) for m in (False, True)]
    # A mirror image is a flip of x, not of y; half a turn makes one from the other.
    both[1] = -both[1]
    return np.concatenate(both)
