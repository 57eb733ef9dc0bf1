"""What is done to the pictures: attacks of the watermark benchmark, and a few of its own."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.watermark.attacks import ATTACKS, Attack, by_name
from benchmarks.watermark.attacks.geometry import crop_random
from benchmarks.watermark.attacks.model import Family, step
from benchmarks.watermark.attacks.tone import rounded
from benchmarks.watermark.scene import Pixels, Scene


def pasted(scene: Scene, *, rng: np.random.Generator, area: float) -> Pixels:
    """A share of the picture, anywhere on another one of the same size."""
    part = crop_random(scene.marked, rng=rng, area=area)
    canvas = scene.companion.copy()
    top, left = (
        int(rng.integers(0, whole - side + 1))
        for whole, side in zip(canvas.shape[:2], part.shape[:2], strict=True)
    )
    canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
    return canvas


def transplant(scene: Scene, *, gain: float) -> Pixels:
    """What the mark changed in one picture, amplified, added to another one."""
    residual = scene.marked.astype(np.float32) - scene.original
    return rounded(scene.companion + gain * residual)


_OWN: Final = {
    attack.name: attack
    for attack in (
        Attack("crop35-pasted", Family.PLACEMENT, source=step(pasted, area=0.35)),
        Attack("transplant1.3", Family.TRANSPLANT, source=step(transplant, gain=1.3)),
        Attack("transplant2", Family.TRANSPLANT, source=step(transplant, gain=2.0)),
    )
}

#: Rows of the report, with the attacks that are counted together in them.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "whole picture": (
        "none", "jpeg30", "x0.33", "blur2", "contrast1.5", "gamma1.6", "grey", "invert",
        "noise20", "blurred-face", "logo10", "width1.3",
    ),
    "turned or mirrored": ("rotate2", "rotate17-whole", "rotate-any", "turn90", "flip-x"),
    "in a frame": ("caption12", "letterbox", "screenshot"),
    "crop 50 %": ("crop50",),
    "crop 25 %": ("crop25",),
    "crop 15 %": ("crop15",),
    "collage": ("collage-half",),
    "inset": ("inset-quarter",),
    "35 % pasted into another": ("crop35-pasted",),
    "chains": (
        "crop25-jpeg70", "x0.6-jpeg50", "flip-crop60-jpeg60", "rotate-any-jpeg70",
        "screenshot-crop60-jpeg70", "instagram",
    ),
    "warps that are not undone": ("perspective2", "print-scan"),
    "mark on another picture": ("transplant", "transplant1.3", "transplant2"),
}  # fmt: skip
TRANSPLANTED: Final = "mark on another picture"

_FAMILIES: Final = (
    Family.RESIZE, Family.ASPECT, Family.CROP, Family.ROTATION, Family.FLIP, Family.FRAME,
    Family.PLACEMENT, Family.SCREENSHOT, Family.PRINT_SCAN, Family.WARP, Family.PLATFORM,
    Family.COMBINATION,
)  # fmt: skip
#: Attacks of the mark's benchmark that change where pixels are.
GEOMETRIC: Final = tuple(attack for attack in ATTACKS if attack.family in _FAMILIES)
#: Share of the area down to which crops are promised.
LEAST_AREA: Final = 0.25


def attack(name: str) -> Attack:
    """The attack of that name."""
    return _OWN.get(name) or by_name(name)


def promised(rng: np.random.Generator) -> Attack:
    """One of the attacks that keep a quarter of the picture and put no other one beside it."""
    kept = [
        attack
        for attack in GEOMETRIC
        if attack.kept_area >= LEAST_AREA and attack.family is not Family.PLACEMENT
    ]
    return kept[int(rng.integers(len(kept)))]
