"""Informed embedding: how strong the mark has to be is what its own detector says.

1. The strength that costs a few points of the perceptual budget is the starting point, below
   the cap that keeps grain out of flat areas.
2. The detector reads luma after strong simulated damage to the whole picture. Where it reads more
   than is needed, the mark is made weaker; where less, stronger, up to a lower budget.
3. Cb is added as far as crops, clean or after JPEG, need it and gain from it.
4. If a quarter of the picture is still weak, luma is raised once more, within a budget.

z grows in proportion to the amplitude, and the squares of the z of the two planes add up: each step
needs one or two readings and no search. A picture in which the detector would not find the mark
after all that is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.errors import CapacityError
from provenance.watermark.carriers import frame
from provenance.watermark.carriers.frame import Pixels
from provenance.watermark.payload import Layout
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
        score: score at which the mark is set first; `least_score` where the detector needs more,
            `raised_score` where a weak quarter does.
        flat: cap of the rms in flat areas, grey levels; `most_flat` where the detector needs more.
        whole: z of luma after resizing to 60 % and JPEG of quality `shrunk`, and after JPEG of
            quality `compressed`: below it the mark is made stronger, above `ample` weaker.
        quarter: z of every quarter after JPEG 70; `quarter_luma` of luma alone.
        ninth: z of nine clean crops of 15 %.
        chroma: largest amplitude of Cb, grey levels at mask 1.
    """

    score: float = 88.0
    least_score: float = 79.0
    raised_score: float = 86.5
    flat: float = 0.5
    most_flat: float = 0.75
    whole: float = 15.8
    ample: float = 15.8
    shrunk: int = 50
    compressed: int = 18
    quarter: float = 14.5
    quarter_luma: float = 13.0
    ninth: float = 15.0
    chroma: float = 0.7


#: What happens to small pictures takes more of them: they get a stronger mark. The smallest
#: cannot carry one that survives everything, and the eye comes first.
LARGE: Final = Targets()
SMALL: Final = Targets(
    whole=16.5,
    ample=16.5,
    compressed=20,
    quarter=15.5,
    quarter_luma=14.0,
    ninth=17.0,
    most_flat=0.95,
    raised_score=84.5,
)
MEDIUM: Final = replace(SMALL, score=86.0, least_score=80.5, whole=17.3, ample=20.0)
TINY: Final = Targets(
    score=91.0,
    least_score=85.0,
    raised_score=91.0,
    most_flat=0.9,
    whole=12.6,
    ample=12.6,
    shrunk=85,
    compressed=30,
    quarter=8.0,
    quarter_luma=8.0,
    ninth=8.0,
)
_LARGE_FROM: Final = 750_000  # pixels
_MEDIUM_FROM: Final = 300_000
#: Below this z, clean or after mild JPEG, a picture is refused; reading needs 11 to 12.6.
REFUSE: Final = 14.0
MILD_QUALITY: Final = 85
NO_ROOM_HINT: Final = (
    "areas of pure black, white or one colour and single-pixel patterns carry none"
)
#: z grows a little slower than the amplitude.
EXPONENT: Final = 1.15
WEAKEST: Final = 0.6  # never below this share of the first strength
ROUNDS: Final = 3
#: Cb that adds less than this to the worst quarter is not spent on quarters.
WORTH: Final = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """Everything about one picture that the strength search needs."""

    format: Format
    codeword: npt.NDArray[np.float32]
    reader: Reader
    small: Plane  # (h, w, 3)
    luma: Plane
    host: npt.NDArray[np.complex64]
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
        for _ in range(ROUNDS):
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
        shown = self.small + frame.joined(residual) + np.float32(0.5)
        return np.asarray(np.clip(shown, 0, 255), dtype=np.uint8)

    def joined(self, luma: Plane, amplitude: float) -> Plane:
        """Residual of all planes, (h, w, 1) or (h, w, 2)."""
        if self.chroma is None or amplitude == 0:
            return luma[..., None]
        return np.stack([luma, self.chroma * np.float32(amplitude)], axis=-1)

    def whole(self, residual: Plane, targets: Targets) -> float:
        """Least z of luma after strong damage to the whole picture."""
        shown = self.marked_luma(residual)
        return min(
            self.reader.shrunk(shown, targets.shrunk),
            self.reader.compressed(shown, targets.compressed),
        )


def targets_for(rgb: Pixels, format_: Format) -> Targets:
    """What is aimed at for a picture of this size."""
    if format_.layout is Layout.SHORT:
        return TINY
    area = rgb.shape[0] * rgb.shape[1]
    if area >= _LARGE_FROM:
        return LARGE
    return MEDIUM if area >= _MEDIUM_FROM else SMALL


