"""Blur, sharpen, denoise, and noise. Sigmas and radii are in pixels, noise in grey levels."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.watermark.attacks.tone import rounded
from benchmarks.watermark.scene import Pixels


def blur(rgb: Pixels, *, sigma: float) -> Pixels:
    """Gaussian blur."""
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), dtype=np.uint8)


def median(rgb: Pixels, *, size: int) -> Pixels:
    """Median over a square."""
    return np.asarray(cv2.medianBlur(rgb, size), dtype=np.uint8)


def sharpen(rgb: Pixels) -> Pixels:
    """The 3x3 sharpening kernel of simple editors."""
    kernel = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], dtype=np.float32)
    return np.asarray(cv2.filter2D(rgb, -1, kernel), dtype=np.uint8)


def unsharp(rgb: Pixels, *, sigma: float, amount: float) -> Pixels:
    """Unsharp mask."""
    blurred = cv2.GaussianBlur(rgb, (0, 0), sigma)
    return np.asarray(cv2.addWeighted(rgb, 1 + amount, blurred, -amount, 0), dtype=np.uint8)


def motion(rgb: Pixels, *, length: int) -> Pixels:
    """Motion along a diagonal."""
    kernel = np.eye(length, dtype=np.float32) / length
    return np.asarray(cv2.filter2D(rgb, -1, kernel), dtype=np.uint8)


def nlmeans(rgb: Pixels, *, strength: float) -> Pixels:
    """Non-local means, in luma and chroma; the search window is small to keep it bearable."""
    clean = cv2.fastNlMeansDenoisingColored(rgb, None, strength, strength, 5, 11)
    return np.asarray(clean, dtype=np.uint8)


def bilateral(rgb: Pixels, *, sigma_colour: float, sigma_space: float) -> Pixels:
    """Blur that stops at edges."""
    return np.asarray(cv2.bilateralFilter(rgb, 7, sigma_colour, sigma_space), dtype=np.uint8)


def gaussian_noise(rgb: Pixels, *, rng: np.random.Generator, sigma: float) -> Pixels:
    """Independent noise in every sample."""
    return rounded(rgb + sigma * rng.standard_normal(rgb.shape, dtype=np.float32))


def salt_and_pepper(rgb: Pixels, *, rng: np.random.Generator, share: float) -> Pixels:
    """A share of the pixels turns black or white."""
    draw = rng.random(rgb.shape[:2], dtype=np.float32)
    result = rgb.copy()
    result[draw < share / 2] = 0
    result[draw > 1 - share / 2] = 255
    return result


def speckle(rgb: Pixels, *, rng: np.random.Generator, sigma: float) -> Pixels:
    """Noise in proportion to the value."""
    return rounded(rgb * (1 + sigma * rng.standard_normal(rgb.shape, dtype=np.float32)))
