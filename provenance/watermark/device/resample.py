"""Resizing on the device with the positions, weights and rounding of OpenCV on the processor.

Every output row or column is a weighted sum of a few input rows or columns: where they are and
what they weigh is found on the host, once for each size, and applied by picking and adding. No
matrix product and no convolution, because those may run with ten-bit mantissas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor

import numpy as np
import torch
from torch import Tensor

from provenance.watermark.carriers.cubic import cubic

_ROWS, _COLUMNS = -2, -1


@dataclass(frozen=True, slots=True, eq=False)
class Taps:
    """Where each of n outputs comes from: `index` int64 (k, n), `weight` float32 (k, n)."""

    index: Tensor
    weight: Tensor

    def along(self, image: Tensor, dim: int) -> Tensor:
        """The weighted sums along one axis."""
        shape = [1] * image.ndim
        shape[dim] = -1
        total = None
        for index, weight in zip(self.index, self.weight, strict=True):
            part = image.index_select(dim, index) * weight.reshape(shape)
            total = part if total is None else total.add_(part)
        return total


def resize(image: Tensor, width: int, height: int) -> Tensor:
    """`carriers.frame.resize` on the device: uint8 (..., H, W) to uint8 (..., height, width)."""
    image = _halved(image, width, height)
    if image.shape[:-3:-1] == (width, height):
        return image
    if image.shape[-1] > width:
        made = area(image.float(), width, height)
    else:
        made = enlarged(image.float(), width, height)
    return made.round_().clamp_(0, 255).to(torch.uint8)


def area(image: Tensor, width: int, height: int) -> Tensor:
    """Means over areas: float32 (..., H, W) to float32 (..., height, width), not larger."""
    across = _area(image.shape[-1], width, image.device)
    down = _area(image.shape[-2], height, image.device)
    return down.along(across.along(image, _COLUMNS), _ROWS)


def enlarged(image: Tensor, width: int, height: int) -> Tensor:
    """Cubic interpolation: float32 (..., H, W) to float32 (..., height, width)."""
    across = _cubic(image.shape[-1], width, image.device)
    down = _cubic(image.shape[-2], height, image.device)
    return down.along(across.along(image, _COLUMNS), _ROWS)


def _halved(image: Tensor, width: int, height: int) -> Tensor:
    """Means of 2 x 2, rounded, as long as they are four times too large, and for exactly half."""
    while (image.shape[-1] >= 4 * width and image.shape[-2] >= 4 * height) or (
        image.shape[:-3:-1] == (2 * width, 2 * height)
    ):
        even = image[..., : image.shape[-2] & ~1, : image.shape[-1] & ~1].to(torch.int16)
        rows = even[..., 0::2, :] + even[..., 1::2, :]
        image = ((rows[..., 0::2] + rows[..., 1::2] + 2) >> 2).to(torch.uint8)
    return image


def _taps(places: list[list[tuple[int, float]]], device: torch.device) -> Taps:
    """From (index, weight) pairs of every output; missing ones weigh nothing."""
    most = max(len(pairs) for pairs in places)
    index = np.zeros((most, len(places)), dtype=np.int64)
    weight = np.zeros((most, len(places)), dtype=np.float32)
    for column, pairs in enumerate(places):
        for row, (place, share) in enumerate(pairs):
            index[row, column], weight[row, column] = place, share
    return Taps(torch.from_numpy(index).to(device), torch.from_numpy(weight).to(device))


@lru_cache(maxsize=64)
def _area(source: int, target: int, device: torch.device) -> Taps:
    scale = source / target
    places = []
    for number in range(target):
        first, last = number * scale, number * scale + scale
        cell = min(scale, source - first)
        start, stop = ceil(first), min(floor(last), source - 1)
        start = min(start, stop)
        pairs = [(start - 1, (start - first) / cell)] if start - first > 1e-3 else []
        pairs += [(place, 1 / cell) for place in range(start, stop)]
        if last - stop > 1e-3:
            pairs.append((stop, min(last - stop, 1.0, cell) / cell))
        places.append(pairs)
    return _taps(places, device)


@lru_cache(maxsize=64)
def _cubic(source: int, target: int, device: torch.device) -> Taps:
    index, weight = cubic(source, target)
    return Taps(
        torch.from_numpy(index.astype(np.int64)).to(device),
        torch.from_numpy(weight.copy()).to(device),
    )
