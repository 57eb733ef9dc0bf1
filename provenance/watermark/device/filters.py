"""Neighbourhood filters on the device: smoothing, and the detector's own filter.

Borders and kernels are those of the host's; sums of shifted pictures, see `resample`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import torch
from torch import Tensor

from provenance.watermark.reading import filter as host

_ROWS, _COLUMNS = -2, -1
#: Reach of the host's Gaussian kernels of 32-bit planes, in standard deviations.
_REACH: Final = 4


def smooth(plane: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of float32 (..., H, W)."""
    size = round(2 * _REACH * sigma + 1) | 1
    kernel = cv2.getGaussianKernel(size, sigma, cv2.CV_32F).ravel().tolist()
    return _along(_along(plane, kernel, size // 2, _COLUMNS), kernel, size // 2, _ROWS)


def box(plane: Tensor, size: int) -> Tensor:
    """Mean over size x size pixels of float32 (..., H, W)."""
    kernel = [1 / size] * size
    return _along(_along(plane, kernel, size // 2, _COLUMNS), kernel, size // 2, _ROWS)


def whiten(plane: Tensor) -> Tensor:
    """The detector's filter; see `reading.filter`.

    Args:
        plane: float32 (..., H, W), 0 to 255 (Cb: -128 to 127).

    Returns:
        float32 (..., H, W), local power about 1.
    """
    height, width = plane.shape[-2:]
    fixed = (smooth(plane, host.SIGMA) * host.LEVEL).round_()
    edge, level = host.EDGE, float(host.LEVEL)
    for dim, size in ((_ROWS, height), (_COLUMNS, width)):
        fixed = fixed.index_select(dim, _edge_twice(size, edge, plane.device))
    single, double = torch.zeros_like(plane), torch.zeros_like(plane)

    def moved(dy: int, dx: int) -> Tensor:
        return fixed[..., edge + dy : edge + dy + height, edge + dx : edge + dx + width]

    here = moved(0, 0)
    for dx, dy in host.DIRECTIONS:
        ahead, behind = here - moved(dy, dx), moved(-dy, -dx) - here
        double += (ahead - behind).clamp_(-level, level)
        single += ahead.clamp_(-level, level)
        single -= behind.clamp_(-level, level)
    out = single * host.SINGLE + double * host.BOTH
    return out / (box(out * out, 2 * host.RADIUS + 1) + host.FLOOR).sqrt_()


def _along(plane: Tensor, kernel: list[float], before: int, dim: int) -> Tensor:
    size = plane.shape[dim]
    padded = plane.index_select(dim, _mirrored(size, before, len(kernel), plane.device))
    total = torch.zeros_like(plane)
    for start, weight in enumerate(kernel):
        total.add_(padded.narrow(dim, start, size), alpha=weight)
    return total


@lru_cache(maxsize=128)
def _mirrored(size: int, before: int, length: int, device: torch.device) -> Tensor:
    """Indices that mirror a row at its outermost pixels, which are not repeated."""
    place = np.arange(-before, size + length - 1 - before)
    period = max(2 * (size - 1), 1)
    place = np.abs((place + size - 1) % period - (size - 1))
    return torch.from_numpy(place).to(device)


@lru_cache(maxsize=128)
def _edge_twice(size: int, before: int, device: torch.device) -> Tensor:
    """Indices that mirror a row beyond its outermost pixels, which are repeated."""
    place = np.arange(-before, size + before) % (2 * size)
    return torch.from_numpy(np.minimum(place, 2 * size - 1 - place)).to(device)
