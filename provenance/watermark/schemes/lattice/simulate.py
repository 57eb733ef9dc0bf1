"""What the detector will read after what usually happens to a picture.

The embedder asks its own detector. All simulations run in the canonical frame, so they cost the
same for any picture, and the alignment is known, so no search is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers import frame
from provenance.watermark.carriers.frame import Pixels
from provenance.watermark.carriers.lattice import TILE, Lattice
from provenance.watermark.reading.filter import whiten
from provenance.watermark.reading.lines import folded, lines_of_tiles
from provenance.watermark.reading.soft import scores, soft_values

Plane = npt.NDArray[np.float32]
Region = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Reads a known code word at known alignment.

    Attributes:
        grid: the lattice.
        codeword: float32 (2, D).
        width, height: of the canonical frame.
        original: width and height of the picture itself.
    """

    grid: Lattice
    codeword: npt.NDArray[np.float32]
    width: int
    height: int
    original: tuple[int, int]

    def whole(self, filtered: list[Plane]) -> float:
        """Z over the whole picture."""
        return self.worst(filtered, [(slice(0, self.height), slice(0, self.width))])[0]

    def worst(self, filtered: list[Plane], regions: list[Region]) -> tuple[float, float]:
        """Least z over some regions: of all planes together, and of luma alone."""
        tiles = folded(_cut(filtered, regions)).reshape(len(regions), len(filtered), TILE, TILE)
        seen = scores(soft_values(lines_of_tiles(tiles, self.grid), self.grid), self.codeword)
        return float(seen[:, -1].min()), float(seen[:, 0].min())

    # --- what happens to pictures -------------------------------------------------

    def shrunk(self, luma: Pixels, quality: int) -> float:
        """Score of luma after resizing to 60 % and JPEG."""
        small = frame.resize(luma, *self._at_most(0.6, 1.25))
        back = frame.resize(jpeg(small, quality), self.width, self.height)
        return self.whole([whiten(back.astype(np.float32))])

    def compressed(self, luma: Pixels, quality: int) -> float:
        """Z of luma after JPEG."""
        shown = frame.resize(luma, *self._at_most(1.0, 1.41))
        back = frame.resize(jpeg(shown, quality), self.width, self.height)
        return self.whole([whiten(back.astype(np.float32))])

    def clean(self, picture: Pixels) -> float:
        """Z of a marked picture of the original's own size, all planes, as it is."""
        planes = frame.planes(picture, width=self.width, height=self.height)
        return self.whole([whiten(plane) for plane in planes])

    def mild(self, marked: Pixels, quality: int) -> float:
        """Z of the whole picture, all planes, after JPEG."""
        return self.clean(jpeg(marked, quality))

    def quarters(self, marked: Pixels, quality: int) -> tuple[float, float]:
        """Least z over the four quarters after JPEG: all planes, luma alone."""
        shown = frame.resize(marked, *self._at_most(1.0, 1.41))
        planes = frame.planes(jpeg(shown, quality), width=self.width, height=self.height)
        return self.worst([whiten(plane) for plane in planes], self._grid_of(2, 0.5))

    def ninths(self, marked: Pixels) -> tuple[float, float]:
        """Least z over nine clean crops of 15 % of the area: all planes, luma alone."""
        planes = frame.planes(marked, width=self.width, height=self.height)
        return self.worst([whiten(plane) for plane in planes], self._grid_of(3, 0.387))

    def _at_most(self, factor: float, limit: float) -> tuple[int, int]:
        return at_most(self.original, (self.width, self.height), factor, limit)

    def _grid_of(self, count: int, share: float) -> list[Region]:
        return regions(self.width, self.height, count, share)


def at_most(
    original: tuple[int, int], canonical: tuple[int, int], factor: float, limit: float
) -> tuple[int, int]:
    """The original size times a factor, but not above a multiple of the frame."""
    width, height = (
        max(8, int(min(side * factor, limit * framed)))
        for side, framed in zip(original, canonical, strict=True)
    )
    return width, height


def regions(width: int, height: int, count: int, share: float) -> list[Region]:
    """`count` by `count` regions of equal size, `share` of width and height each."""

    def spans(length: int) -> list[slice]:
        size = int(share * length)
        starts = [i * (length - size) // (count - 1) for i in range(count)]
        return [slice(start, start + size) for start in starts]

    return [(rows, columns) for rows in spans(height) for columns in spans(width)]


def _cut(planes: list[Plane], regions: list[Region]) -> Plane:
    """Every region of every plane, with zeros around it up to whole tiles, where it was in them.

    All of them at once are few and long calls, in which other threads run.

    Returns:
        float32 (regions times planes, h, w).
    """
    places = [(rows, columns, rows.start % TILE, columns.start % TILE) for rows, columns in regions]
    height = max(top + rows.stop - rows.start for rows, _, top, _ in places)
    width = max(left + columns.stop - columns.start for _, columns, _, left in places)
    size = (-(-height // TILE) * TILE, -(-width // TILE) * TILE)
    cut = np.zeros((len(regions), len(planes), *size), dtype=np.float32)
    for part, (rows, columns, top, left) in zip(cut, places, strict=True):
        down = slice(top, top + rows.stop - rows.start)
        across = slice(left, left + columns.stop - columns.start)
        for whole, plane in zip(part, planes, strict=True):
            whole[down, across] = plane[rows, columns]
    return cut.reshape(-1, *size)


def jpeg(image: Pixels, quality: int) -> Pixels:
    """A picture after JPEG, in memory: uint8 (H, W) or (H, W, 3) in order R, G, B."""
    colour = image.ndim == 3
    source = image[..., ::-1] if colour else image
    _, data = cv2.imencode(".jpg", source, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE)
    if decoded is None:
        raise AssertionError("OpenCV cannot read its own JPEG")
    return np.asarray(decoded[..., ::-1] if colour else decoded, dtype=np.uint8)
