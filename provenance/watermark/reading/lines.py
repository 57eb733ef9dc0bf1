"""Line values of a filtered plane whose geometry is right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers.lattice import SYNC_LINES, TILE, Lattice, Lines

Plane = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float32]


def fold(plane: Plane, tile: int = TILE) -> Plane:
    """Sum of all tiles: float32 (tile, tile). The mark adds up, the picture does not."""
    height, width = plane.shape
    rows, columns = -(-height // tile), -(-width // tile)
    if plane.shape != (rows * tile, columns * tile):
        whole = np.zeros((rows * tile, columns * tile), dtype=np.float32)
        whole[:height, :width] = plane
        plane = whole
    return np.asarray(folded(plane[None], tile)[0], dtype=np.float32)


def folded(planes: Plane, tile: int = TILE) -> Plane:
    """`fold` of planes of whole tiles: float32 (n, rows tile, columns tile) to (n, tile, tile)."""
    count, height, width = planes.shape
    tiles = planes.reshape(count, height // tile, tile, width // tile, tile).swapaxes(2, 3)
    total: Plane = tiles.reshape(count, -1, tile, tile).sum(axis=1)
    return total


def lines_of(plane: Plane, grid: Lattice) -> Lines:
    """Discrete Fourier transform of the folded plane at the lines: complex64 (L,)."""
    return lines_of_tiles(fold(plane), grid)


def lines_of_tiles(tiles: Plane, grid: Lattice) -> Lines:
    """Discrete Fourier transform at the lines: float32 (..., 128, 128) to complex64 (..., L)."""
    across = np.fft.rfft(tiles)[..., : int(grid.kx.max()) + 1]  # no line lies beyond
    spectrum = np.fft.fft(across, axis=-2)
    place = grid.ky % TILE * spectrum.shape[-1] + grid.kx
    lines = spectrum.reshape(*spectrum.shape[:-2], -1).take(place, axis=-1)
    return np.asarray(lines, dtype=np.complex64)


def noise_power(lines: Lines, grid: Lattice) -> Weights:
    """Noise power per real dimension of each line, as the mean of its ring: float32 (..., L)."""
    power = (lines.real**2 + lines.imag**2).reshape(-1, lines.shape[-1])
    rings = len(grid.ring_size)
    place = rings * np.arange(len(power))[:, None] + grid.ring
    total = np.bincount(place.ravel(), power.ravel(), minlength=rings * len(power))
    mean = total.reshape(*lines.shape[:-1], rings) / np.maximum(grid.ring_size, 1)
    return (mean.take(grid.ring, axis=-1) / 2 + 1e-9).astype(np.float32)


def sync_score(lines: Lines, grid: Lattice) -> float:
    """How well the synchronisation lines agree with their phases; about N(0, 1) without a mark."""
    noise = noise_power(lines, grid)[grid.sync]
    agreement = (lines[grid.sync] * np.conj(grid.phase)).real / np.sqrt(noise)
    return float(agreement.sum() / np.sqrt(SYNC_LINES))


def agreeing(lines: Lines, grid: Lattice) -> int:
    """How many of the 32 synchronisation lines agree in phase within a quarter turn.

    Nearly all do where there is a mark. A picture's own periodic pattern can give a high score, but
    by a few strong lines, and half of the others disagree. Either sign counts.
    """
    positive = int(((lines[grid.sync] * np.conj(grid.phase)).real > 0).sum())
    return max(positive, SYNC_LINES - positive)
