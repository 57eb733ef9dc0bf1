"""What the detector will read after what usually happens: `lattice.simulate` on the device."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from provenance.watermark.device.filters import whiten
from provenance.watermark.device.jpeg import jpeg_colour, jpeg_grey
from provenance.watermark.device.reading import (
    Grid,
    fold,
    lines_of,
    scores,
    soft_values,
    split,
)
from provenance.watermark.device.resample import resize
from provenance.watermark.schemes.lattice.simulate import at_most, regions


@dataclass(frozen=True, slots=True, eq=False)
class Readers:
    """Reads known code words at known alignment in B pictures of one size.

    Attributes:
        grid: the lattice.
        codewords: float32 (2, B, D).
        size: width and height of the canonical frame.
        original: width and height of the pictures.
    """

    grid: Grid
    codewords: Tensor
    size: tuple[int, int]
    original: tuple[int, int]

    def shrunk(self, luma: Tensor, quality: int) -> Tensor:
        """Z of luma, uint8 (B, h, w), after resizing to 60 % and JPEG: float32 (B,)."""
        small = resize(luma, *self._at_most(0.6, 1.25))
        return self._luma(resize(jpeg_grey(small, quality), *self.size))

    def compressed(self, luma: Tensor, quality: int) -> Tensor:
        """Z of luma, uint8 (B, h, w), after JPEG: float32 (B,)."""
        shown = resize(luma, *self._at_most(1.0, 1.41))
        return self._luma(resize(jpeg_grey(shown, quality), *self.size))

    def clean(self, pictures: Tensor) -> Tensor:
        """Z of marked pictures, uint8 (B, 3, H, W), all planes: float32 (B,)."""
        planes, coloured = split(resize(pictures, *self.size).float())
        values = soft_values(lines_of(fold(whiten(planes)), self.grid), self.grid)
        return scores(values, self.codewords, coloured)[0]

    def mild(self, marked: Tensor, quality: int) -> Tensor:
        """Z of whole pictures, all planes, after JPEG: float32 (B,)."""
        return self.clean(jpeg_colour(marked, quality))

    def quarters(self, marked: Tensor, quality: int) -> Tensor:
        """Least z over the four quarters after JPEG, all planes: float32 (B,)."""
        shown = resize(marked, *self._at_most(1.0, 1.41))
        return self._worst(resize(jpeg_colour(shown, quality), *self.size), 2, 0.5)

    def ninths(self, marked: Tensor) -> Tensor:
        """Least z over nine clean crops of 15 % of the area, all planes: float32 (B,)."""
        return self._worst(resize(marked, *self.size), 3, 0.387)

    def _at_most(self, factor: float, limit: float) -> tuple[int, int]:
        return at_most(self.original, self.size, factor, limit)

    def _luma(self, plane: Tensor) -> Tensor:
        values = soft_values(lines_of(fold(whiten(plane.float())), self.grid), self.grid)
        along = (values * self.codewords[0]).sum(-1)
        return along / (values * values).sum(-1).clamp(min=1e-30).sqrt()

    def _worst(self, pictures: Tensor, count: int, share: float) -> Tensor:
        planes, coloured = split(pictures.float())
        filtered = whiten(planes)
        tiles = [
            fold(filtered[..., rows, columns]).roll((rows.start, columns.start), (-2, -1))
            for rows, columns in regions(*self.size, count, share)
        ]
        values = soft_values(lines_of(torch.stack(tiles), self.grid), self.grid)
        return scores(values, self.codewords, coloured)[0].amin(0)
