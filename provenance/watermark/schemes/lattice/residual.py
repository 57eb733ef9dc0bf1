"""The residual: what is added to a picture, as two planes in the canonical frame."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers.frame import Pixels, joined
from provenance.watermark.carriers.lattice import Lattice, Lines, spread, tile

#: Share of the energy in the synchronisation lines.
SYNC_ENERGY: Final = 0.25
#: Payload amplitude in luma grows with (f / 0.1)^0.3: high lines cost the eye less.
LUMA_TILT: Final = 0.3
#: Share of the picture's own contribution that is cancelled ("informed embedding": H. Malvar and
#: D. Florencio, "Improved spread spectrum", IEEE Trans. Signal Processing 51(4), 2003).
CANCEL: Final = 0.5
GAIN: Final = (0.15, 2.5)
SYNC_GAIN: Final = (0.3, 2.2)
SYNC_TURN: Final = 0.8
_STRIPE: Final = 256
_FRACTION_MARGIN: Final = 4

Plane = npt.NDArray[np.float32]


def line_values(
    grid: Lattice,
    codeword: npt.NDArray[np.float32],
    *,
    tilt: float,
    gain: npt.NDArray[np.float32] | None = None,
    sync: Lines | None = None,
) -> Lines:
    """Line values of one plane, total energy 1: complex64 (L,).

    Args:
        grid: the lattice.
        codeword: float32 (D,) of +1 and -1.
        tilt: exponent of the payload's spectrum.
        gain: float32 (D,), relative strength of each degree of freedom.
        sync: complex64 (32,), values of the synchronisation lines; default: their phases.
    """
    signs = codeword if gain is None else codeword * gain
    half = len(grid.payload)
    shape = (grid.radius[grid.payload] / 0.1) ** tilt
    payload = (signs[:half] + 1j * signs[half:]) * shape
    pilots = grid.phase if sync is None else sync
    values = np.zeros(len(grid.kx), dtype=np.complex64)
    values[grid.payload] = payload * np.sqrt((1 - SYNC_ENERGY) / np.sum(np.abs(payload) ** 2))
    values[grid.sync] = pilots * np.sqrt(SYNC_ENERGY / np.sum(np.abs(pilots) ** 2))
    return values


def plain(grid: Lattice, codeword: npt.NDArray[np.float32], mask: Plane, *, tilt: float) -> Plane:
    """The residual of one plane before anything is known of the picture."""
    return _masked(grid, line_values(grid, codeword, tilt=tilt), mask)


def informed(
    grid: Lattice,
    codeword: npt.NDArray[np.float32],
    mask: Plane,
    *,
    host: Lines,
    response: Lines,
    strength: float,
) -> Plane:
    """The luma residual that cancels half of what the picture itself contributes.

    Args:
        grid: the lattice.
        codeword: float32 (D,) of +1 and -1.
        mask: float32 (h, w).
        host: what the detector's filter reads in the unmarked picture.
        response: what a plain residual of this strength adds to that.
        strength: amplitude, grey levels at mask 1; the result has the power of a plain
            residual of this strength.
    """
    own, added = host[grid.payload], response[grid.payload]
    own_part = np.concatenate([own.real, own.imag]) * codeword
    added_part = np.concatenate([added.real, added.imag]) * codeword
    typical = max(float(added_part.mean()), 1e-6)
    gain = np.clip(1 - CANCEL * own_part / typical, *GAIN).astype(np.float32)
    own_sync = host[grid.sync] * np.conj(grid.phase)
    added_sync = abs(complex((response[grid.sync] * np.conj(grid.phase)).mean()))
    relative = CANCEL * own_sync / max(added_sync, 1e-6)
    along = np.clip(1 - relative.real, *SYNC_GAIN)
    across = np.clip(relative.imag, -SYNC_TURN, SYNC_TURN)
    sync = (grid.phase * (along - 1j * across)).astype(np.complex64)
    values = line_values(grid, codeword, tilt=LUMA_TILT, gain=gain, sync=sync)
    return _masked(grid, values, mask) * np.float32(strength)


def _masked(grid: Lattice, values: Lines, mask: Plane) -> Plane:
    return spread(tile(values, grid), *mask.shape) * mask


def add(rgb: Pixels, residual: Plane) -> Pixels:
    """The marked picture.

    Works on stripes of rows: a 100-megapixel picture needs no floating-point copy of itself.

    Args:
        rgb: uint8 (H, W, 3).
        residual: float32 (h, w, n), canonical frame; n = 1: luma, n = 2: luma and Cb.

    Returns:
        uint8 (H, W, 3), a new array.
    """
    height, width = rgb.shape[:2]
    rows, columns = residual.shape[:2]
    x_step, y_step = columns / width, rows / height
    enlarged = columns <= width
    marked = np.empty_like(rgb)
    for top in range(0, height, _STRIPE):
        bottom = min(top + _STRIPE, height)
        if enlarged:
            first = max(0, int(top * y_step) - _FRACTION_MARGIN)
            last = min(rows, int(bottom * y_step) + _FRACTION_MARGIN + 1)
            # Pixel centres: canonical = (original + 0.5) * step - 0.5.
            warp = np.array(
                [
                    [x_step, 0, 0.5 * x_step - 0.5],
                    [0, y_step, (top + 0.5) * y_step - 0.5 - first],
                ]
            )
            part = cv2.warpAffine(
                residual[first:last],
                warp,
                (width, bottom - top),
                flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
        else:  # pictures smaller than the frame
            part = cv2.resize(residual, (width, height), interpolation=cv2.INTER_AREA)[top:bottom]
        part = joined(np.asarray(part, dtype=np.float32).reshape(bottom - top, width, -1))
        cv2.add(rgb[top:bottom], part, dst=marked[top:bottom], dtype=cv2.CV_8U)
    return marked
