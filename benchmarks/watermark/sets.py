"""The picture sets: which files of the larger test material, at which size.

A clone has none of these files. They are looked for in the directory that TEST_DATA names,
else in `shared` beside the checkout, as the tests do (tests/support/shared.py).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.watermark.scene import Pixels
from provenance.errors import ArgumentError, InputError

_MEGAPIXEL: Final = 1 << 20
_SUFFIXES: Final = (".png", ".jpg")
Prepare = Callable[[Image.Image], Image.Image]


def _to_area(image: Image.Image, area: float) -> Image.Image:
    scale = math.sqrt(area / (image.width * image.height))
    size = (round(image.width * scale), round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)


def _native(image: Image.Image) -> Image.Image:
    return image


def _about_a_megapixel(image: Image.Image) -> Image.Image:
    """Down to 2^20 pixels, or up to 0.9 million; what is between stays as it is."""
    area = image.width * image.height
    if area > _MEGAPIXEL:
        return _to_area(image, _MEGAPIXEL)
    return _to_area(image, 0.9e6) if area < 0.9e6 else image


def _small_photo(image: Image.Image) -> Image.Image:
    return _to_area(image, 0.4e6)


def _centre_512(image: Image.Image) -> Image.Image:
    """The middle 512x512 of the picture with its short side brought to 512."""
    scale = 512 / min(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    return _centre(image.resize(size, Image.Resampling.LANCZOS), 512)


def _centre_256(image: Image.Image) -> Image.Image:
    return _centre(image, min(image.size)).resize((256, 256), Image.Resampling.LANCZOS)


def _centre(image: Image.Image, side: int) -> Image.Image:
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Pictures of one kind at one size.

    Attributes:
        folders: where they come from, below `images`.
        prepare: brings one picture to its size.
        least_pixels: files with fewer pixels are not in this set.
    """

    folders: tuple[str, ...]
    prepare: Prepare
    least_pixels: int = 0

    def files(self) -> tuple[Path, ...]:
        """The files, in a stable order.

        Raises:
            InputError: the larger test material is not here.
        """
        found = [path for name in self.folders for path in sorted(image_folder(name).iterdir())]
        return tuple(
            path for path in found if path.suffix in _SUFFIXES and self._large_enough(path)
        )

    def _large_enough(self, path: Path) -> bool:
        if not self.least_pixels:
            return True
        with Image.open(path) as image:
            return image.width * image.height >= self.least_pixels

    def load(self, path: Path) -> Pixels:
        """uint8 (H, W, 3). Transparency is dropped: schemes mark what lies below it."""
        with Image.open(path) as image:
            return np.asarray(self.prepare(image.convert("RGB")))


SETS: Final[dict[str, PictureSet]] = {
    "generated": PictureSet(("generated",), _about_a_megapixel, least_pixels=500_000),
    "kodak": PictureSet(("kodak",), _native),
    "photos-0.4": PictureSet(("photos",), _small_photo),
    "512": PictureSet(("kodak", "generated"), _centre_512),
    "256": PictureSet(("kodak", "generated"), _centre_256),
    "hard": PictureSet(("hard",), _native),
}


def picture_set(name: str) -> PictureSet:
    """The set of that name.

    Raises:
        ArgumentError: there is none.
    """
    try:
        return SETS[name]
    except KeyError:
        raise ArgumentError(f"unknown set {name!r}", hint=f"one of {', '.join(SETS)}") from None


def image_folder(name: str) -> Path:
    """The folder of that name in the larger test material.

    Raises:
        InputError: it is not here.
    """
    # Read here and not at import, so that the variable can be set by whoever imports this.
    root = Path(os.environ.get("TEST_DATA", Path(__file__).resolve().parents[3] / "shared"))
    folder = root / "images" / name
    if not folder.is_dir():
        raise InputError(
            "the larger test images are not here",
            hint="let TEST_DATA name the folder that holds images/kodak, images/generated, ...",
        )
    return folder
