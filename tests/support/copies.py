"""What happens to pictures that are passed on: the copies that a mark has to survive."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from support import pictures

Pixels = npt.NDArray[np.uint8]


def jpeg(rgb: Pixels, quality: int) -> Pixels:
    """After JPEG with the usual chroma subsampling."""
    return pictures.decoded(pictures.file(rgb, "JPEG", quality=quality))


def webp(rgb: Pixels, quality: int) -> Pixels:
    """After lossy WebP."""
    return pictures.decoded(pictures.file(rgb, "WEBP", quality=quality))


def resized(rgb: Pixels, x: float, y: float | None = None) -> Pixels:
    """Scaled by a factor, or by one for each axis."""
    height, width = rgb.shape[:2]
    size = round(width * x), round(height * (x if y is None else y))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))


def cropped(rgb: Pixels, share: float) -> Pixels:
    """A part with this share of the area and the same aspect, off the middle."""
    height, width = (round(side * share**0.5) for side in rgb.shape[:2])
    top, left = (rgb.shape[0] - height) // 3, (rgb.shape[1] - width) * 3 // 5
    return np.ascontiguousarray(rgb[top : top + height, left : left + width])


def rotated(rgb: Pixels, degrees: float, *, canvas: bool = True) -> Pixels:
    """Turned counter-clockwise; black corners, or the picture cut off at its old size."""
    turned = Image.fromarray(rgb).rotate(degrees, Image.Resampling.BICUBIC, expand=canvas)
    return np.asarray(turned)


def grey(rgb: Pixels) -> Pixels:
    """Without colour."""
    luma = np.asarray(Image.fromarray(rgb).convert("L"))
    return np.repeat(luma[:, :, None], 3, axis=2)


def gamma(rgb: Pixels, exponent: float) -> Pixels:
    """With another tone curve."""
    return np.rint(255 * (rgb / 255) ** exponent).astype(np.uint8)


def noisy(rgb: Pixels, deviation: float) -> Pixels:
    """With grain in every channel."""
    grain = np.random.default_rng(5).normal(0, deviation, rgb.shape)
    return np.clip(np.rint(rgb + grain), 0, 255).astype(np.uint8)


def blurred(rgb: Pixels, sigma: float) -> Pixels:
    """Out of focus."""
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma))


def framed(rgb: Pixels, *, top: int, bottom: int, left: int, right: int, level: int) -> Pixels:
    """Inside a larger plain picture: a caption bar, a page, a screen."""
    margins = ((top, bottom), (left, right), (0, 0))
    return np.pad(rgb, margins, constant_values=level)


def screenshot(rgb: Pixels) -> Pixels:
    """On a screen at another scale, between bars and a line of text, as JPEG."""
    shown = resized(rgb, 1.25)
    screen = framed(shown, top=61, bottom=97, left=33, right=120, level=240)
    cv2.putText(screen, "posted yesterday", (40, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (30, 30, 30))
    return jpeg(screen, 85)


def collage(rgb: Pixels, other: Pixels) -> Pixels:
    """One of four pictures of the same size."""
    return np.concatenate(
        [np.concatenate([other, rgb], axis=1), np.concatenate([other, other], axis=1)[:, ::-1]]
    )


def perspective(rgb: Pixels, share: float) -> Pixels:
    """Photographed at an angle: two corners moved in by a share of the sides."""
    height, width = rgb.shape[:2]
    x, y = share * width, share * height
    before = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    after = before + np.array([[x, y], [0, 0], [-x, -y], [0, 0]], np.float32)
    warp = cv2.getPerspectiveTransform(before, after)
    return np.asarray(cv2.warpPerspective(rgb, warp, (width, height), flags=cv2.INTER_CUBIC))


def warped(rgb: Pixels, to_original: npt.NDArray[np.float64], width: int, height: int) -> Pixels:
    """A copy whose pixel p shows the original at A p + b; float64 (2, 3), [A b]."""
    return np.asarray(
        cv2.warpAffine(
            rgb, to_original, (width, height), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        )
    )
