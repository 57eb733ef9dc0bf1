"""Line values of a filtered plane whose geometry is right."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers.lattice import SYNC_LINES, TILE, Lattice, Lines

Plane = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float32]


def fold(plane: Plane, tile: int = TILE) -> Plane:
    """Sum of all tiles: float32 (tile, tile). The mark adds up, the picture does not."""
    total = np.zeros((tile, tile), dtype=np.float32)
    for top in range(0, plane.shape[0], tile):
        for left in range(0, plane.shape[1], tile):
            block = plane[top : top + tile, left : left + tile]
            total[: block.shape[0], : block.shape[1]] += block
    return total


def lines_of(plane: Plane, grid: Lattice) -> Lines:
    """Discrete Fourier transform of the folded plane at the lines: complex64 (L,)."""
    spectrum = np.fft.rfft2(fold(plane))
    return spectrum[grid.ky % TILE, grid.kx].astype(np.complex64)


def noise_power(lines: Lines, grid: Lattice) -> Weights:
    """Noise power per real dimension of each line, as the mean of its ring: float32 (L,)."""
    power = lines.real**2 + lines.imag**2
    total = np.bincount(grid.ring, power, minlength=len(grid.ring_size))
    mean = total / np.maximum(grid.ring_size, 1)
    return (mean[grid.ring] / 2 + 1e-9).astype(np.float32)


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
