"""What is asked of the default mark, as data: sets, what is measured, how much is required."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.watermark.attacks import ATTACKS, Family, by_name
from benchmarks.watermark.metrics import Quality
from benchmarks.watermark.rows import AttackRow, Row, StampRow

_ASIDE: Final = (Family.MARK, Family.TRANSPLANT)


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with how many measurements it rests on; not-a-number where there are none.

    `coverage` says how many of the attacks that belong to it were run.
    """

    value: float
    n: int
    coverage: str = ""


@dataclass(frozen=True, slots=True)
class Recovery:
    """Per cent of the attacked pictures whose exact payload is read."""

    sets: tuple[str, ...]
    title: str
    attacks: tuple[str, ...]
    required: float
    unit: str = "%"

    def measure(self, rows: Sequence[Row]) -> Measured:
        """What the rows of one scheme say about it."""
        read = [
            row
            for row in rows
            if isinstance(row, AttackRow)
            and row.set in self.sets
            and row.attack in self.attacks
            and not row.skipped
        ]
        ran = len({row.attack for row in read})
        coverage = f"{ran} of {len(self.attacks)}"
        share = 100 * statistics.fmean(row.recovered for row in read) if read else float("nan")
        return Measured(share, len(read), coverage)


@dataclass(frozen=True, slots=True)
class Fidelity:
    """A quality metric over the stamped pictures."""

    sets: tuple[str, ...]
    title: str
    metric: Callable[[Quality], float | None]
    summary: Callable[[list[float]], float]
    required: float
    unit: str = ""

    def measure(self, rows: Sequence[Row]) -> Measured:
        """What the rows of one scheme say about it."""
        values = [
            value
            for row in rows
            if isinstance(row, StampRow) and row.set in self.sets and row.quality is not None
            if (value := self.metric(row.quality)) is not None
        ]
        return Measured(self.summary(values) if values else float("nan"), len(values))


Requirement = Recovery | Fidelity


def _keeping(area: float) -> tuple[str, ...]:
    """Every attack that leaves that much, but for those that know the algorithm."""
    return tuple(a.name for a in ATTACKS if a.kept_area >= area and a.family not in _ASIDE)


def _family(*families: Family, least_area: float = 0.0) -> tuple[str, ...]:
    return tuple(a.name for a in ATTACKS if a.family in families and a.kept_area >= least_area)


def _only(*names: str) -> tuple[str, ...]:
    return tuple(by_name(name).name for name in names)


def _psnr(sets: tuple[str, ...], required: float) -> Fidelity:
    return Fidelity(sets, "PSNR, mean", lambda q: q.psnr, statistics.fmean, required, " dB")


def _s2(sets: tuple[str, ...], mean: float, least: float | None = None) -> tuple[Fidelity, ...]:
    asked = (Fidelity(sets, "SSIMULACRA2, mean", lambda q: q.ssimulacra2, statistics.fmean, mean),)
    if least is None:
        return asked
    return (*asked, Fidelity(sets, "SSIMULACRA2, least", lambda q: q.ssimulacra2, min, least))


_GENERATED = ("generated",)
_KODAK = ("kodak",)
_PHOTOS = ("photos-0.4",)
_512 = ("512",)
_256 = ("256",)
_BOTH = ("generated", "kodak")
_RESIZES = tuple(name for name in _family(Family.RESIZE) if name != "x0.25")

REQUIREMENTS: Final[tuple[Requirement, ...]] = (
    Recovery(_GENERATED, "everything that keeps 15 % of the area", _keeping(0.15), 99.5),
    Recovery(
        _GENERATED,
        "JPEG 20 and better",
        _only("jpeg20", "jpeg30", "jpeg40", "jpeg50", "jpeg60", "jpeg70", "jpeg80", "jpeg90"),
        100,
    ),
    Recovery(
        _GENERATED,
        "WebP 30 and better",
        _only("webp30", "webp50", "webp70", "webp80", "webp90"),
        100,
    ),
    Recovery(_GENERATED, "resize x0.33 to x2", _RESIZES, 100),
    Recovery(_GENERATED, "any rotation", _family(Family.ROTATION), 100),
    Recovery(_GENERATED, "mirrors and quarter turns", _family(Family.FLIP), 100),
    Recovery(_GENERATED, "inverted tones", _only("invert"), 100),
    Recovery(_GENERATED, "crops to 25 % and more", _family(Family.CROP, least_area=0.25), 100),
    _psnr(_GENERATED, 46.5),
    *_s2(_GENERATED, 86, 83),
    Recovery(_KODAK, "everything that keeps 15 % of the area", _keeping(0.15), 98.5),
    Recovery(_KODAK, "crop 25 %", _only("crop25", "crop25-centre"), 98),
    Recovery(_KODAK, "crop 25 %, JPEG 70", _only("crop25-jpeg70"), 96),
    Recovery(_KODAK, "crop 15 %", _only("crop15"), 96),
    Recovery(_KODAK, "grey, crop 25 %, JPEG 70", _only("grey-crop25-jpeg70"), 90),
    Recovery(_KODAK, "grey, crop 15 %", _only("grey-crop15"), 90),
    _psnr(_KODAK, 43),
    *_s2(_KODAK, 84.5, 80),
    Recovery(_PHOTOS, "WebP 50", _only("webp50"), 95),
    Recovery(_PHOTOS, "x0.6, JPEG 50", _only("x0.6-jpeg50"), 95),
    Recovery(_PHOTOS, "crop 25 %, JPEG 70", _only("crop25-jpeg70"), 100),
    _psnr(_PHOTOS, 44),
    *_s2(_PHOTOS, 84),
    Recovery(_512, "everything that keeps 15 % of the area", _keeping(0.15), 97),
    Recovery(_512, "crop 25 %, JPEG 70", _only("crop25-jpeg70"), 93),
    Recovery(_512, "x0.6, JPEG 50", _only("x0.6-jpeg50"), 100),
    _psnr(_512, 43),
    *_s2(_512, 82),
    Recovery(_256, "JPEG 70", _only("jpeg70"), 100),
    Recovery(_256, "JPEG 50", _only("jpeg50"), 98),
    Recovery(_256, "JPEG 30", _only("jpeg30"), 75),
    Recovery(_256, "WebP 50", _only("webp50"), 80),
    Recovery(_256, "x0.5", _only("x0.5"), 98),
    _psnr(_256, 42),
    Recovery(_BOTH, "collage at half scale", _only("collage-half"), 88),
    Recovery(_BOTH, "inset in a larger picture", _only("inset-quarter"), 88),
    Recovery(_BOTH, "print and scan (simulated)", _only("print-scan"), 88),
    Recovery(_BOTH, "perspective 3 %", _only("perspective3"), 88),
    Recovery(
        _BOTH, "rotation with aspect change", _only("rotate7-width1.1", "rotate20-width0.85"), 88
    ),
)
