"""Through an image file and back."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from benchmarks.watermark.scene import Pixels

# One thread, so that the time measured is the time of one core; libavif's default speed is
# four times slower for no difference that matters here.
_OPTIONS = {"AVIF": {"speed": 8, "max_threads": 1}}


def reencode(rgb: Pixels, *, kind: str, quality: int) -> Pixels:
    """Encode and decode. JPEG is 4:2:0, as platforms write it.

    Args:
        rgb: uint8 (H, W, 3).
        kind: Pillow's name of the format.
        quality: 0..100, on the scale of that encoder.
    """
    file = io.BytesIO()
    options = _OPTIONS.get(kind, {})
    Image.fromarray(rgb).save(file, kind, quality=quality, **options)
    return np.asarray(Image.open(file).convert("RGB"))


def gif(rgb: Pixels) -> Pixels:
    """256 colours of an adaptive palette, as a GIF file has them."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "GIF")
    return np.asarray(Image.open(file).convert("RGB"))
