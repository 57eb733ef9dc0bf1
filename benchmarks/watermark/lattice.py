"""What is measured of `lattice-1` beyond the protocol that all schemes have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import lattice
from provenance.watermark.reading.filter import whiten
from provenance.watermark.reading.lines import lines_of
from provenance.watermark.reading.soft import soft_values
from provenance.watermark.schemes.lattice.words import FULL


def sync_lines() -> npt.NDArray[np.int_]:
    """The public synchronisation lines: int (32, 2), (kx, ky) on the 128-pixel tile."""
    grid = lattice(FULL.band)
    return np.stack([grid.kx[grid.sync], grid.ky[grid.sync]], axis=1)


def null_scores(rgb: npt.NDArray[np.uint8], keys: Sequence[bytes]) -> npt.NDArray[np.float64]:
    """Scores of one fixed code word under each key, at unchanged geometry: float64 (n,).

    The word is all zeros, so that a score is the chips of the key against the picture.
    """
    planes = frame.canonical(rgb)
    values = [soft_values(lines_of(whiten(plane), FULL.grid), FULL.grid) for plane in planes]
    seen = np.concatenate(values)
    seen = seen / (np.linalg.norm(seen) + 1e-12)
    signs = np.stack([FULL.chips(key).sign.ravel()[: len(seen)] for key in keys])
    return np.asarray(signs @ seen, dtype=np.float64)
