"""Compiled loops, where they could be built.

A few places look at every pixel of every picture in ways for which NumPy and OpenCV need many
passes. Each is written twice, there in Python and here in C, with the same result number for
number, and asks `native` which to take. Nothing needs the compiled ones: they save time only, and
`provenance doctor` says whether they are here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final, Protocol, cast

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int32]


class Native(Protocol):
    """What is compiled. Arrays are C-contiguous, `out` is filled; sizes that do not agree raise
    ValueError. The interpreter's lock is released meanwhile.
    """

    def added(
        self,
        rgb: Bytes,
        residual: Floats,
        across: Whole,
        across_weights: Floats,
        down: Whole,
        down_weights: Floats,
        out: Bytes,
        height: int,
        width: int,
        rows: int,
        columns: int,
        planes: int,
        green: float,
        blue: float,
        /,
    ) -> None:
        """A picture and its residual, enlarged (`watermark.schemes.lattice.residual`).

        Args:
            rgb: uint8 (height, width, 3).
            residual: float32 (rows, columns, planes), of luma, or of luma and Cb.
            across: int32 (4, width), the columns that each column of the picture is made of.
            across_weights: float32 (4, width).
            down: int32 (4, height), the same of rows; the four of each follow one another.
            down_weights: float32 (4, height).
            out: uint8 (height, width, 3).
            height: pixels.
            width: pixels.
            rows: of the residual.
            columns: of the residual.
            planes: 1 or 2.
            green: what one unit of Cb is in G.
            blue: what one unit of Cb is in B.
        """

    def block_waves(
        self, half: Bytes, circle: Whole, out: Whole, height: int, width: int, window: int, /
    ) -> None:
        """Where the blocks of 4x4 pixels of a picture lie in the step (`markers.public_glance`).

        Args:
            half: uint8 (height, width, 3); both multiples of 4.
            circle: int32 (2, 511), cosine and sine of the numbers that a block may have.
            out: int32 (blocks, 2, 8), times `window`, less the sum of the window around.
            height: pixels.
            width: pixels.
            window: blocks, an odd number.
        """

    def half_luma(self, rgb: Bytes, out: Bytes, height: int, width: int, /) -> None:
        """Luma of 2x2 pixels (`watermark.sync.glance`).

        Args:
            rgb: uint8 (height, width, 3).
            out: uint8 (height // 2, width // 2).
            height: pixels, at least 2.
            width: pixels, at least 2.
        """

    def payload_sums(
        self,
        waves: Whole,
        bits: Bytes,
        lengths: Whole,
        out: npt.NDArray[np.int64],
        run: int,
        stride: int,
        /,
    ) -> None:
        """Sums of the blocks where payloads have a 1, and of all squares (`public_glance`).

        Args:
            waves: int32 (blocks, 16), within +-131071.
            bits: uint8, the payloads one after another; each is repeated over the picture.
            lengths: int32 (payloads,), bits in each.
            out: int64 (payloads + 1, 16), the squares last.
            run: blocks that follow one another in the picture.
            stride: from the first block of a run to the first of the next.
        """

    def sampled_rows(
        self,
        rgb: Bytes,
        first: Whole,
        weights: Floats,
        out: Floats,
        height: int,
        width: int,
        /,
    ) -> None:
        """Weighted sums of rows of luma (`fingerprint.pdq`).

        Args:
            rgb: uint8 (height, width, 3).
            first: int32 (cells,), the row that each cell's weights begin at.
            weights: float32 (cells, n); those of rows outside of the picture are not used.
            out: float32 (cells, width).
            height: pixels.
            width: pixels.
        """

    def shifted_sum(
        self,
        plane: npt.NDArray[np.uint16] | Floats,
        shifts: Whole,
        out: npt.NDArray[np.uint16] | Floats,
        pitch: int,
        width: int,
        size: int,
        /,
    ) -> None:
        """The sum of parts of a plane (`watermark.sync.candidates`).

        Args:
            plane: uint16, which wraps around, or float32 (rows, pitch).
            shifts: int32 (at most 64, 2), row and column of each part's first cell.
            out: (height, width), of the plane's type.
            pitch: cells in a row of the plane.
            width: cells in a row of a part.
            size: bytes of a cell, 2 or 4.
        """

    def structural_similarity(
        self,
        first: Bytes,
        second: Bytes,
        weights: Whole,
        out: npt.NDArray[np.int64],
        height: int,
        width: int,
        c1: float,
        c2: float,
        /,
    ) -> None:
        """The sum of structural similarity over all pixels (`imaging.quality`).

        Args:
            first: uint8 (height, width, 3).
            second: uint8 (height, width, 3).
            weights: int32 (11,), of the window in each direction, in 2^-13; a symmetric one.
            out: int64 (1,), in 2^-30.
            height: pixels.
            width: pixels, at most 2^22.
            c1: the constant beside the means.
            c2: the constant beside the variances.
        """

    def viterbi(
        self,
        metrics: Floats,
        known: npt.NDArray[np.int8],
        branches: Bytes,
        out: Bytes,
        overlap: int,
        /,
    ) -> None:
        """The most likely block of a tail-biting code (`watermark.coding.convolutional`).

        Args:
            metrics: float32 (n, 16), finite, what each output of a step gains.
            known: int8 (n,), 0 or 1 where the bit is known, else -1.
            branches: uint8 (2048,), the output of the branch from each even state with bit 0.
            out: uint8 (n,).
            overlap: steps that are run beyond the block at both ends.
        """

    def whitened(
        self,
        smooth: Floats,
        out: Floats,
        height: int,
        width: int,
        radius: int,
        level: int,
        single: int,
        both: int,
        floor: float,
        /,
    ) -> None:
        """Limited differences to eight neighbours over their power (`watermark.reading.filter`).

        Args:
            smooth: float32 (height, width), within +-255.
            out: float32 (height, width).
            height: pixels.
            width: pixels.
            radius: of the window in which the power is measured, 2 radius + 1 pixels wide.
            level: units in one grey level, and the limit of each difference; at most 32.
            single: weight of the differences to one neighbour.
            both: weight of those to two opposite ones.
            floor: of the power.
        """


def _built() -> Native | None:
    try:
        return cast("Native", import_module("provenance.kernels._native"))
    except ImportError:  # there was no compiler where this was installed
        return None


native: Final = _built()
