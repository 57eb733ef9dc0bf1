"""Informed embedding: how strong the mark has to be is what its own detector says.

1. The strength that costs `_SCORE` points of the perceptual budget is the starting point, below
   the cap that keeps grain out of flat areas.
2. The detector reads the marked picture after simulated damage. Where it reads more than is
   needed, the mark is made weaker; where less, stronger, up to the lower budget `_LEAST_SCORE`.
3. Chroma is added as far as crops after JPEG need it.
4. If a quarter of the picture is still weak, luma is raised once more, within a budget.

A picture in which the detector would not find the mark after all that is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.errors import CapacityError
from provenance.watermark.carriers import frame
from provenance.watermark.carriers.frame import UNITS, Pixels
from provenance.watermark.perceptual.budget import Budget
from provenance.watermark.perceptual.mask import FLAT, chroma_mask, local_variance, luma_mask
from provenance.watermark.reading.filter import whiten
from provenance.watermark.reading.lines import lines_of
from provenance.watermark.schemes.lattice.residual import LUMA_TILT, add, informed, plain
from provenance.watermark.schemes.lattice.simulate import Reader
from provenance.watermark.schemes.lattice.words import Format

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What the embedder aims at. Scores are estimates of SSIMULACRA2, z as the detector's.

    Attributes:
        score: score at which the mark is set first.
        least_score: score that is accepted where the detector needs it.
        raised_score: score down to which a weak quarter is raised.
        flat: cap of the rms in flat areas, grey levels; `raised_flat` when raised.
        whole: z after resizing to 60 % and JPEG 50, and after JPEG 20.
        quarter: z of every quarter after JPEG 70; `quarter_luma` of luma alone.
        ninth: z of nine clean crops of 15 %.
        chroma: amplitudes of Cb, grey levels at mask 1, in the order tried.
    """

    score: float = 88.0
    least_score: float = 79.0
    raised_score: float = 84.0
    flat: float = 0.5
    raised_flat: float = 0.75
    whole: float = 16.0
    quarter: float = 15.0
    quarter_luma: float = 13.0
    ninth: float = 17.0
    chroma: tuple[float, ...] = (0.0, 0.2, 0.35, 0.5, 0.7)


TARGETS: Final = Targets()
#: Below this z after mild JPEG a picture is refused; reading needs 11 to 12.6.
_REFUSE: Final = 14.0
_MILD_QUALITY: Final = 85
#: z grows a little slower than the amplitude.
_EXPONENT: Final = 1.15
_WEAKEST: Final = 0.6  # never below this share of the first strength
_RAISE: Final = 1.1
_RAISES: Final = 5
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """Everything about one picture that the strength search needs."""

    format: Format
    codeword: npt.NDArray[np.float32]
    reader: Reader
    small: Plane  # (h, w, 3)
    luma: Plane
    host: npt.NDArray[np.complex64]
    filtered: Plane
    pattern: Plane  # plain luma residual at strength 1
    chroma: Plane | None  # Cb residual at strength 1; None for grey pictures
    mask: Plane
    budget: Budget

    def luma_at(self, strength: float) -> Plane:
        """Informed luma residual."""
        grid = self.format.grid
        response = lines_of(whiten(self.luma + self.pattern * np.float32(strength)), grid)
        residual = informed(
            grid,
            self.codeword[0],
            self.mask,
            host=self.host,
            response=response - self.host,
            strength=strength,
        )
        allowed = strength * _rms(self.pattern)
        return residual * np.float32(min(1.0, allowed / _rms(residual)))

    def strength_for(self, score: float, start: float) -> float:
        """The strength at which a plain residual costs that score."""
        strength = start
        for _ in range(_ROUNDS):
            estimate = self.budget.score(self.luma + self.pattern * np.float32(strength))
            if abs(estimate - score) < 0.3:
                break
            strength *= float(((100 - score) / max(100 - estimate, 0.5)) ** (1 / 1.2))
        return strength

    def marked_luma(self, residual: Plane) -> Pixels:
        """Luma as an 8-bit picture would show it."""
        shown = self.luma + residual + np.float32(0.5)
        return np.asarray(np.clip(shown, 0, 255), dtype=np.uint8)

    def marked(self, residual: Plane) -> Pixels:
        """The marked picture in the canonical frame."""
        units = np.ascontiguousarray(UNITS[:, : residual.shape[2]])
        shown = self.small + cv2.transform(residual, units) + np.float32(0.5)
        return np.asarray(np.clip(shown, 0, 255), dtype=np.uint8)

    def joined(self, luma: Plane, amplitude: float) -> Plane:
        """Residual of all planes, (h, w, 1) or (h, w, 2)."""
        if self.chroma is None or amplitude == 0:
            return luma[..., None]
        return np.stack([luma, self.chroma * np.float32(amplitude)], axis=-1)

    def whole(self, residual: Plane) -> float:
        """Least z of luma after strong damage to the whole picture."""
        shown = self.marked_luma(residual)
        return min(self.reader.shrunk(shown), self.reader.compressed(shown, 20))


