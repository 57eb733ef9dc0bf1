"""PDQ, the perceptual hash of ThreatExchange: 256 bits and a quality.

Specification and reference: "The TMK+PDQF Video-Hashing Algorithm and the PDQ
Image-Hashing Algorithm", Facebook 2019, and
https://github.com/facebook/ThreatExchange/tree/main/pdq. An implementation counts as
correct within 10 bits of the reference at a quality of at least 80; the tests hold this
one to that, against recorded vectors and against the `pdqhash` package.

PDQ recognises the same picture after recompression, resizing and mild edits. It does not
survive crops, rotations or mirrors; mirrors and quarter turns are covered by comparing
all eight orientations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.kernels import native
from provenance.model.generation import Fingerprint

Pixels = npt.NDArray[np.uint8]
_Plane = npt.NDArray[np.float64]

#: Two hashes this close are the same picture (ThreatExchange, pdq/README.md).
CONFIDENT_DISTANCE: Final = 31
#: Below this quality a hash says little about the picture (ibid., "discard <= 49").
MIN_QUALITY: Final = 50

_GRID: Final = 64  # samples per side after filtering
_DCT: Final = 16  # frequencies per side that are kept
_PASSES: Final = 2  # Jarosz filter: the box filter twice in each direction
_STRIP_ROWS: Final = 256  # rows that are held as float at a time
_PARTS: Final = 1 << 16  # of a weight
_BAND: Final = 8  # cells whose samples are multiplied at a time

#: The eight orientations of a rectangle: name, transpose, mirror x, mirror y.
#: The hash of the questioned image that agrees with the original tells how it was turned.
ORIENTATIONS: Final = (
    ("upright", False, False, False),
    ("mirrored", False, True, False),
    ("flipped", False, False, True),
    ("rotated 180", False, True, True),
    ("transposed", True, False, False),
    ("rotated 90", True, True, False),
    ("rotated 270", True, False, True),
    ("transverse", True, True, True),
)


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The 16x16 low DCT frequencies of a picture, from which every hash follows.

    `coefficients` float64 (16, 16), rows are vertical frequencies 1..16.
    """

    coefficients: _Plane
    quality: int

    def fingerprint(self) -> Fingerprint:
        """The hash of the picture as it is."""
        return Fingerprint(bits=_threshold(self.coefficients), quality=self.quality)

    def orientations(self) -> dict[str, Fingerprint]:
        """The hashes of the picture turned and mirrored in all eight ways.

        Mirroring negates the odd frequencies, transposing swaps the axes; no pixel has
        to be touched again.
        """
        odd = np.where(np.arange(1, _DCT + 1) % 2, -1.0, 1.0)
        hashes = {}
        for name, transpose, mirror_x, mirror_y in ORIENTATIONS:
            turned = self.coefficients.T if transpose else self.coefficients
            turned = turned * odd[None, :] if mirror_x else turned
            turned = turned * odd[:, None] if mirror_y else turned
            hashes[name] = Fingerprint(bits=_threshold(turned), quality=self.quality)
        return hashes


def spectrum(rgb: Pixels) -> Spectrum:
    """Steps 1 to 4 of PDQ: luma, Jarosz filter, 64x64 grid, DCT.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B.
    """
    rows = _rows(rgb)
    grid = np.empty((_GRID, _GRID))
    for cells, first, weights in _bands(rgb.shape[1]):
        grid[:, cells] = rows[:, first : first + weights.shape[1]] @ weights.T
    # (4) DCT without the constant term
    basis = _basis()
    return Spectrum(coefficients=basis @ grid @ basis.T, quality=_quality(grid))


def _rows(rgb: Pixels) -> npt.NDArray[np.float32]:
    """Luma after the filter, sampled down the columns only: float32 (64, W), exact.

    (1) luma, full-range BT.601, 0..255; (2) Jarosz filter and (3) decimation, as one linear map.
    """
    height, width = rgb.shape[:2]
    rows = np.zeros((_GRID, width), dtype=np.float32)
    if native is not None:
        places, used = _samples(height)
        native.sampled_rows(np.ascontiguousarray(rgb), places, used, rows, height, width)
        return rows
    for top in range(0, height, _STRIP_ROWS):
        luma = cv2.cvtColor(rgb[top : top + _STRIP_ROWS], cv2.COLOR_RGB2GRAY).astype(np.float32)
        for cells, first, weights in _bands(height):
            begin, end = max(first, top), min(first + weights.shape[1], top + len(luma))
            if begin < end:
                rows[cells] += (
                    weights[:, begin - first : end - first] @ luma[begin - top : end - top]
                )
    return rows


