"""Mask and budget of `watermark.perceptual` for many pictures on the device."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from provenance.watermark.device.filters import box, smooth
from provenance.watermark.device.resample import area
from provenance.watermark.perceptual import budget, mask, tone

_Moments = tuple[Tensor, Tensor, Tensor]


@lru_cache(maxsize=8)
def _tables(device: torch.device) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(tone.LIGHTNESS).to(device), torch.from_numpy(tone.SLOPE).to(device)


def _index(luma: Tensor) -> Tensor:
    return (luma * tone.STEPS + 0.5).clamp_(0, 255 * tone.STEPS).long()


def _lightness(luma: Tensor) -> Tensor:
    return _tables(luma.device)[0][_index(luma)]


def local_variance(luma: Tensor, scale: float) -> Tensor:
    """See `mask.local_variance`: float32 (B, h, w) to the same."""
    light = box(_lightness(luma), 2)
    sigma = mask.WINDOW * scale
    mean, square = smooth(torch.stack([light, light * light]), sigma)
    return (square - mean * mean).clamp_(min=0)


def luma_mask(luma: Tensor, variance: Tensor) -> Tensor:
    """See `mask.luma_mask`: float32 (B, h, w) to the same."""
    log_variance = (variance + 1e-6).log_()
    around = smooth(log_variance, mask.SURROUND)
    limited = torch.minimum(around, log_variance + mask.ABOVE_SURROUND).exp_()
    amplitude = ((2 * limited + mask.FLOOR) / mask.NORM).pow_(mask.EXPONENT)
    slope = _tables(luma.device)[1][_index(smooth(luma, 2.0))] / mask.TYPICAL_SLOPE
    return (amplitude / slope).clamp_(max=mask.CAP)


def chroma_mask(variance: Tensor) -> Tensor:
    """See `mask.chroma_mask`: float32 (B, h, w) to the same."""
    ratio = (2 * variance + mask.CHROMA_FLOOR) / mask.CHROMA_FLOOR
    return ratio.pow_(mask.CHROMA_EXPONENT).clamp_(max=mask.CHROMA_CAP)


class Budget:
    """Estimates the scores of marked versions of some pictures; see `perceptual.budget`."""

    def __init__(self, luma: Tensor, scale: float) -> None:
        """Prepare: float32 (B, h, w); `scale` in canonical pixels per pixel of the original."""
        height, width = luma.shape[-2:]
        self._sizes = [budget.reduced(width, height, scale, part[0]) for part in budget.SCALES]
        self._references = [self._moments(luma, size) for size in self._sizes]

    @staticmethod
    def _moments(luma: Tensor, size: tuple[int, int]) -> _Moments:
        light = _lightness(area(luma, *size))
        mean, square = smooth(torch.stack([light, light * light]), budget.SIGMA)
        return light, mean, square - mean * mean

    def score(self, marked: Tensor) -> Tensor:
        """Estimates for marked luma planes, float32 (B, h, w): float64 (B,)."""
        cost = torch.zeros(len(marked), dtype=torch.float64, device=marked.device)
        for (_, mean_weight, norm_weight), size, reference in zip(
            budget.SCALES, self._sizes, self._references, strict=True
        ):
            loss = self._loss(reference, _lightness(area(marked, *size))).double()
            cost += mean_weight * loss.mean((1, 2))
            cost += norm_weight * loss.pow(4).mean((1, 2)).pow(0.25)
        x = budget.polynomial(cost * budget.REST)
        return 100 - 10 * x.clamp(min=1e-9).pow(budget.POWER)

    @staticmethod
    def _loss(reference: _Moments, marked: Tensor) -> Tensor:
        light, mean, variance = reference
        parts = torch.stack([marked, marked * marked, light * marked])
        mean2, square2, product = smooth(parts, budget.SIGMA)
        covariance, variance2 = product - mean * mean2, square2 - mean2 * mean2
        structure = (2 * covariance + budget.C2) / (variance + variance2 + budget.C2)
        return (1 - (1 - (mean - mean2) ** 2) * structure).clamp_(min=0)
