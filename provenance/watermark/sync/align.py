"""Coherent alignment: position, half turn and sign, straight from the spectrum.

Where the geometry is right, the 32 lines also agree in phase, up to a translation. The best
translation is the peak of an inverse transform of the lines times their known phases. No pixel is
moved: line values are interpolated between the cells of the padded spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers.lattice import SYNC_LINES, TILE, Band, Lines, lattice, shifted
from provenance.watermark.sync.candidates import Matrices, sync_frequencies
from provenance.watermark.sync.refine import parabola
from provenance.watermark.sync.spectrum import COLUMNS, SIZE, K, Spectrum, ring_of

_GRID: Final = 64  # translations tried along each axis
_NEWTON: Final = 3
_CUBIC: Final = -0.75  # Keys' parameter; suits a spectrum padded to twice its size
STEPS: Final = (0.002, 0.001)

Values = npt.NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A geometry with everything needed to read the mark.

    Attributes:
        matrix: float64 (2, 2), mark frequencies to frequencies of the working plane.
        shift: float64 (2,), canonical pixels.
        turned: the lines are read conjugated (half a turn).
        source: which combination of planes gave the score.
        score: coherent score, about N(0, 1) for one wrong geometry, more for the best of many.
    """

    matrix: npt.NDArray[np.float64]
    shift: npt.NDArray[np.float64]
    turned: bool
    source: int
    score: float


def values_at(spectrum: Spectrum, plane: int, places: npt.NDArray[np.float64]) -> Values:
    """Interpolated spectrum of one plane.

    Args:
        spectrum: the spectrum.
        plane: which plane.
        places: float64 (n, k, 2), cycles per working pixel.

    Returns:
        complex64 (n, k), divided by the noise amplitude of the ring; phases refer to the middle.
    """
    cells = places * SIZE
    turned = cells[..., 0] < 0
    cells = np.where(turned[..., None], -cells, cells)
    base = np.floor(cells).astype(np.int32)
    weight = _cubic(cells - base)
    offsets = np.arange(-1, 3)
    column = base[..., 0, None] + offsets
    row = base[..., 1, None] + offsets
    centre_x, centre_y = spectrum.centre
    # The reference to the middle is separable, as the interpolation is.
    across = weight[..., 0, :] * np.exp(2j * np.pi * centre_x / SIZE * column)
    down = weight[..., 1, :] * np.exp(2j * np.pi * centre_y / SIZE * row)
    across *= np.abs(column) <= K
    down *= np.abs(row) <= K
    flat = spectrum.values[plane].ravel()
    column_, row_ = column[..., None, :], row[..., :, None]
    mirror = column_ < 0  # the other half plane is the conjugate
    index = (np.where(mirror, -row_, row_) + K) * COLUMNS + np.abs(column_)
    taken = flat[np.clip(index, 0, flat.size - 1)]
    taken = np.where(mirror, np.conj(taken), taken)
    value = np.einsum("nkyx,nkx,nky->nk", taken, across, down)
    value = np.where(turned, np.conj(value), value)
    noise = spectrum.ring_power[plane][ring_of(np.hypot(cells[..., 0], cells[..., 1]) / SIZE)]
    normalised: Values = (value / np.sqrt(noise / 2 + 1e-9)).astype(np.complex64)
    return normalised


def sync_values(spectrum: Spectrum, matrices: Matrices, band: Band, source: int) -> Values:
    """Values of the 32 lines: complex64 (n, 32).

    `source` is the plane; one past the last plane means the sum of all.
    """
    places = np.einsum("nij,kj->nki", matrices, sync_frequencies(band))
    planes = len(spectrum.values)
    if source < planes:
        return values_at(spectrum, source, places)
    return _together([values_at(spectrum, plane, places) for plane in range(planes)])


def values_of_sources(spectrum: Spectrum, matrices: Matrices, band: Band) -> list[Values]:
    """`sync_values` of every source: each plane and, if there are several, their sum."""
    places = np.einsum("nij,kj->nki", matrices, sync_frequencies(band))
    found = [values_at(spectrum, plane, places) for plane in range(len(spectrum.values))]
    return [*found, _together(found)] if len(found) > 1 else found


def _together(values: list[Values]) -> Values:
    """The planes added up, with the noise of one."""
    combined: Values = (np.sum(values, axis=0) / np.sqrt(len(values))).astype(np.complex64)
    return combined


@lru_cache(maxsize=2)
def _numbers(band: Band) -> npt.NDArray[np.intp]:
    grid = lattice(band)
    return np.stack([grid.kx[grid.sync], grid.ky[grid.sync]], axis=1)


