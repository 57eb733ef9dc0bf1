"""An attack is data: where it starts from, and the steps done to the picture one by one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from benchmarks.watermark.scene import Pixels, Scene

Value = float | int | str | bool


class Family(StrEnum):
    """Kinds of attacks; reports have one table and one plot for each."""

    NONE = "none"
    JPEG = "jpeg"
    WEBP = "webp"
    AVIF = "avif"
    RESIZE = "resize"
    ASPECT = "aspect"
    CROP = "crop"
    ROTATION = "rotation"
    FLIP = "flip"
    PHOTOMETRIC = "photometric"
    FILTER = "filter"
    NOISE = "noise"
    QUANTISE = "quantise"
    OVERLAY = "overlay"
    FRAME = "frame"
    PLACEMENT = "placement"
    SCREENSHOT = "screenshot"
    PRINT_SCAN = "print-scan"
    WARP = "warp"
    PLATFORM = "platform"
    DENOISE = "denoise"
    COMBINATION = "combination"
    MARK = "mark"  # by somebody who knows the algorithm or holds several marked pictures
    TRANSPLANT = "transplant"  # meant to be read: the content match catches it, not the mark


class AttackSkippedError(Exception):
    """The attack does not apply to this scheme; the message says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """A pure function of a picture (or, for a source, of a scene) with its parameters."""

    function: Callable[..., Pixels]
    params: dict[str, Value] = field(default_factory=dict)

    @property
    def random(self) -> bool:
        """True if it draws random numbers: its function asks for `rng`."""
        return "rng" in inspect.signature(self.function).parameters

    def __call__(self, subject: Pixels | Scene, rng: np.random.Generator) -> Pixels:
        """Do it."""
        if self.random:
            return self.function(subject, rng=rng, **self.params)
        return self.function(subject, **self.params)


def step(function: Callable[..., Pixels], **params: Value) -> Step:
    """A step as it is written in the table."""
    return Step(function, params)


def marked(scene: Scene) -> Pixels:
    """The released picture as it is."""
    return scene.marked


@dataclass(frozen=True, slots=True)
class Attack:
    """A named attack.

    Attributes:
        name: unique; `%`-free so that it can be typed.
        family: its table in the report.
        steps: done in this order.
        kept_area: share of the picture's area that stays visible, for a 4:3 picture.
        source: what the steps start from.
    """

    name: str
    family: Family
    steps: tuple[Step, ...] = ()
    kept_area: float = 1.0
    source: Step = Step(marked)

    @property
    def random(self) -> bool:
        """True if another draw gives another picture."""
        return any(item.random for item in (self.source, *self.steps))

    def apply(self, scene: Scene, rng: np.random.Generator) -> Pixels:
        """The attacked picture: uint8 (H', W', 3), a contiguous array.

        Raises:
            AttackSkippedError: it does not apply to this scheme.
        """
        picture = self.source(scene, rng)
        for item in self.steps:
            picture = item(picture, rng)
        return np.ascontiguousarray(picture)
