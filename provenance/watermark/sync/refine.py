"""Sharpening of candidate geometries on the power of the spectrum, many at once.

1. Mean shift: around the place where each line should be, the centre of mass of the power under a
   shrinking Gaussian window gives a displacement; the least-squares 2 x 2 matrix that explains all
   32 corrects the candidate.
2. A separable parabola over scale, rotation, stretch and shear.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers.lattice import Band
from provenance.watermark.sync.candidates import Matrices, sync_frequencies
from provenance.watermark.sync.spectrum import COLUMNS, SIZE, K

WINDOWS: Final = (3.0, 2.2, 1.6, 1.3)  # standard deviations, cells
STEPS: Final = (0.003, 0.0015)
_RADIUS: Final = 3
_OVERSHOOT: Final = 1.5
_OFFSETS: Final = np.arange(-_RADIUS, _RADIUS + 1, dtype=np.float32)
#: Scale, rotation, stretch and shear, as small changes of a matrix.
_DIRECTIONS: Final = np.array(
    [[[1, 0], [0, 1]], [[0, -1], [1, 0]], [[1, 0], [0, -1]], [[0, 1], [1, 0]]], dtype=float
)
_TRIED: Final = np.concatenate([np.zeros((1, 2, 2)), _DIRECTIONS, -_DIRECTIONS])

Plane = npt.NDArray[np.float32]


def mean_shift(
    power: Plane, matrices: Matrices, band: Band, windows: tuple[float, ...] = WINDOWS
) -> Matrices:
    """Candidates after mean shift: float64 (n, 2, 2)."""
    frequency = sync_frequencies(band) * SIZE
    flat = power.ravel()
    patch = (_OFFSETS[:, None] * COLUMNS + _OFFSETS[None]).astype(np.int32).ravel()
    side = len(_OFFSETS)
    for window in windows:
        place, sign = _half_plane(matrices, frequency)
        signed = frequency[None] * sign[..., None]
        cell = np.rint(place).astype(np.int32)
        inside = (cell[..., 0] <= K - _RADIUS) & (np.abs(cell[..., 1]) <= K - _RADIUS)
        column = np.clip(cell[..., 0], _RADIUS, K - _RADIUS)
        row = np.clip(cell[..., 1], _RADIUS - K, K - _RADIUS)
        dx = (column - place[..., 0]).astype(np.float32)
        dy = (row - place[..., 1]).astype(np.float32)
        weight = flat[((row + K) * COLUMNS + column)[..., None] + patch] - np.float32(1)
        weight = np.maximum(weight, 0).reshape(*weight.shape[:2], side, side)
        factor = np.float32(-0.5 / window**2)
        across = np.exp(factor * (dx[..., None] + _OFFSETS) ** 2)
        down = np.exp(factor * (dy[..., None] + _OFFSETS) ** 2)
        by_row = np.einsum("nkyx,nkx->nky", weight, across) * down
        by_column = np.einsum("nkyx,nky->nkx", weight, down) * across
        mass = by_column.sum(-1)
        total = mass * inside + 1e-3
        pull_x = (by_column @ _OFFSETS + dx * mass) * inside
        pull_y = (by_row @ _OFFSETS + dy * mass) * inside
        normal = np.einsum("nk,nki,nkj->nij", total, signed, signed)
        moment = np.einsum("nki,nkj->nij", np.stack([pull_x, pull_y], -1), signed)
        change = np.linalg.solve(normal, moment.transpose(0, 2, 1)).transpose(0, 2, 1)
        matrices = matrices + _OVERSHOOT * change
    return matrices


def line_power(power: Plane, band: Band, matrices: Matrices) -> npt.NDArray[np.float32]:
    """Sum of the power at the 32 lines, bilinear: float32 (n,)."""
    place, _ = _half_plane(matrices, sync_frequencies(band) * SIZE)
    x = np.clip(place[..., 0], 0, K - 1.01)
    y = np.clip(place[..., 1] + K, 0, 2 * K - 1.01)
    column, row = x.astype(np.int32), y.astype(np.int32)
    fx, fy = (x - column).astype(np.float32), (y - row).astype(np.float32)
    flat, cell = power.ravel(), row * COLUMNS + column
    upper = flat[cell] * (1 - fx) + flat[cell + 1] * fx
    lower = flat[cell + COLUMNS] * (1 - fx) + flat[cell + COLUMNS + 1] * fx
    total: npt.NDArray[np.float32] = (upper * (1 - fy) + lower * fy).sum(axis=1)
    return total


def parabola(
    matrices: Matrices,
    value: Callable[[Matrices], npt.NDArray[np.floating]],
    steps: tuple[float, ...] = STEPS,
) -> Matrices:
    """Climb along the four directions.

    Args:
        matrices: float64 (n, 2, 2).
        value: of float64 (9 n, 2, 2) matrices, nine in a row for each candidate.
        steps: relative changes, one round for each.
    """
    count = len(matrices)
    for step in steps:
        tried = matrices[:, None] + step * np.einsum("gij,njk->ngik", _TRIED, matrices)
        values = value(tried.reshape(-1, 2, 2)).reshape(count, len(_TRIED))
        here, plus, minus = values[:, :1], values[:, 1:5], values[:, 5:]
        curvature = plus - 2 * here + minus
        peak = -0.5 * (plus - minus) / np.minimum(curvature, -1e-6)
        move = np.where(curvature < -1e-6, peak, np.sign(plus - minus))
        move = np.clip(move, -1.2, 1.2)
        matrices = matrices + step * np.einsum("ng,gij,njk->nik", move, _DIRECTIONS, matrices)
    return matrices


def _half_plane(
    matrices: Matrices, frequency: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Places of the lines, turned into the half plane that is stored, and the sign of the turn."""
    place = np.einsum("nij,kj->nki", matrices, frequency)
    sign = np.where(place[..., 0] < 0, -1.0, 1.0)
    return place * sign[..., None], sign
