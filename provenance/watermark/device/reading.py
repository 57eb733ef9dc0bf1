"""From filtered planes to scores of known code words, for many pictures on the device.

The counterparts on the host are `reading.lines`, `reading.soft` and `carriers.lattice`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import TILE, Band, Lattice, lattice
from provenance.watermark.reading import soft


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The lattice of a band with its numbers on the device.

    Attributes:
        host: the lattice itself.
        places: int64 (L,), where its lines are in a flattened half spectrum of a tile.
        mirrored: int64 (n,), where the conjugates of the lines at kx = 0 are; `edge`: which these
            lines are.
        sync, payload: int64, which lines are which; `phase`: complex64 (32,).
        tilted: float32 (L - 32,), radius over 0.1 of the payload lines.
        members: int64 (14, m), the lines of each ring, and `share` float32 (14, m), what each
            counts in the mean; `ring`: int64 (L,).
        decay: float32 (10, L), gain of every line for each slope of `reading.soft`.
        prior: float32 (10,).
    """

    host: Lattice
    places: Tensor
    mirrored: Tensor
    edge: Tensor
    sync: Tensor
    payload: Tensor
    phase: Tensor
    tilted: Tensor
    members: Tensor
    share: Tensor
    ring: Tensor
    decay: Tensor
    prior: Tensor


@lru_cache(maxsize=8)
def grid_of(band: Band, device: torch.device) -> Grid:
    """The lattice of a band on a device."""
    host = lattice(band)
    width = TILE // 2 + 1
    edge = np.flatnonzero(host.kx == 0)
    members = np.zeros((len(host.ring_size), int(host.ring_size.max())), dtype=np.int64)
    share = np.zeros(members.shape, dtype=np.float32)
    for ring, size in enumerate(host.ring_size):
        members[ring, :size] = np.flatnonzero(host.ring == ring)
        share[ring, :size] = 1 / max(size, 1)

    def put(values: npt.ArrayLike) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(device)

    return Grid(
        host=host,
        places=put(host.ky % TILE * width + host.kx),
        mirrored=put(-host.ky[edge] % TILE * width),
        edge=put(edge),
        sync=put(host.sync),
        payload=put(host.payload),
        phase=put(host.phase),
        tilted=put(host.radius[host.payload] / np.float32(0.1)),
        members=put(members),
        share=put(share),
        ring=put(host.ring),
        decay=put(np.exp(-soft.SLOPES[:, None] * host.radius[None] ** 2)),
        prior=put(soft.PRIOR),
    )


def split(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Luma and Cb of float32 (B, 3, h, w): float32 (2, B, h, w); bool (B,), False for grey."""
    red, green, blue = rgb.unbind(1)
    luma = red * 0.299 + green * 0.587 + blue * 0.114
    chroma = (blue - luma) * frame.TO_CB
    return torch.stack([luma, chroma]), chroma.amax((1, 2)) - chroma.amin((1, 2)) >= frame.GREY


def fold(plane: Tensor) -> Tensor:
    """Sum of all tiles: float32 (..., h, w) to (..., 128, 128)."""
    height, width = plane.shape[-2:]
    padded = torch.nn.functional.pad(plane, (0, -width % TILE, 0, -height % TILE))
    rows, columns = padded.shape[-2] // TILE, padded.shape[-1] // TILE
    return padded.unflatten(-1, (columns, TILE)).unflatten(-3, (rows, TILE)).sum((-4, -2))


def lines_of(folded: Tensor, grid: Grid) -> Tensor:
    """Line values of folded planes: float32 (..., 128, 128) to complex64 (..., L)."""
    return torch.fft.rfft2(folded).flatten(-2)[..., grid.places]


def tile(lines: Tensor, grid: Grid) -> Tensor:
    """Tiles with these line values, rms 1: complex64 (B, L) to float32 (B, 128, 128)."""
    spectrum = lines.new_zeros((len(lines), TILE * (TILE // 2 + 1)))
    spectrum[:, grid.places] = lines
    spectrum[:, grid.mirrored] = lines[:, grid.edge].conj()
    made = torch.fft.irfft2(spectrum.unflatten(1, (TILE, -1)), (TILE, TILE))
    return made / made.std((1, 2), correction=0, keepdim=True)


def soft_values(lines: Tensor, grid: Grid) -> Tensor:
    """See `soft.soft_values`: complex64 (..., L) to float32 (..., D)."""
    weighted = (lines * _weights(lines, grid))[..., grid.payload]
    return torch.cat([weighted.real, weighted.imag], dim=-1)


def scores(values: Tensor, codewords: Tensor, coloured: Tensor) -> tuple[Tensor, Tensor]:
    """Z of code words, of all planes and of luma alone, each (..., B).

    Args:
        values: float32 (..., 2, B, D).
        codewords: float32 (2, B, D).
        coloured: bool (B,); Cb of the others is left out.
    """
    along = (values * codewords).sum(-1)
    power = (values * values).sum(-1)
    both = torch.stack([torch.ones_like(coloured), coloured]).to(values.dtype)
    joint = (along * both).sum(-2) / (power * both).sum(-2).clamp(min=1e-30).sqrt()
    return joint, along[..., 0, :] / power[..., 0, :].clamp(min=1e-30).sqrt()


def _noise(lines: Tensor, grid: Grid) -> Tensor:
    power = lines.real**2 + lines.imag**2
    mean = (power[..., grid.members] * grid.share).sum(-1)
    return mean[..., grid.ring] / 2 + 1e-9


def _weights(lines: Tensor, grid: Grid) -> Tensor:
    noise = _noise(lines, grid)
    seen = (lines[..., grid.sync] * grid.phase.conj()).real
    sync_noise = noise[..., grid.sync]
    at_sync = grid.decay[:, grid.sync]
    ratio, inverse = (seen / sync_noise)[..., None, :], (1 / sync_noise)[..., None, :]
    fit = (at_sync * ratio).sum(-1) / (at_sync * at_sync * inverse).sum(-1).sqrt()
    evidence = fit * fit / 2
    below = evidence - evidence.amax(-1, keepdim=True)
    likely = below.clamp(min=-30).exp() * grid.prior
    likely = likely / likely.sum(-1, keepdim=True)
    shape = (likely[..., None] * grid.decay).sum(-2)
    at_sync = shape[..., grid.sync]
    precision = (at_sync * at_sync / sync_noise).sum(-1)
    deviation = precision.rsqrt()
    gain = (at_sync * seen / sync_noise).sum(-1) / precision
    gain = torch.where(gain > soft.INVERTED * deviation, torch.maximum(gain, deviation), gain)
    return gain[..., None] * shape / noise
