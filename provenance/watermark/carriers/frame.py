"""The canonical frame: every picture brought to the same area, aspect kept.

s = 512 / sqrt(W H); canonical size = (round(W s), round(H s)). A copy that was only resized
has the same canonical frame as its original, so it needs no search. Isotropic on purpose:
crops and rotations stay similarities.

Two planes carry the mark: luma (Y of ITU-R BT.601-7, full range) and Cb.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

SIDE: Final = 512.0
_LEAST: Final = 8

#: Cb = (B - Y) times this (BT.601 full range, as in JFIF).
TO_CB: Final = 0.5 / (1 - 0.114)
#: A picture whose Cb varies by less is grey.
GREY: Final = 1e-2
#: What one unit of Cb is in G and in B.
CB_GREEN: Final = -0.344136
CB_BLUE: Final = 1.772

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]


def scale(width: int, height: int) -> float:
    """Canonical pixels per pixel of an image of this size."""
    return SIDE / float(np.sqrt(width * height))


def size(width: int, height: int, *, working: float = 1.0) -> tuple[int, int]:
    """Width and height of the canonical frame, times `working`."""
    s = scale(width, height) * working
    return max(_LEAST, round(width * s)), max(_LEAST, round(height * s))


def resize(image: npt.NDArray[Any], width: int, height: int) -> npt.NDArray[Any]:
    """Area filter down, cubic up. Large pictures are halved first: many times faster."""
    while image.shape[1] >= 4 * width and image.shape[0] >= 4 * height:
        even = image[: image.shape[0] & ~1, : image.shape[1] & ~1]
        image = cv2.resize(
            even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA
        )
    if image.shape[1::-1] == (width, height):
        return image
    down = image.shape[1] > width
    return cv2.resize(
        image, (width, height), interpolation=cv2.INTER_AREA if down else cv2.INTER_CUBIC
    )


def planes(rgb: Pixels, *, width: int, height: int) -> list[Plane]:
    """Luma, and Cb unless the picture is grey, each float32 (height, width).

    Args:
        rgb: uint8 (H, W, 3).
        width: of the planes.
        height: of the planes.
    """
    return split(resize(rgb, width, height).astype(np.float32))


def canonical(rgb: Pixels) -> list[Plane]:
    """The planes of a picture, uint8 (H, W, 3), at its canonical size; see `planes`."""
    width, height = size(rgb.shape[1], rgb.shape[0])
    return planes(rgb, width=width, height=height)


def split(rgb: Plane) -> list[Plane]:
    """Luma, and Cb unless the picture is grey, of a float32 (H, W, 3) picture."""
    luma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    blue = (rgb[..., 2] - luma) * np.float32(TO_CB)
    low, high, _, _ = cv2.minMaxLoc(blue)
    return [luma] if high - low < GREY else [luma, blue]


def joined(planes: Plane) -> Plane:
    """What a change of luma, and of Cb if it has two planes, is in R, G, B.

    Args:
        planes: float32 (h, w, 1) or (h, w, 2).

    Returns:
        float32 (h, w, 3).
    """
    luma = planes[..., 0]
    if planes.shape[2] == 1:
        return np.asarray(cv2.merge([luma, luma, luma]), dtype=np.float32)
    blue = planes[..., 1]
    green = luma + blue * np.float32(CB_GREEN)
    return np.asarray(cv2.merge([luma, green, luma + blue * np.float32(CB_BLUE)]), dtype=np.float32)
