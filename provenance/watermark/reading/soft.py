"""Evidence for each degree of freedom, weighted by what the synchronisation lines tell.

A blurred, recompressed or downscaled copy has lost its high lines; chroma may be gone
altogether. How much is left is measured on the synchronisation lines, which are known, and
applied to the payload lines:

    gain(f) = g0 exp(-b f^2),  weight(f) = gain(f) / noise(f)

with b averaged over a grid under its likelihood and g0 by least squares, not below one standard
deviation (a plane without any mark gets a small weight, not a random one). A negative g0 means
inverted tones. The weights depend on the synchronisation lines and on the noise alone, never on
the key: the bound of `statistics.bound` holds for any weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers.lattice import Lattice, Lines
from provenance.watermark.reading.lines import noise_power

#: Grid of b, in (cycles per pixel)^-2, with a weak prior around 15: sharp copies are commoner.
SLOPES: Final = np.array([-8, 0, 10, 20, 35, 50, 70, 95, 125, 160], dtype=np.float32)
PRIOR: Final = np.exp(-(((SLOPES - 15) / 60) ** 2))
#: Below this many standard deviations, a negative gain is noise and not an inverted picture.
INVERTED: Final = -3.0

Soft = npt.NDArray[np.float32]


def soft_values(lines: Lines, grid: Lattice) -> Soft:
    """Weighted real and imaginary parts of the payload lines of one plane: float32 (D,)."""
    weighted = (lines * _weights(lines, grid))[grid.payload]
    values: Soft = np.concatenate([weighted.real, weighted.imag])
    return values


def _weights(lines: Lines, grid: Lattice) -> npt.NDArray[np.float32]:
    noise = noise_power(lines, grid)
    seen = (lines[grid.sync] * np.conj(grid.phase)).real
    sync_noise = noise[grid.sync]
    decay = np.exp(-SLOPES[:, None] * grid.radius[None] ** 2)
    at_sync = decay[:, grid.sync]
    fit = (at_sync * seen / sync_noise).sum(axis=1)
    fit /= np.sqrt((at_sync * at_sync / sync_noise).sum(axis=1))
    evidence = fit * fit / 2
    likely = np.exp(np.maximum(evidence - evidence.max(), -30)) * PRIOR
    shape = (likely / likely.sum()) @ decay
    at_sync = shape[grid.sync]
    precision = float((at_sync * at_sync / sync_noise).sum())
    deviation = 1 / np.sqrt(precision)
    gain = float((at_sync * seen / sync_noise).sum()) / precision
    if gain > INVERTED * deviation:
        gain = max(gain, deviation)
    return np.asarray(gain * shape / noise, dtype=np.float32)


def score(values: Sequence[Soft], codeword: npt.NDArray[np.float32]) -> float:
    """Z of a code word: normalised correlation over all planes that were read.

    Args:
        values: one float32 (D,) for each plane that was read.
        codeword: float32 (2, D) of +1 and -1.
    """
    along = sum(float(np.dot(x, signs)) for x, signs in zip(values, codeword, strict=False))
    power = sum(float(np.dot(x, x)) for x in values)
    return along / math.sqrt(power) if power > 0 else 0.0
