"""Other sizes, other shapes, other angles. Angles are in degrees, positive is anticlockwise."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.watermark.scene import Pixels

# Pillow widens these kernels when it scales down, as image editors do; OpenCV does not.
_KERNELS = {"cubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}
_TINY = 1e-6  # pixels; the cosine of a right angle is not quite zero
Matrix = npt.NDArray[np.float64]


def to_size(rgb: Pixels, width: float, height: float, *, kernel: str = "") -> Pixels:
    """Resize to a size in pixels; mean over areas down and cubic up unless told otherwise."""
    size = (max(1, round(width)), max(1, round(height)))
    if kernel:
        return np.asarray(Image.fromarray(rgb).resize(size, _KERNELS[kernel]))
    down = size[0] * size[1] < rgb.shape[0] * rgb.shape[1]
    filtered = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if down else cv2.INTER_CUBIC)
    return np.asarray(filtered, dtype=np.uint8)


def resize(rgb: Pixels, *, scale: float, kernel: str = "") -> Pixels:
    """The same picture, smaller or larger."""
    height, width = rgb.shape[:2]
    return to_size(rgb, width * scale, height * scale, kernel=kernel)


def stretch(rgb: Pixels, *, x: float = 1.0, y: float = 1.0) -> Pixels:
    """Another aspect ratio."""
    height, width = rgb.shape[:2]
    return to_size(rgb, width * x, height * y)


def fit(rgb: Pixels, *, longest: int) -> Pixels:
    """Shrink so that no side is longer, as platforms do; smaller pictures stay as they are."""
    scale = longest / max(rgb.shape[:2])
    return resize(rgb, scale=scale) if scale < 1 else rgb


def crop_centre(rgb: Pixels, *, area: float) -> Pixels:
    """Keep a share of the area in the middle; the aspect ratio stays."""
    height, width = rgb.shape[:2]
    h, w = _sides(height, width, area)
    top, left = (height - h) // 2, (width - w) // 2
    return rgb[top : top + h, left : left + w]


def crop_random(rgb: Pixels, *, rng: np.random.Generator, area: float, grid: int = 1) -> Pixels:
    """Keep a share of the area anywhere; with `grid` 8, on the block grid of JPEG."""
    height, width = rgb.shape[:2]
    h, w = _sides(height, width, area)
    return _cut(rgb, h, w, rng, grid)


def crop_reshaped(rgb: Pixels, *, rng: np.random.Generator, area: float) -> Pixels:
    """Keep a share of the area anywhere, in another aspect ratio."""
    height, width = rgb.shape[:2]
    share = area ** rng.uniform(0.2, 0.8)  # of the width; the height gives the rest
    return _cut(rgb, round(height * area / share), round(width * share), rng, 1)


def shave(rgb: Pixels, *, pixels: int) -> Pixels:
    """Cut a few pixels off the top and the left: the block grid no longer fits."""
    return rgb[pixels:, pixels:]


def flip(rgb: Pixels, *, axis: str) -> Pixels:
    """Mirror left-right ("x") or upside down ("y")."""
    return rgb[:, ::-1] if axis == "x" else rgb[::-1]


def quarter_turns(rgb: Pixels, *, turns: int) -> Pixels:
    """Turn by 90 degrees, several times."""
    return np.rot90(rgb, turns)


def transpose(rgb: Pixels) -> Pixels:
    """Mirror at the main diagonal."""
    return rgb.transpose(1, 0, 2)


def rotate(rgb: Pixels, *, degrees: float, expand: bool = False) -> Pixels:
    """Rotate; the frame stays as it is, or grows so that nothing is lost. Corners are black."""
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    if expand:
        cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
        new_width = math.ceil(width * cos + height * sin - _TINY)
        new_height = math.ceil(width * sin + height * cos - _TINY)
        matrix[:, 2] += (new_width - width) / 2, (new_height - height) / 2
        width, height = new_width, new_height
    return _affine(rgb, np.asarray(matrix, dtype=np.float64), width, height)


def rotate_random(
    rgb: Pixels, *, rng: np.random.Generator, limit: float, expand: bool = False
) -> Pixels:
    """Rotate by an angle between plus and minus `limit`."""
    return rotate(rgb, degrees=float(rng.uniform(-limit, limit)), expand=expand)


def rotate_inside(rgb: Pixels, *, degrees: float) -> Pixels:
    """Rotate, then cut the largest upright frame of the same aspect ratio without corners."""
    height, width = rgb.shape[:2]
    angle = math.radians(abs(degrees))
    longer = max(width / height, height / width)
    area = 1 / (math.cos(angle) + longer * math.sin(angle)) ** 2
    return crop_centre(rotate(rgb, degrees=degrees), area=area)


def shear(rgb: Pixels, *, x: float, y: float) -> Pixels:
    """Shear by shares of the sides; the frame stays as it is."""
    height, width = rgb.shape[:2]
    matrix = np.array([[1, x, -x * height / 2], [y, 1, -y * width / 2]])
    return _affine(rgb, matrix, width, height)


def perspective(rgb: Pixels, *, rng: np.random.Generator, strength: float) -> Pixels:
    """Move each corner by up to a share of the sides."""
    height, width = rgb.shape[:2]
    size = np.array([width, height])
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * size
    moved = corners + rng.uniform(-strength, strength, (4, 2)) * size
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))
    warped = cv2.warpPerspective(rgb, matrix, (width, height), flags=cv2.INTER_CUBIC)
    return np.asarray(warped, dtype=np.uint8)


def _affine(rgb: Pixels, matrix: Matrix, width: int, height: int) -> Pixels:
    warped = cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_CUBIC)
    return np.asarray(warped, dtype=np.uint8)


def _sides(height: int, width: int, area: float) -> tuple[int, int]:
    side = math.sqrt(area)
    return round(height * side), round(width * side)


def _cut(rgb: Pixels, h: int, w: int, rng: np.random.Generator, grid: int) -> Pixels:
    height, width = rgb.shape[:2]
    top = int(rng.integers(0, (height - h) // grid + 1)) * grid
    left = int(rng.integers(0, (width - w) // grid + 1)) * grid
    return rgb[top : top + h, left : left + w]