def embed(
    rgb: Pixels, format_: Format, codeword: npt.NDArray[np.float32], targets: Targets | None = None
) -> Pixels:
    """Mark a picture.

    Args:
        rgb: uint8 (H, W, 3).
        format_: how the layout is carried.
        codeword: float32 (2, D), see `words.carried`.
        targets: what to aim at; default: `targets_for` the picture.

    Returns:
        uint8 (H, W, 3), a new array.

    Raises:
        CapacityError: the detector would not find the mark.
    """
    targets = targets or targets_for(rgb, format_)
    work = _prepare(rgb, format_, codeword)
    strength, reached = _strength(work, targets)
    luma = work.luma_at(strength)
    amplitude, factor = _for_crops(work, luma, strength, targets)
    residual = work.joined(luma * np.float32(factor), amplitude)
    marked = add(rgb, residual)
    # What was simulated at the size of the canonical frame is read once from the picture itself.
    seen = work.reader.clean(marked)
    if reached < REFUSE:
        seen = min(seen, work.reader.mild(work.marked(residual), MILD_QUALITY))
    if seen < REFUSE:
        raise CapacityError(
            "the picture leaves no room for a mark that would be found again",
            hint=NO_ROOM_HINT,
        )
    return marked


def _prepare(rgb: Pixels, format_: Format, codeword: npt.NDArray[np.float32]) -> _Work:
    height, width = rgb.shape[:2]
    columns, rows = frame.size(width, height)
    scale = max(frame.scale(width, height), 0.5)
    small = frame.resize(rgb, columns, rows).astype(np.float32)
    planes = frame.split(small)
    luma, grey = planes[0], len(planes) == 1
    variance = local_variance(luma, scale)
    mask = luma_mask(luma, variance)
    return _Work(
        format=format_,
        codeword=codeword,
        reader=Reader(format_.grid, codeword, columns, rows, (width, height)),
        small=small,
        luma=luma,
        host=lines_of(whiten(luma), format_.grid),
        pattern=plain(format_.grid, codeword[0], mask, tilt=LUMA_TILT),
        chroma=None if grey else plain(format_.grid, codeword[1], chroma_mask(variance), tilt=0.0),
        mask=mask,
        budget=Budget(luma, scale),
    )


def _strength(work: _Work, targets: Targets) -> tuple[float, float]:
    """Steps 1 and 2: the strength, and the z that it gives after strong damage."""
    first = work.strength_for(targets.score, 0.4)
    strength = min(first, targets.flat / FLAT)
    reached = work.whole(work.luma_at(strength), targets)
    reached = max(reached, 4.0)
    chosen = strength
    if reached > targets.ample:
        ample = strength * float((targets.ample / reached) ** EXPONENT)
        chosen = max(ample, min(strength, WEAKEST * first))
    elif reached < targets.whole:
        wanted = strength * float((targets.whole / reached) ** EXPONENT)
        most = min(work.strength_for(targets.least_score, wanted), targets.most_flat / FLAT)
        chosen = max(strength, min(wanted, most))
    return chosen, reached * float((chosen / strength) ** (1 / EXPONENT))


def _for_crops(work: _Work, luma: Plane, strength: float, targets: Targets) -> tuple[float, float]:
    """Steps 3 and 4: amplitude of Cb, and the factor by which luma is raised."""
    shown = work.marked(luma[..., None])
    quarter = work.reader.quarters(shown, 70)[0]
    ninth = work.reader.ninths(shown)[0]
    gain = 0.0  # what full Cb adds to the square of the worst quarter's z
    share = 0.0
    if work.chroma is not None and (quarter < targets.quarter or ninth < targets.ninth):
        shown = work.marked(work.joined(luma, targets.chroma))
        with_chroma = work.reader.quarters(shown, 70)[0]
        clean = work.reader.ninths(shown)[0]
        if with_chroma > quarter + WORTH:
            gain = with_chroma**2 - quarter**2
        share = max(
            _share(targets.quarter, quarter, quarter**2 + gain),
            _share(targets.ninth, ninth, clean**2),
        )
    square = share**2 * gain
    needed = max(targets.quarter**2 - square, targets.quarter_luma**2)
    factor = float((needed / quarter**2) ** (EXPONENT / 2)) if quarter > 0 else 1.0
    if factor > 1:
        most = min(work.strength_for(targets.raised_score, strength), targets.most_flat / FLAT)
        factor = min(factor, most / strength)
    return targets.chroma * share, max(1.0, factor)


def _share(target: float, without: float, square_with: float) -> float:
    """Which share of full Cb reaches a target: squares of z add up."""
    if without >= target or square_with <= without**2:
        return 0.0
    return min(1.0, float(np.sqrt((target**2 - without**2) / (square_with - without**2))))


def _rms(plane: Plane) -> float:
    return float(np.sqrt(np.mean(plane * plane)))