def best_shifts(
    values: Values, band: Band
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Best translation of each row of line values, over both half turns and both signs.

    Args:
        values: complex64 (n, 32).
        band: the band.

    Returns:
        score (n,), shift (n, 2) in canonical pixels, turned (n,).
    """
    count = len(values)
    phase, number = lattice(band).phase, _numbers(band)
    kx, ky = number.T
    aligned = np.stack([values, np.conj(values)], axis=1) * np.conj(phase)
    field = np.zeros((count, 2, _GRID, _GRID // 2 + 1), dtype=np.complex64)
    field[:, :, ky % _GRID, kx] = aligned
    edge = kx == 0
    field[:, :, (-ky[edge]) % _GRID, 0] = np.conj(aligned[:, :, edge])
    response = np.abs(np.fft.irfft2(field, (_GRID, _GRID)).reshape(count, -1))  # either sign
    best = response.argmax(axis=1)
    turned, cell = np.divmod(best, _GRID * _GRID)
    shift = np.stack([cell % _GRID, cell // _GRID], axis=-1) * (TILE / _GRID)
    score, shift = score_at(values, band, shift, turned == 1)
    return score, shift, turned == 1


def score_at(
    values: Values,
    band: Band,
    shift: npt.NDArray[np.float64],
    turned: npt.NDArray[np.bool_],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Score and shift after a few Newton steps from a shift that is nearly right."""
    wave = _numbers(band) * (2 * np.pi / TILE)
    aligned = np.where(turned[:, None], np.conj(values), values) * np.conj(lattice(band).phase)
    rotated = aligned * np.exp(1j * (shift @ wave.T))
    aligned = aligned * np.where(rotated.real.sum(axis=1) < 0, -1, 1)[:, None]
    small = 1e-6 * np.eye(2)
    for _ in range(_NEWTON):
        rotated = aligned * np.exp(1j * (shift @ wave.T))
        slope = -(rotated.imag @ wave)
        stiffness = np.maximum(rotated.real, 0.1 * np.abs(rotated))
        curvature = np.einsum("nk,ki,kj->nij", stiffness, wave, wave) + small
        move = np.linalg.solve(curvature, slope[..., None])[..., 0]
        shift = shift + np.clip(move, -1.0, 1.0)
    rotated = aligned * np.exp(1j * (shift @ wave.T))
    return rotated.real.sum(axis=1) / np.sqrt(SYNC_LINES), shift


def align(spectrum: Spectrum, matrices: Matrices, band: Band, keep: int) -> list[Alignment]:
    """The best alignments, refined, best first.

    Args:
        spectrum: the spectrum.
        matrices: candidates, float64 (n, 2, 2).
        band: the band.
        keep: how many candidates are refined and returned.
    """
    values = values_of_sources(spectrum, matrices, band)
    score, shift, turned = best_shifts(np.concatenate(values), band)
    by_source = score.reshape(len(values), -1)
    found = []
    for candidate in np.argsort(-by_source.max(axis=0))[:keep]:
        source = int(by_source[:, candidate].argmax())
        index = source * len(matrices) + int(candidate)
        found.append(
            refined(spectrum, matrices[candidate], band, source, shift[index], turned=turned[index])
        )
    return sorted(found, key=lambda item: -item.score)


def refined(
    spectrum: Spectrum,
    matrix: npt.NDArray[np.float64],
    band: Band,
    source: int,
    shift: npt.NDArray[np.float64],
    *,
    turned: bool,
    steps: tuple[float, ...] = STEPS,
) -> Alignment:
    """A candidate after climbing on its coherent score."""

    def value(matrices: Matrices) -> npt.NDArray[np.float64]:
        count = len(matrices)
        values = sync_values(spectrum, matrices, band, source)
        return score_at(values, band, np.repeat(shift[None], count, 0), np.full(count, turned))[0]

    matrix = parabola(matrix[None], value, steps)
    values = sync_values(spectrum, matrix, band, source)
    score, shifts = score_at(values, band, shift[None], np.array([turned]))
    return Alignment(matrix[0], shifts[0], bool(turned), source, float(score[0]))


def read_lines(spectrum: Spectrum, found: Alignment, band: Band) -> list[Lines]:
    """All lines of every plane, aligned: complex64 (L,) each."""
    grid = lattice(band)
    places = np.einsum("ij,kj->ki", found.matrix, grid.frequencies)[None]
    read = []
    for plane in range(len(spectrum.values)):
        lines = values_at(spectrum, plane, places)[0]
        lines = np.conj(lines) if found.turned else lines
        read.append(shifted(lines, grid, dx=float(found.shift[0]), dy=float(found.shift[1])))
    return read


def _cubic(fraction: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Weights of four neighbours (R. G. Keys, "Cubic convolution interpolation", 1981)."""
    a = _CUBIC
    t = np.abs(np.stack([1 + fraction, fraction, 1 - fraction, 2 - fraction], axis=-1))
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return np.where(t <= 1, near, far)