def embed(
    rgb: Pixels, format_: Format, codeword: npt.NDArray[np.float32], targets: Targets = TARGETS
) -> Pixels:
    """Mark a picture.

    Args:
        rgb: uint8 (H, W, 3).
        format_: how the layout is carried.
        codeword: float32 (2, D), see `words.carried`.
        targets: what to aim at.

    Returns:
        uint8 (H, W, 3), a new array.

    Raises:
        CapacityError: too flat; the detector would not find the mark.
    """
    work = _prepare(rgb, format_, codeword)
    strength = _strength(work, targets)
    luma = work.luma_at(strength)
    residual = _with_chroma(work, luma, targets)
    residual = _raised(work, residual, strength, targets)
    shown = work.marked(residual)
    if work.reader.mild(shown, _MILD_QUALITY) < _REFUSE:
        raise CapacityError(
            "the picture is too flat to carry a mark that would be found again",
            hint="large areas of pure black, white or one colour leave no room for it",
        )
    return add(rgb, residual)


def _prepare(rgb: Pixels, format_: Format, codeword: npt.NDArray[np.float32]) -> _Work:
    height, width = rgb.shape[:2]
    columns, rows = frame.size(width, height)
    scale = max(frame.scale(width, height), 0.5)
    small = frame.resize(rgb, columns, rows).astype(np.float32)
    planes = frame.split(small)
    luma, grey = planes[0], len(planes) == 1
    variance = local_variance(luma, scale)
    mask = luma_mask(luma, variance)
    filtered = whiten(luma)
    return _Work(
        format=format_,
        codeword=codeword,
        reader=Reader(format_.grid, codeword, columns, rows, (width, height)),
        small=small,
        luma=luma,
        host=lines_of(filtered, format_.grid),
        filtered=filtered,
        pattern=plain(format_.grid, codeword[0], mask, tilt=LUMA_TILT),
        chroma=None if grey else plain(format_.grid, codeword[1], chroma_mask(variance), tilt=0.0),
        mask=mask,
        budget=Budget(luma, scale),
    )


def _strength(work: _Work, targets: Targets) -> float:
    """Steps 1 and 2."""
    first = work.strength_for(targets.score, 0.4)
    cap = targets.flat / FLAT
    strength = min(first, cap)
    reached = work.whole(work.luma_at(strength))
    wanted = strength * float((targets.whole / max(reached, 4.0)) ** _EXPONENT)
    if wanted <= strength:
        return max(wanted, _WEAKEST * first)
    most = min(work.strength_for(targets.least_score, first * 1.6), cap)
    return min(wanted, most)


def _with_chroma(work: _Work, luma: Plane, targets: Targets) -> Plane:
    """Step 3: the weakest Cb with which all crops read."""
    if work.chroma is None:
        return luma[..., None]
    for amplitude in targets.chroma:
        residual = work.joined(luma, amplitude)
        shown = work.marked(residual)
        if work.reader.quarters(shown, 70)[0] < targets.quarter:
            continue
        if work.reader.ninths(shown)[0] >= targets.ninth:
            break
    return residual


def _raised(work: _Work, residual: Plane, strength: float, targets: Targets) -> Plane:
    """Step 4."""
    factor = 1.0
    made = residual
    for _ in range(_RAISES):
        joint, luma = work.reader.quarters(work.marked(made), 70)
        if joint >= targets.quarter and luma >= targets.quarter_luma:
            break
        factor *= _RAISE
        stronger = residual.copy()
        stronger[..., 0] *= np.float32(factor)
        if strength * factor * FLAT > targets.raised_flat:
            break
        if work.budget.score(work.luma + stronger[..., 0]) < targets.raised_score:
            break
        made = stronger
    return made


def _rms(plane: Plane) -> float:
    return float(np.sqrt(np.mean(plane * plane)))
