"""The residual: what is added to a picture, as two planes in the canonical frame."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.kernels import native
from provenance.watermark.carriers.cubic import cubic
from provenance.watermark.carriers.frame import CB_BLUE, CB_GREEN, Pixels, joined
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

Plane = npt.NDArray[np.float32]
Places = npt.NDArray[np.int32]
Taps = tuple[Places, Plane]


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

    A 100-megapixel picture needs no floating-point copy of itself.

    Args:
        rgb: uint8 (H, W, 3).
        residual: float32 (h, w, n), canonical frame; n = 1: luma, n = 2: luma and Cb.

    Returns:
        uint8 (H, W, 3), a new array.
    """
    height, width = rgb.shape[:2]
    rows, columns, planes = residual.shape
    if columns > width:  # pictures smaller than the frame
        part = cv2.resize(residual, (width, height), interpolation=cv2.INTER_AREA)
        return _shown(rgb, np.asarray(part, dtype=np.float32).reshape(height, width, planes))
    across, down = cubic(columns, width), cubic(rows, height)
    if native is None:
        return _added(rgb, residual, across, down)
    marked = np.empty((height, width, 3), dtype=np.uint8)
    native.added(
        np.ascontiguousarray(rgb),
        np.ascontiguousarray(residual),
        *across,
        *down,
        marked,
        height,
        width,
        rows,
        columns,
        planes,
        CB_GREEN,
        CB_BLUE,
    )
    return marked


def _added(rgb: Pixels, residual: Plane, across: Taps, down: Taps) -> Pixels:
    """In stripes of rows."""
    wide = _along(residual, *across, axis=1)
    marked = np.empty(rgb.shape, dtype=np.uint8)
    for top in range(0, len(rgb), _STRIPE):
        stripe = slice(top, top + _STRIPE)
        index, weight = down[0][:, stripe], down[1][:, stripe]
        marked[stripe] = _shown(rgb[stripe], _along(wide, index, weight, axis=0))
    return marked


def _along(planes: Plane, index: Places, weight: Plane, *, axis: int) -> Plane:
    """Weighted sums of rows (axis 0) or columns (axis 1) of float32 (h, w, n)."""
    shape = (-1, 1, 1) if axis == 0 else (1, -1, 1)
    total = np.zeros((), dtype=np.float32)
    for places, weights in zip(index, weight, strict=True):
        total = total + planes.take(places, axis=axis) * weights.reshape(shape)
    return total


def _shown(rgb: Pixels, part: Plane) -> Pixels:
    shown = joined(part)
    shown += rgb
    return np.clip(np.rint(shown, out=shown), 0, 255, out=shown).astype(np.uint8)
