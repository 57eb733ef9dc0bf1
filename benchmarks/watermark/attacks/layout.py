"""Things on the picture, and the picture inside of things."""

from __future__ import annotations

import math

import cv2
import numpy as np

from benchmarks.watermark.attacks.geometry import resize, to_size
from benchmarks.watermark.scene import Pixels, Scene

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FRAME_GREY = (238, 238, 240)
_BAR_GREY = (60, 62, 66)


def logo(rgb: Pixels, *, rng: np.random.Generator, area: float) -> Pixels:
    """An opaque badge that covers a share of the area, anywhere."""
    height, width = rgb.shape[:2]
    h, w = round(height * math.sqrt(area)), round(width * math.sqrt(area))
    top, left = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    colour = [int(value) for value in rng.integers(0, 256, 3)]
    badge = np.full((h, w, 3), colour, dtype=np.uint8)
    cv2.circle(badge, (w // 2, h // 2), min(h, w) // 3, (255, 255, 255), -1)
    result = rgb.copy()
    result[top : top + h, left : left + w] = badge
    return result


def text(rgb: Pixels, *, lines: int) -> Pixels:
    """Lines of white text with a dark edge over the whole width."""
    height, width = rgb.shape[:2]
    result = np.ascontiguousarray(rgb).copy()
    scale = width / 640
    for line in range(lines):
        place = (width // 20, round(height * (line + 1) / (lines + 1)))
        for colour, thickness in (((0, 0, 0), 5 * scale), ((255, 255, 255), 2 * scale)):
            stroke = max(1, round(thickness))
            cv2.putText(result, "SAMPLE TEXT ON A PICTURE", place, _FONT, scale, colour, stroke)
    return result


def blurred_patch(rgb: Pixels, *, rng: np.random.Generator, area: float) -> Pixels:
    """An ellipse, blurred beyond recognition like a face in the news."""
    height, width = rgb.shape[:2]
    # An ellipse with the axes of the frame, scaled by k, has the area pi/4 k^2.
    scale = math.sqrt(area * 4 / math.pi)
    axes = (round(width * scale / 2), round(height * scale / 2))
    x = int(rng.integers(axes[0], width - axes[0]))
    y = int(rng.integers(axes[1], height - axes[1]))
    mask = np.zeros((height, width), dtype=np.uint8)
    cv2.ellipse(mask, (x, y), axes, 0, 0, 360, 1, -1)
    blurred = cv2.GaussianBlur(rgb, (0, 0), max(axes) / 3)
    return np.where(mask[..., None] > 0, blurred, rgb).astype(np.uint8)


def caption_bar(rgb: Pixels, *, share: float) -> Pixels:
    """A white bar with a line of text below the picture."""
    height, width = rgb.shape[:2]
    bar = np.full((round(height * share), width, 3), 255, dtype=np.uint8)
    place = (width // 50, round(bar.shape[0] * 0.7))
    cv2.putText(bar, "caption of the picture", place, _FONT, width / 500, (0, 0, 0), 1)
    return np.vstack([rgb, bar])


def border(rgb: Pixels, *, x: float, y: float, grey: int) -> Pixels:
    """A border of shares of the sides."""
    height, width = rgb.shape[:2]
    dx, dy = round(width * x), round(height * y)
    framed = cv2.copyMakeBorder(rgb, dy, dy, dx, dx, cv2.BORDER_CONSTANT, value=(grey,) * 3)
    return np.asarray(framed, dtype=np.uint8)


def collage(scene: Scene, *, scale: float) -> Pixels:
    """The picture, scaled, beside another one of the same size."""
    halves = (resize(scene.marked, scale=scale), resize(scene.companion, scale=scale))
    return np.hstack(halves)


def inset(scene: Scene, *, rng: np.random.Generator, area: float) -> Pixels:
    """The picture at its own size, anywhere inside a larger picture."""
    height, width = scene.marked.shape[:2]
    scale = 1 / math.sqrt(area)
    canvas = to_size(scene.companion, width * scale, height * scale)
    top = int(rng.integers(0, canvas.shape[0] - height + 1))
    left = int(rng.integers(0, canvas.shape[1] - width + 1))
    canvas[top : top + height, left : left + width] = scene.marked
    return canvas


def screen(rgb: Pixels, *, rng: np.random.Generator, least: float, most: float) -> Pixels:
    """A screenshot: the picture at the zoom of a viewer, inside of its window."""
    shown = resize(rgb, scale=float(rng.uniform(least, most)))
    height, width = shown.shape[:2]
    canvas = np.full((round(height * 1.25), round(width * 1.12), 3), _FRAME_GREY, dtype=np.uint8)
    bar = round(height * 0.08)
    canvas[:bar] = _BAR_GREY
    place = (width // 40, round(bar * 0.7))
    cv2.putText(canvas, "picture viewer", place, _FONT, width / 900, (225, 225, 225), 1)
    top, left = round(height * 0.15), round(width * 0.06)
    canvas[top : top + height, left : left + width] = shown
    return canvas
