"""The residual of many pictures on the device: `lattice.residual`."""

from __future__ import annotations

import torch
from torch import Tensor

from provenance.watermark.carriers.frame import CB_BLUE, CB_GREEN
from provenance.watermark.carriers.lattice import TILE
from provenance.watermark.device.reading import Grid, tile
from provenance.watermark.device.resample import area, enlarged
from provenance.watermark.schemes.lattice.residual import (
    CANCEL,
    GAIN,
    LUMA_TILT,
    SYNC_ENERGY,
    SYNC_GAIN,
    SYNC_TURN,
)


def plain(grid: Grid, codewords: Tensor, mask: Tensor, *, tilt: float) -> Tensor:
    """Residuals of one plane before anything is known of the pictures.

    Args:
        grid: the lattice.
        codewords: float32 (B, D).
        mask: float32 (B, h, w).
        tilt: exponent of the payload's spectrum.
    """
    sync = grid.phase.expand(len(codewords), -1)
    return _masked(grid, _line_values(grid, codewords, sync, tilt), mask)


def informed(
    grid: Grid, codewords: Tensor, mask: Tensor, *, host: Tensor, response: Tensor, strength: Tensor
) -> Tensor:
    """Luma residuals that cancel half of what the pictures themselves contribute.

    Args:
        grid: the lattice.
        codewords: float32 (B, D).
        mask: float32 (B, h, w).
        host: complex64 (B, L), what the detector's filter reads in the unmarked pictures.
        response: complex64 (B, L), what plain residuals of these strengths add to that.
        strength: float32 (B,), grey levels at mask 1.
    """
    own = _parts(host[:, grid.payload]) * codewords
    added = _parts(response[:, grid.payload]) * codewords
    typical = added.mean(1, keepdim=True).clamp(min=1e-6)
    gain = (1 - CANCEL * own / typical).clamp(*GAIN)
    own_sync = host[:, grid.sync] * grid.phase.conj()
    added_sync = (response[:, grid.sync] * grid.phase.conj()).mean(1, keepdim=True).abs()
    relative = CANCEL * own_sync / added_sync.clamp(min=1e-6)
    along, across = relative.real.neg().add(1).clamp(*SYNC_GAIN), relative.imag
    sync = grid.phase * torch.complex(along, -across.clamp(-SYNC_TURN, SYNC_TURN))
    values = _line_values(grid, codewords * gain, sync, LUMA_TILT)
    return _masked(grid, values, mask) * strength[:, None, None]


def joined(luma: Tensor, chroma: Tensor) -> Tensor:
    """What changes of luma and Cb, each (B, h, w), are in R, G, B: float32 (B, 3, h, w)."""
    return torch.stack([luma, luma + chroma * CB_GREEN, luma + chroma * CB_BLUE], dim=1)


def add(pictures: Tensor, luma: Tensor, chroma: Tensor) -> Tensor:
    """The marked pictures, one after the other: a batch needs no floating-point copy of itself.

    Args:
        pictures: uint8 (B, 3, H, W).
        luma: float32 (B, h, w), canonical frame.
        chroma: float32 (B, h, w).

    Returns:
        uint8 (B, 3, H, W), a new tensor.
    """
    height, width = pictures.shape[-2:]
    marked = torch.empty_like(pictures)
    for picture, planes, target in zip(
        pictures, torch.stack([luma, chroma], dim=1), marked, strict=True
    ):
        to_size = enlarged if planes.shape[-1] <= width else area
        part = to_size(planes, width, height)
        change = joined(part[:1], part[1:])[0]
        target.copy_(change.add_(picture).round_().clamp_(0, 255))
    return marked


def _line_values(grid: Grid, signs: Tensor, sync: Tensor, tilt: float) -> Tensor:
    """Line values, total energy 1: complex64 (B, L)."""
    real, imaginary = signs.chunk(2, dim=1)
    payload = torch.complex(real, imaginary) * grid.tilted.pow(tilt)
    values = payload.new_zeros((len(signs), len(grid.ring)))
    values[:, grid.payload] = payload * _to(1 - SYNC_ENERGY, payload)
    values[:, grid.sync] = sync * _to(SYNC_ENERGY, sync)
    return values


def _to(energy: float, lines: Tensor) -> Tensor:
    power = (lines.real**2 + lines.imag**2).sum(1, keepdim=True)
    return (energy / power).sqrt()


def _parts(lines: Tensor) -> Tensor:
    return torch.cat([lines.real, lines.imag], dim=1)


def _masked(grid: Grid, values: Tensor, mask: Tensor) -> Tensor:
    height, width = mask.shape[-2:]
    made = tile(values, grid).repeat(1, -(-height // TILE), -(-width // TILE))
    return made[:, :height, :width] * mask
