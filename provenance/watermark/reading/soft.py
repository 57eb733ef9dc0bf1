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

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers.lattice import SYNC_LINES, Lattice, Lines
from provenance.watermark.reading.lines import noise_power

#: Grid of b, in (cycles per pixel)^-2, with a weak prior around 15: sharp copies are commoner.
SLOPES: Final = np.array([-8, 0, 10, 20, 35, 50, 70, 95, 125, 160], dtype=np.float32)
PRIOR: Final = np.exp(-(((SLOPES - 15) / 60) ** 2))
#: Below this many standard deviations, a negative gain is noise and not an inverted picture.
INVERTED: Final = -3.0

Soft = npt.NDArray[np.float32]


def soft_values(lines: Lines, grid: Lattice) -> Soft:
    """Weighted real and imaginary parts of the payload lines: complex64 (..., L) to (..., D)."""
    weighted = (lines * _weights(lines, grid)).take(grid.payload, axis=-1)
    values: Soft = np.concatenate([weighted.real, weighted.imag], axis=-1)
    return values


def _weights(lines: Lines, grid: Lattice) -> npt.NDArray[np.float32]:
    """Float32 (..., L). To the last digit the same for many at once as for one: pixels of a mark
    hang on it. So `take` and not an index, which would leave arrays that are summed in another
    order.
    """
    noise = noise_power(lines, grid)
    seen = (lines.take(grid.sync, axis=-1) * np.conj(grid.phase)).real
    sync_noise = noise.take(grid.sync, axis=-1)
    decay = _decay(grid)
    # The lines first: they are added up one after another.
    at_sync = decay.T.take(grid.sync, axis=0)
    one_by_one = (SYNC_LINES, *seen.shape[:-1], 1)
    along = np.moveaxis(seen, -1, 0).reshape(one_by_one)
    power = np.moveaxis(sync_noise, -1, 0).reshape(one_by_one)
    at_sync = at_sync.reshape(SYNC_LINES, *(1,) * (seen.ndim - 1), -1)
    fit = np.ascontiguousarray(at_sync * along / power).sum(axis=0)
    fit /= np.sqrt(np.ascontiguousarray(at_sync * at_sync / power).sum(axis=0))
    evidence = fit * fit / 2
    likely = np.exp(np.maximum(evidence - evidence.max(axis=-1, keepdims=True), -30)) * PRIOR
    likely /= likely.sum(axis=-1, keepdims=True)
    shape = (likely[..., None, :] @ decay)[..., 0, :]
    at_sync = shape.take(grid.sync, axis=-1)
    precision = (at_sync * at_sync / sync_noise).sum(axis=-1, keepdims=True).astype(np.float64)
    deviation = 1 / np.sqrt(precision)
    gain = (at_sync * seen / sync_noise).sum(axis=-1, keepdims=True).astype(np.float64) / precision
    weak = (gain > INVERTED * deviation) & (gain < deviation)
    # A weak plane is weighted in double precision.
    strong = gain.astype(np.float32) * shape / noise
    weights = np.where(weak, deviation * shape / noise, strong)
    return np.asarray(weights, dtype=np.float32)


@lru_cache(maxsize=4)
def _decay(grid: Lattice) -> npt.NDArray[np.float32]:
    """exp(-b f^2) for each b and line: float32 (10, L)."""
    decay: npt.NDArray[np.float32] = np.exp(-SLOPES[:, None] * grid.radius[None] ** 2)
    return decay


def score(values: Sequence[Soft], codeword: npt.NDArray[np.float32]) -> float:
    """Z of a code word: normalised correlation over all planes that were read.

    Args:
        values: one float32 (D,) for each plane that was read.
        codeword: float32 (2, D) of +1 and -1.
    """
    return float(scores(np.stack(values), codeword)[-1])


def scores(values: Soft, codeword: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Z of a code word over the first plane, over the first two, and so on.

    Args:
        values: float32 (..., planes, D).
        codeword: float32 (2, D) of +1 and -1.

    Returns:
        float64 (..., planes); 0 where nothing at all was read.
    """
    along = np.vecdot(values, codeword[: values.shape[-2]]).astype(np.float64).cumsum(axis=-1)
    power = np.vecdot(values, values).astype(np.float64).cumsum(axis=-1)
    z: npt.NDArray[np.float64] = np.divide(
        along, np.sqrt(power), out=np.zeros_like(along), where=power > 0
    )
    return z
