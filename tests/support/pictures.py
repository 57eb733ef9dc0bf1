"""Deterministic pictures with structure, and what other programs would write of them."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from provenance.workspace.selftest import synthetic_picture

Pixels = npt.NDArray[np.uint8]

_SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "images"


@lru_cache(maxsize=1)
def _whole() -> Pixels:
    return synthetic_picture()


def crop(height: int = 256, width: int = 256, *, top: int = 0, left: int = 0) -> Pixels:
    """A part of the synthetic picture: uint8 (height, width, 3)."""
    whole = _whole()
    assert top + height <= whole.shape[0]
    assert left + width <= whole.shape[1]
    return np.ascontiguousarray(whole[top : top + height, left : left + width])


@lru_cache(maxsize=8)
def whole_sample(name: str) -> Pixels:
    """A photograph of `samples/images`: uint8 (H, W, 3)."""
    return np.asarray(Image.open(_SAMPLES / name).convert("RGB"))


def sample(name: str, height: int, width: int, *, top: int = 0, left: int = 0) -> Pixels:
    """A part of a photograph in `samples/images`: uint8 (height, width, 3)."""
    whole = whole_sample(name)
    assert top + height <= whole.shape[0]
    assert left + width <= whole.shape[1]
    return np.ascontiguousarray(whole[top : top + height, left : left + width])


def grey_texture(height: int = 256, width: int = 256, *, seed: int = 0) -> Pixels:
    """Waves and grain without colour: the kind of picture that holds a chroma mark best."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / 512
    luma = 128 + 60 * np.sin(25 * x + 13 * y) + 10 * rng.normal(size=(height, width))
    return np.repeat(np.clip(luma, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def file(image: Image.Image | npt.NDArray[Any], kind: str, **options: Any) -> bytes:
    """The file that Pillow writes."""
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def animation(kind: str, frames: list[Pixels], **options: Any) -> bytes:
    """An animated or multi-page file."""
    first, *rest = [Image.fromarray(frame) for frame in frames]
    return file(first, kind, save_all=True, append_images=rest, **options)


def decoded(data: bytes, mode: str = "RGB") -> Pixels:
    """What Pillow alone makes of a file."""
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode))
