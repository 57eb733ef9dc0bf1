"""A matched filter for the public payloads of invisible-watermark's `dwtDct`.

The package writes one payload bit into each 8x8 block, cyclically and in raster order: the
largest coefficient of the block's Haar low-pass band is moved to a quarter (bit 0) or three
quarters (bit 1) of a step of 36. There is no key and no check sum, so the usual reading, a
majority vote and a count of equal bits, is weak. Here all blocks are correlated with the
payload that is looked for.

1. The mark exists in dialects: systems pass arrays of `uint8` or `float32` (OpenCV centres U
   at 128 or at 0.5, which moves the grid of steps) in the order B, G, R or by mistake R, G, B.
2. A JPEG with halved chroma was smoothed when it was decoded; undoing that brings most marks
   at quality 95 and many at 90 back. Both readings are tried.
3. Each block's value becomes a point on the unit circle, its place within the step. Processing
   moves all points by a common angle; eight angles are tried.
4. The points of equal payload place are averaged: one weight w_j for each of the L bits.

The gate. Let the payload bits s_j be +1 and -1 by fair coin, independent of the picture. For
weights from the picture and any l > 0, Chernoff's bound says

    P(sum s_j w_j >= x) <= exp(-l x) * prod cosh(l w_j),

and the least of it over l is `log10_p`. It holds however the picture's blocks depend on one
another. A mark is reported where that bound, times the number of tests (payloads,
readings of steps 1 and 2, angles of step 3), is at most `CHANCE`. Real payloads are not coins:
text repeats itself every 8 bits, and so do regular pictures. So the part of the weights that
no pattern with a period of 8 explains has to point the same way (`RESIDUAL_LOG10_P`). How
often unmarked pictures pass is measured by `benchmarks/markers.py`.

https://github.com/ShieldMnt/invisible-watermark (0.2.0), `maxDct.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from provenance.markers.catalogue import PublicPayload

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

CHANCE: Final = 1e-5  # per picture, all tests together
RESIDUAL_LOG10_P: Final = -2.0
MIN_AREA: Final = 256 * 256  # pixels; the package refuses smaller pictures

BLOCK: Final = 8  # pixels per side that carry one bit
CELL: Final = 4  # the same in the low-pass band
STEP: Final = 36.0
_LUMA: Final = np.array([0.299, 0.587, 0.114])  # OpenCV's Y of R, G, B
_U_OF_BLUE: Final = 0.492  # OpenCV: U = 0.492 (B - Y) + centre
#: Twice the mean of 2x2 pixels is the Haar low-pass band, so every centre counts twice.
CENTRES: Final = {"uint8": 256.0, "float32": 1.0}
_ORDERS: Final = {
    "BGR": 2 * _U_OF_BLUE * (np.array([0.0, 0.0, 1.0]) - _LUMA),
    "RGB": 2 * _U_OF_BLUE * (np.array([1.0, 0.0, 0.0]) - _LUMA[::-1]),
}
#: libjpeg doubles chroma with the weights 1/4 and 3/4; the mean of each pair is then smoothed
#: by (1/8, 3/4, 1/8). Its inverse is sqrt(2) * r^|n| with r = 2 sqrt(2) - 3.
SHARPEN: Final = math.sqrt(2) * (2 * math.sqrt(2) - 3) ** np.abs(np.arange(-3, 4))
WINDOW: Final = 33  # blocks in a row whose common part is picture, not payload
_ANGLES: Final = np.exp(-1j * np.pi * np.arange(8) / 4)
_LAMBDAS: Final = np.geomspace(0.05, 60, 48)
_PERIOD: Final = 8  # bits in a byte
_SCREEN: Final = 4.5  # below, no bound reaches the gate; saves the time
_STRIP_BLOCKS: Final = 128  # block rows that are held as float at a time
_STRIP_ROWS: Final = 32  # rows of means that are made at a time: they stay in the cache


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadFinding:
    """The best reading of one payload.

    `log10_p` bounds the chance for this picture, over all tests; `agreement` is the cosine
    between weights and payload, 1 for a mark that nothing disturbed; `reading` says in which
    dialect the picture was read. Clear marks can be read in several. Where nothing is found,
    agreement is 0 and `reading` empty.
    """

    payload: PublicPayload
    log10_p: float
    agreement: float
    reading: str

    @property
    def found(self) -> bool:
        """True where the gate is passed."""
        return self.log10_p <= math.log10(CHANCE)


def search(rgb: Pixels, payloads: Sequence[PublicPayload]) -> tuple[PayloadFinding, ...]:
    """The best reading of every payload, found or not; nothing for a picture that is too small.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B.
        payloads: what to look for.
    """
    height, width = rgb.shape[:2]
    if height * width < MIN_AREA or min(height, width) < BLOCK or not payloads:
        return ()
    names, points = _points(rgb)
    tests = math.log10(len(payloads) * len(names) * len(_ANGLES))
    whole = points.astype(np.complex128)  # sums over many blocks
    return tuple(_best(payload, names, whole, tests) for payload in payloads)


def strongest(findings: Sequence[PayloadFinding]) -> PayloadFinding | None:
    """The one payload that the picture holds, or None.

    A second mark overwrites the first, so a finding that agrees less is an echo: payloads of
    text resemble one another, and of two the longer can have the smaller chance.
    """
    found = [finding for finding in findings if finding.found]
    return max(found, key=lambda finding: finding.agreement) if found else None


def _best(
    payload: PublicPayload, names: list[str], points: npt.NDArray[np.complex128], tests: float
) -> PayloadFinding:
    signs = 2.0 * np.array(payload.bits) - 1
    folded = _folded(points, len(signs))  # (readings, L)
    turned = (folded[:, None] * _ANGLES[:, None]).real.reshape(-1, len(signs))
    bounds = _log10_bounds(turned, signs)
    least = min(0.0, float(bounds.min()) + tests)
    if least > math.log10(CHANCE):
        return PayloadFinding(payload=payload, log10_p=least, agreement=0.0, reading="")
    passing = (bounds < 0) & (_log10_bounds(_residual(turned), signs) <= RESIDUAL_LOG10_P)
    order = np.argsort(bounds)
    if not passing.any():
        return PayloadFinding(payload=payload, log10_p=0.0, agreement=0.0, reading="")
    index = int(order[passing[order].argmax()])
    row = turned[index]
    return PayloadFinding(
        payload=payload,
        log10_p=min(0.0, float(bounds[index]) + tests),
        agreement=float(row @ signs / (np.linalg.norm(row) * np.linalg.norm(signs))),
        reading=names[index // len(_ANGLES)],
    )


# --- from pixels to points -----------------------------------------------------------


def _points(rgb: Pixels) -> tuple[list[str], npt.NDArray[np.complex64]]:
    """Names of the readings, and complex64 (readings, blocks) in raster order."""
    rows = rgb.shape[0] // BLOCK * BLOCK
    columns = rgb.shape[1] // BLOCK * BLOCK
    names = [
        f"{kind} {order}{reading}"
        for reading in ("", ", halved chroma")
        for order in _ORDERS
        for kind in CENTRES
    ]
    step = _STRIP_BLOCKS * BLOCK
    strips = [_values(rgb[top : min(top + step, rows), :columns]) for top in range(0, rows, step)]
    angle = np.concatenate(strips, axis=1) * np.float32(2 * np.pi / STEP)
    points = np.empty(angle.shape, dtype=np.complex64)
    np.cos(angle, out=points.real)
    np.sin(angle, out=points.imag)
    return names, _without_common(points)


def _values(rgb: Pixels) -> npt.NDArray[np.float32]:
    """The quantised number of each block: float32 (readings, blocks)."""
    mean = _halved(rgb)
    planes = [cv2.transform(mean, weights[None].astype(np.float32)) for weights in _ORDERS.values()]
    sharpen = SHARPEN.astype(np.float32) / np.float32(SHARPEN.sum())
    planes += [
        cv2.sepFilter2D(plane, -1, sharpen, sharpen, borderType=cv2.BORDER_REPLICATE)
        for plane in planes
    ]
    found = []
    for plane in planes:
        most, least = _extremes(np.asarray(plane, dtype=np.float32))
        for centre in CENTRES.values():
            # The largest of |x + centre| is at the largest or at the least x: rounding keeps order.
            size = np.maximum(most + np.float32(centre), -(least + np.float32(centre)))
            found.append(np.maximum(size, 0).ravel())
    return np.stack(found)


def _halved(rgb: Pixels) -> npt.NDArray[np.float32]:
    """Means of 2x2 pixels: float32 (H/2, W/2, 3), exact."""
    height, width = rgb.shape[0] // 2, rgb.shape[1] // 2
    mean = np.empty((height, width, 3), dtype=np.float32)
    for top in range(0, height, _STRIP_ROWS):
        rows = slice(top, min(top + _STRIP_ROWS, height))
        # Four times as much in whole numbers: their mean is the sum, and nothing is rounded.
        four = rgb[2 * rows.start : 2 * rows.stop].astype(np.uint16)
        four <<= 2
        size = (width, rows.stop - rows.start)
        mean[rows] = cv2.resize(four, size, interpolation=cv2.INTER_AREA)
        mean[rows] *= np.float32(0.25)
    return mean


def _extremes(plane: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], ...]:
    """Largest and least of each block of 4x4 but its first: float32 (H/4, W/4) each."""
    found = []
    for pick, bound in ((np.maximum, -np.inf), (np.minimum, np.inf)):
        plane[::CELL, ::CELL] = bound  # the block's first coefficient is never used
        rows = pick(pick(plane[0::4], plane[1::4]), pick(plane[2::4], plane[3::4]))
        found.append(pick(pick(rows[:, 0::4], rows[:, 1::4]), pick(rows[:, 2::4], rows[:, 3::4])))
    return tuple(found)


def _without_common(points: npt.NDArray[np.complex64]) -> npt.NDArray[np.complex64]:
    """Points less their mean over a window along the row of blocks: smooth areas vanish."""
    if points.shape[1] < WINDOW:
        return points
    parts = points.view(np.float32).reshape(*points.shape, 2)  # an image of two channels
    mean = cv2.blur(parts, (WINDOW, 1), borderType=cv2.BORDER_REFLECT)
    result: npt.NDArray[np.complex64] = (parts - mean).reshape(len(points), -1).view(np.complex64)
    return result


# --- from points to a bound ----------------------------------------------------------


def _folded(points: npt.NDArray[np.complex128], length: int) -> npt.NDArray[np.complex128]:
    """Mean point of each payload place, less the mean of all: complex128 (readings, L)."""
    readings, blocks = points.shape
    rounds, rest = divmod(blocks, length)
    total = points[:, : rounds * length].reshape(readings, rounds, length).sum(axis=1)
    total[:, :rest] += points[:, rounds * length :]
    count = np.full(length, rounds, dtype=np.float64)
    count[:rest] += 1
    mean = total / np.maximum(count, 1)
    result: npt.NDArray[np.complex128] = mean - mean.mean(axis=1, keepdims=True)
    return result


def _residual(weights: Floats) -> Floats:
    """Each row of weights less its best pattern with a period of one byte."""
    rest = weights.copy()
    for place in range(_PERIOD):
        rest[:, place::_PERIOD] -= weights[:, place::_PERIOD].mean(axis=1, keepdims=True)
    return rest


def _log10_bounds(weights: Floats, signs: Floats) -> Floats:
    """Chernoff's bound on the chance that fair signs agree so well with each row of weights.

    Args:
        weights: float64 (n, L).
        signs: float64 (L,), +1 and -1.
    """
    size = np.sqrt(np.mean(weights**2, axis=1))
    scaled = weights / np.maximum(size, 1e-9)[:, None]  # below is nothing but rounding
    x = np.maximum(scaled @ signs, 0)
    # Hoeffding's bound is the same one made simpler and a little weaker.
    found: Floats = -(x**2) / (2 * len(signs)) / math.log(10)
    for index in np.flatnonzero(x >= _SCREEN * math.sqrt(len(signs))):
        sizes = _LAMBDAS[:, None] * np.abs(scaled[index])
        log_cosh = sizes + np.log1p(np.exp(-2 * sizes)) - math.log(2)
        found[index] = (log_cosh.sum(axis=1) - _LAMBDAS * x[index]).min() / math.log(10)
    return found
