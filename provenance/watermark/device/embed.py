"""Informed embedding of many pictures at once: `lattice.embed` without a branch.

Where the host decides for a picture, here both ways are computed for all and one is taken: no
number leaves the device before the pictures are marked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from provenance.watermark.carriers import frame
from provenance.watermark.device import residual
from provenance.watermark.device.filters import whiten
from provenance.watermark.device.perceptual import (
    Budget,
    chroma_mask,
    local_variance,
    luma_mask,
)
from provenance.watermark.device.reading import Grid, fold, grid_of, lines_of, split
from provenance.watermark.device.resample import resize
from provenance.watermark.device.simulate import Readers
from provenance.watermark.perceptual.mask import FLAT
from provenance.watermark.schemes.lattice.embed import (
    EXPONENT,
    MILD_QUALITY,
    REFUSE,
    ROUNDS,
    WEAKEST,
    WORTH,
    Targets,
)
from provenance.watermark.schemes.lattice.residual import LUMA_TILT
from provenance.watermark.schemes.lattice.words import Format


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """Everything about B pictures that the strength search needs; see `lattice.embed`."""

    grid: Grid
    codewords: Tensor  # (2, B, D)
    readers: Readers
    small: Tensor  # (B, 3, h, w)
    luma: Tensor
    host: Tensor
    pattern: Tensor
    chroma: Tensor  # zero for grey pictures
    coloured: Tensor  # bool (B,)
    mask: Tensor
    budget: Budget

    def luma_at(self, strength: Tensor) -> Tensor:
        """Informed luma residuals."""
        shown = self.luma + self.pattern * _each(strength)
        made = residual.informed(
            self.grid,
            self.codewords[0],
            self.mask,
            host=self.host,
            response=lines_of(fold(whiten(shown)), self.grid) - self.host,
            strength=strength,
        )
        allowed = strength * _rms(self.pattern)
        return made * _each((allowed / _rms(made)).clamp(max=1.0))

    def strength_for(self, score: float, start: Tensor) -> Tensor:
        """The strengths at which plain residuals cost that score."""
        strength, done = start, torch.zeros_like(start, dtype=torch.bool)
        for _ in range(ROUNDS):
            estimate = self.budget.score(self.luma + self.pattern * _each(strength))
            done = done | ((estimate - score).abs() < 0.3)
            factor = ((100 - score) / (100 - estimate).clamp(min=0.5)) ** (1 / 1.2)
            strength = torch.where(done, strength, strength * factor.float())
        return strength

    def marked(self, luma: Tensor, chroma: Tensor) -> Tensor:
        """The marked pictures in the canonical frame: uint8 (B, 3, h, w)."""
        return _shown(self.small + residual.joined(luma, chroma))

    def whole(self, luma: Tensor, targets: Targets) -> Tensor:
        """Least z of luma after strong damage to the whole pictures."""
        shown = _shown(self.luma + luma)
        return torch.minimum(
            self.readers.shrunk(shown, targets.shrunk),
            self.readers.compressed(shown, targets.compressed),
        )


def embed(
    pictures: Tensor, format_: Format, codewords: npt.NDArray[np.float32], targets: Targets
) -> tuple[Tensor, Tensor]:
    """Mark pictures.

    Args:
        pictures: uint8 (B, 3, H, W).
        format_: how the layout is carried.
        codewords: float32 (B, 2, D), see `words.carried`.
        targets: what to aim at, see `lattice.embed.targets_for`.

    Returns:
        uint8 (B, 3, H, W), a new tensor; bool (B,), False where the detector would not find the
        mark and the result must not be used.
    """
    work = prepare(pictures, format_, codewords)
    strength, reached = strengths(work, targets)
    luma, chroma = residuals(work, strength, targets)
    marked = residual.add(pictures, luma, chroma)
    return marked, found(work, marked, luma, chroma, reached)


def prepare(pictures: Tensor, format_: Format, codewords: npt.NDArray[np.float32]) -> Work:
    """All that the search needs to know of the pictures."""
    height, width = pictures.shape[-2:]
    size = frame.size(width, height)
    scale = max(frame.scale(width, height), 0.5)
    grid = grid_of(format_.band, pictures.device)
    words = torch.from_numpy(codewords).to(pictures.device).transpose(0, 1)
    small = resize(pictures, *size).float()
    (luma, _), coloured = split(small)
    variance = local_variance(luma, scale)
    mask = luma_mask(luma, variance)
    chroma = residual.plain(grid, words[1], chroma_mask(variance), tilt=0.0)
    return Work(
        grid=grid,
        codewords=words,
        readers=Readers(grid, words, size, (width, height)),
        small=small,
        luma=luma,
        host=lines_of(fold(whiten(luma)), grid),
        pattern=residual.plain(grid, words[0], mask, tilt=LUMA_TILT),
        chroma=chroma * _each(coloured),
        coloured=coloured,
        mask=mask,
        budget=Budget(luma, scale),
    )


def strengths(work: Work, targets: Targets) -> tuple[Tensor, Tensor]:
    """The strengths, and the z that they give after strong damage."""
    start = torch.full_like(work.luma[:, 0, 0], 0.4)
    first = work.strength_for(targets.score, start)
    strength = first.clamp(max=targets.flat / FLAT)
    reached = work.whole(work.luma_at(strength), targets).clamp(min=4.0)
    ample = strength * (targets.ample / reached) ** EXPONENT
    weaker = torch.maximum(ample, torch.minimum(strength, WEAKEST * first))
    wanted = strength * (targets.whole / reached) ** EXPONENT
    most = work.strength_for(targets.least_score, wanted).clamp(max=targets.most_flat / FLAT)
    stronger = torch.maximum(strength, torch.minimum(wanted, most))
    chosen = torch.where(reached < targets.whole, stronger, strength)
    chosen = torch.where(reached > targets.ample, weaker, chosen)
    return chosen, reached * (chosen / strength) ** (1 / EXPONENT)


def residuals(work: Work, strength: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
    """Luma and Cb, each float32 (B, h, w), with what crops need."""
    luma = work.luma_at(strength)
    amplitude, factor = _for_crops(work, luma, strength, targets)
    return luma * _each(factor), work.chroma * _each(amplitude)


def found(work: Work, marked: Tensor, luma: Tensor, chroma: Tensor, reached: Tensor) -> Tensor:
    """Whether the detector finds the marks in the finished pictures: bool (B,)."""
    seen = work.readers.clean(marked)
    mild = work.readers.mild(work.marked(luma, chroma), MILD_QUALITY)
    return torch.where(reached < REFUSE, torch.minimum(seen, mild), seen) >= REFUSE


def _for_crops(
    work: Work, luma: Tensor, strength: Tensor, targets: Targets
) -> tuple[Tensor, Tensor]:
    """Amplitudes of Cb, and the factors by which luma is raised."""
    shown = work.marked(luma, torch.zeros_like(luma))
    quarter = work.readers.quarters(shown, 70)
    ninth = work.readers.ninths(shown)
    shown = work.marked(luma, work.chroma * targets.chroma)
    with_chroma, clean = work.readers.quarters(shown, 70), work.readers.ninths(shown)
    gain = torch.where(with_chroma > quarter + WORTH, with_chroma**2 - quarter**2, 0.0)
    share = torch.maximum(
        _share(targets.quarter, quarter, quarter**2 + gain),
        _share(targets.ninth, ninth, clean**2),
    )
    share = torch.where(work.coloured, share, 0.0)
    # The shares are those of pictures that ask for Cb; only these gain anything from it.
    asked = work.coloured & ((quarter < targets.quarter) | (ninth < targets.ninth))
    square = torch.where(asked, share**2 * gain, 0.0)
    needed = (targets.quarter**2 - square).clamp(min=targets.quarter_luma**2)
    positive = quarter > 0
    raised = (needed / torch.where(positive, quarter, 1.0) ** 2) ** (EXPONENT / 2)
    most = work.strength_for(targets.raised_score, strength).clamp(max=targets.most_flat / FLAT)
    factor = torch.minimum(raised, most / strength).clamp(min=1.0)
    return targets.chroma * share, torch.where(positive, factor, 1.0)


def _share(target: float, without: Tensor, square_with: Tensor) -> Tensor:
    """Which shares of full Cb reach a target: squares of z add up."""
    more = square_with - without**2
    wanted = (target**2 - without**2) / torch.where(more > 0, more, 1.0)
    share = wanted.clamp(min=0.0, max=1.0).sqrt()
    return torch.where((without >= target) | (more <= 0), 0.0, share)


def _shown(planes: Tensor) -> Tensor:
    return (planes + 0.5).clamp_(0, 255).to(torch.uint8)


def _rms(plane: Tensor) -> Tensor:
    return (plane * plane).mean((1, 2)).sqrt()


def _each(values: Tensor) -> Tensor:
    return values[:, None, None]