def fingerprint(rgb: Pixels) -> Fingerprint:
    """The PDQ hash of an image.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B.
    """
    return spectrum(rgb).fingerprint()


@lru_cache(maxsize=64)
def _bands(length: int) -> tuple[tuple[slice, int, npt.NDArray[np.float32]], ...]:
    """The sampler in bands of a few cells: which, the first sample they use, their weights.

    Outside of its band a cell's weights are zero: most of the whole product would be.
    """
    first, weights = _samples(length)
    found = []
    for start in range(0, _GRID, _BAND):
        cells = slice(start, start + _BAND)
        begin, end = max(0, int(first[start])), int(first[cells][-1]) + weights.shape[1]
        band = np.zeros((_BAND, min(end, length) - begin), dtype=np.float32)
        for row, place, used in zip(band, first[cells] - begin, weights[cells], strict=True):
            outside = max(0, -int(place))
            inside = used[outside : len(row) - int(place)]
            row[int(place) + outside :][: len(inside)] = inside
        found.append((cells, begin, band))
    return tuple(found)


@lru_cache(maxsize=64)
def _samples(length: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Two passes of the box filter, sampled at 64 cell centres.

    The filter's window is half a cell. It is cut, not padded, at the borders, and for an
    even width it reaches one sample further back than ahead, as in the reference.

    Returns:
        The sample that each cell's weights begin at, int32 (64,), and the weights, float32 (64, n).
        Those of samples before the first or after the last are zero.
    """
    window = (length + 2 * _GRID - 1) // (2 * _GRID)
    ahead = (window + 2) // 2 - 1
    behind = window - ahead - 1
    centres = ((np.arange(_GRID) + 0.5) * length / _GRID).astype(np.intp)
    start, size = centres - _PASSES * window, 2 * _PASSES * window + 1
    index = start[:, None] + np.arange(size)
    first = np.maximum(index - behind, 0)
    last = np.minimum(index + ahead + 1, length)
    weights = (index == centres[:, None]).astype(np.float64)
    for _ in range(_PASSES):
        # Each weight spreads evenly over its window: a difference array, then its sum.
        row, used = np.nonzero(weights)
        share = weights[row, used] / (last - first)[row, used]
        place = row * (size + 1) - start[row]
        begin = np.bincount(place + first[row, used], share, minlength=_GRID * (size + 1))
        end = np.bincount(place + last[row, used], share, minlength=_GRID * (size + 1))
        steps = (begin - end).reshape(_GRID, size + 1)
        weights = np.cumsum(steps, axis=1)[:, :-1]
        weights[(index < 0) | (index >= length)] = 0
    # In whole parts of 1/65536 all sums of 8-bit luma are exact, whoever adds them up.
    return start.astype(np.int32), (np.rint(weights * _PARTS) / _PARTS).astype(np.float32)


@lru_cache(maxsize=1)
def _basis() -> _Plane:
    """float64 (16, 64): rows 1..16 of the orthonormal DCT-II of length 64."""
    k = np.arange(1, _DCT + 1)[:, None]
    n = np.arange(_GRID)[None, :]
    basis: _Plane = np.sqrt(2 / _GRID) * np.cos(np.pi / (2 * _GRID) * k * (2 * n + 1))
    return basis


def _quality(grid: _Plane) -> int:
    """Amount of structure, 0..100: sum of gradients in hundredths of the range, over 90."""
    steps = [np.trunc(np.abs(np.diff(grid, axis=axis)) * 100 / 255).sum() for axis in (0, 1)]
    return min(100, int(sum(steps) / 90))


def _threshold(coefficients: _Plane) -> bytes:
    """256 bits, most significant first: above the (lower) median of the coefficients."""
    median = np.sort(coefficients, axis=None)[_DCT * _DCT // 2 - 1]
    return np.packbits((coefficients > median).ravel()[::-1]).tobytes()
