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

#: Rows: Y and Cb from R, G, B (BT.601 full range, as in JFIF).
PLANES: Final = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5]], np.float32)
#: Columns: what one unit of Y and one unit of Cb are in R, G, B.
UNITS: Final = np.array([[1.0, 0.0], [1.0, -0.344136], [1.0, 1.772]], np.float32)

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


def split(rgb: Plane) -> list[Plane]:
    """Luma, and Cb unless the picture is grey, of a float32 (H, W, 3) picture."""
    luma, blue = cv2.split(cv2.transform(rgb, PLANES))
    low, high, _, _ = cv2.minMaxLoc(blue)
    kept = [luma] if high - low < 1e-2 else [luma, blue]
    return [np.asarray(plane, dtype=np.float32) for plane in kept]
