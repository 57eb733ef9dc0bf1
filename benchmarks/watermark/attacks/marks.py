"""By somebody who knows the algorithm, or holds several marked pictures; never the key.

These are the limits of any mark that is repeated over the picture, measured so that nobody
claims otherwise.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.watermark.attacks.geometry import to_size
from benchmarks.watermark.attacks.model import AttackSkippedError
from benchmarks.watermark.attacks.tone import rounded
from benchmarks.watermark.scene import Lines, Pixels, Scene

#: Side of the repeated tile, in pixels of a picture scaled to an area of CANONICAL ** 2.
TILE: Final = 128
CANONICAL: Final = 512
_FINE: Final = 2.0  # what is finer than this blur, in canonical pixels, may be the mark
_LOCAL: Final = 4.0  # blur over which the local contrast is taken

Plane = npt.NDArray[np.float32]


def collusion(scene: Scene, *, copies: int) -> Pixels:
    """The mean of several copies of the same picture under different ids."""
    stack = np.stack(scene.copies(copies)).astype(np.float32)
    return rounded(stack.mean(axis=0))


def transplant(scene: Scene) -> Pixels:
    """What the mark changed in one picture, added to another picture."""
    residual = scene.marked.astype(np.int16) - scene.original
    return rounded((scene.companion.astype(np.int16) + residual).astype(np.float32))


def average_tiles(scene: Scene, *, psnr: float) -> Pixels:
    """Estimate the repeated tile by averaging its repetitions, and subtract it."""
    detail, contrast = _detail(scene.marked)
    return _subtract(
        scene.marked, _repeat(_mean_tile(detail / contrast), detail.shape), contrast, psnr
    )


def notch(scene: Scene, *, psnr: float) -> Pixels:
    """Subtract only the public synchronisation lines, so that crops are no longer found."""
    if scene.lines is None:
        raise AttackSkippedError("the scheme has no public synchronisation lines")
    detail, contrast = _detail(scene.marked)
    tile = _only_lines(_mean_tile(detail / contrast), scene.lines)
    return _subtract(scene.marked, _repeat(tile, detail.shape), contrast, psnr)


def _detail(rgb: Pixels) -> tuple[Plane, Plane]:
    """Fine detail of the luma in the canonical frame, and its local strength."""
    height, width = rgb.shape[:2]
    scale = CANONICAL / math.sqrt(height * width)
    luma = cv2.cvtColor(to_size(rgb, width * scale, height * scale), cv2.COLOR_RGB2GRAY)
    plane = luma.astype(np.float32)
    detail = plane - cv2.GaussianBlur(plane, (0, 0), _FINE)
    contrast = cv2.GaussianBlur(np.abs(detail), (0, 0), _LOCAL) + 0.5
    return np.asarray(detail, dtype=np.float32), np.asarray(contrast, dtype=np.float32)


def _mean_tile(plane: Plane) -> Plane:
    """Mean of all repetitions, also of the cut ones at the edges: float32 (TILE, TILE)."""
    height, width = plane.shape
    padding = ((0, -height % TILE), (0, -width % TILE))
    total, count = (
        np.pad(values, padding).reshape(-(-height // TILE), TILE, -1, TILE).sum(axis=(0, 2))
        for values in (plane, np.ones_like(plane))
    )
    return np.asarray(total / np.maximum(count, 1), dtype=np.float32)


def _repeat(tile: Plane, shape: tuple[int, ...]) -> Plane:
    height, width = shape[:2]
    return np.tile(tile, (-(-height // TILE), -(-width // TILE)))[:height, :width]


def _only_lines(tile: Plane, lines: Lines) -> Plane:
    spectrum = np.fft.fft2(tile)
    keep = np.zeros(spectrum.shape, dtype=bool)
    for kx, ky in lines:
        keep[ky % TILE, kx % TILE] = keep[-ky % TILE, -kx % TILE] = True
    return np.asarray(np.fft.ifft2(np.where(keep, spectrum, 0)).real, dtype=np.float32)


def _subtract(rgb: Pixels, estimate: Plane, contrast: Plane, psnr: float) -> Pixels:
    """Subtract the estimate from all channels, scaled so that it costs `psnr` dB."""
    height, width = rgb.shape[:2]
    residual = cv2.resize(estimate * contrast, (width, height), interpolation=cv2.INTER_CUBIC)
    power = float(np.sqrt(np.mean(np.square(residual))))
    wanted = 255 / 10 ** (psnr / 20)
    change = residual * (wanted / max(power, 1e-6))
    return rounded(rgb.astype(np.float32) - change[..., None])
