"""Search without a mark: which of many fingerprints are near those of one picture?

A linear scan over all of them, so the answer is exact within the stated distance. Eight
orientations and a few crops of the questioned picture are asked for in one pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.errors import ArgumentError
from provenance.fingerprint.pdq import MIN_QUALITY, spectrum
from provenance.model.generation import PDQ_BYTES, Fingerprint

Pixels = npt.NDArray[np.uint8]

_WORD: Final = np.dtype(np.uint64)  # distances are counted eight bytes at a time
#: Share of each side that the centred crops keep: frames, captions and black bars go.
_CENTRES: Final = (0.9, 0.8)
#: Sides this close to each other, as a ratio, are a square already.
_SQUARE: Final = 1.05


@dataclass(frozen=True, slots=True)
class View:
    """One way in which the questioned picture is looked at.

    `crop` is "whole", "centre 90 %", "centre 80 %" or "centre square"; `orientation` one of
    the names in `pdq.ORIENTATIONS`.
    """

    crop: str
    orientation: str
    fingerprint: Fingerprint


def views(rgb: Pixels) -> tuple[View, ...]:
    """The questioned picture in eight orientations, whole and in centred crops.

    Crops with too little structure are left out.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B.

    Raises:
        ArgumentError: the whole picture has too little structure to be searched for.
    """
    found = []
    for crop, pixels in _crops(rgb):
        seen = spectrum(pixels)
        if seen.quality >= MIN_QUALITY:
            found += [View(crop, name, value) for name, value in seen.orientations().items()]
        elif crop == "whole":
            raise ArgumentError(
                f"the picture has too little structure to be searched for: PDQ quality "
                f"{seen.quality}, at least {MIN_QUALITY} is needed",
                hint="use a larger or less blurred copy; flat pictures are alike by chance",
            )
    return tuple(found)


def nearest(
    questions: Sequence[Fingerprint], stored: bytes | memoryview
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.intp]]:
    """For each stored hash the nearest of the questions.

    Args:
        questions: at least one; of equally near ones the first counts.
        stored: n PDQ hashes of 32 bytes each, one after another.

    Returns:
        Hamming distance in bits, uint16 (n,), and index of the question, intp (n,).
    """
    words = np.frombuffer(stored, dtype=_WORD).reshape(-1, PDQ_BYTES // _WORD.itemsize)
    columns = np.ascontiguousarray(words.T)
    distance = np.full(len(words), np.iinfo(np.uint16).max, dtype=np.uint16)
    which = np.zeros(len(words), dtype=np.intp)
    for index, question in enumerate(questions):
        found = np.zeros(len(words), dtype=np.uint16)
        for column, word in zip(columns, np.frombuffer(question.bits, dtype=_WORD), strict=True):
            found += np.bitwise_count(column ^ word)
        nearer = found < distance
        distance[nearer] = found[nearer]
        which[nearer] = index
    return distance, which


def _crops(rgb: Pixels) -> Iterator[tuple[str, Pixels]]:
    height, width = rgb.shape[:2]
    yield "whole", rgb
    for share in _CENTRES:
        yield f"centre {share:.0%}".replace("%", " %"), _centre(rgb, height * share, width * share)
    side = min(height, width)
    if max(height, width) > side * _SQUARE:
        yield "centre square", _centre(rgb, side, side)


def _centre(rgb: Pixels, height: float, width: float) -> Pixels:
    rows, columns = max(1, round(height)), max(1, round(width))
    top, left = (rgb.shape[0] - rows) // 2, (rgb.shape[1] - columns) // 2
    return np.ascontiguousarray(rgb[top : top + rows, left : left + columns])
