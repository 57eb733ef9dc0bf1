"""Crops of whatever pictures there are: the larger test material, or else the samples."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.errors import ProvenanceError
from provenance.imaging import load

Pixels = npt.NDArray[np.uint8]

_ROOT: Final = Path(__file__).resolve().parents[2]
_SHARED: Final = Path(os.environ.get("TEST_DATA", _ROOT.parent / "shared"))
_LEAST: Final = 96  # pixels of a side
_MOST: Final = 1600


def crops(rng: np.random.Generator) -> Iterator[Pixels]:
    """Random crops of random pictures, without end."""
    folder = _SHARED / "images" if (_SHARED / "images").is_dir() else _ROOT / "samples"
    found = list(_pictures(folder))
    print(f"{'pictures':<15} {len(found)}, of {folder.name}")
    while True:
        rgb = found[rng.integers(len(found))]
        height, width = (int(side * rng.uniform(0.25, 1)) for side in rgb.shape[:2])
        if min(height, width) >= _LEAST:
            top = rng.integers(rgb.shape[0] - height + 1)
            left = rng.integers(rgb.shape[1] - width + 1)
            yield np.ascontiguousarray(rgb[top : top + height, left : left + width])


def _pictures(folder: Path) -> Iterator[Pixels]:
    """At most 1600 pixels a side; what is no picture for us is passed over."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".png", ".jpg"):
            continue
        try:
            rgb = load(path.read_bytes()).rgb
        except ProvenanceError:
            continue
        scale = min(1.0, _MOST / max(rgb.shape[:2]))
        size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
        yield np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
