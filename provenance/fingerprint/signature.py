"""The grid signature: signs of second differences between the cells of a picture.

Three features for each cell c(y, x), free of offset and of linear gradients, so that they
outlive brightness, contrast and gamma, and do not agree by chance where two pictures merely
get lighter towards the same side:

    h = 2 c(y, x) - c(y, x-1) - c(y, x+1)
    v = 2 c(y, x) - c(y-1, x) - c(y+1, x)
    s = c(y, x) - c(y, x+1) - c(y+1, x) + c(y+1, x+1)

The record keeps the sign of each, or 0 below one grey level or where a cell is missing:
about 1024 cells, 3072 trits, 615 bytes. A rough picture can be rebuilt from them, so they
are only ever stored sealed; see `sealed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.fingerprint.cells import Cells, Pixels, Plane, cells_of
from provenance.model.evidence import MarkGeometry

Trits = npt.NDArray[np.int8]

FEATURES: Final = 3
#: Grey levels below which a difference has no sign.
_LEAST: Final = 1.0
_VERSION: Final = 1
_HEADER_BYTES: Final = 5
_TRITS_PER_BYTE: Final = 5  # 3^5 = 243
_WEIGHTS: Final = 3 ** np.arange(_TRITS_PER_BYTE, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class GridSignature:
    """`trits` int8 (h, w, 3), -1, 0 or 1: the features h, v, s of each cell."""

    trits: Trits

    def pack(self) -> bytes:
        """Version 1 byte, h and w 2 bytes each, then five trits in each byte."""
        height, width = self.trits.shape[:2]
        digits = self.trits.ravel().astype(np.int64) + 1
        digits = np.pad(digits, (0, -len(digits) % _TRITS_PER_BYTE), constant_values=1)
        packed = (digits.reshape(-1, _TRITS_PER_BYTE) @ _WEIGHTS).astype(np.uint8)
        header: bytes = bytes([_VERSION]) + height.to_bytes(2) + width.to_bytes(2)
        return header + packed.tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> GridSignature:
        """The signature that `pack` wrote.

        Raises:
            ValueError: these bytes are no signature of this version.
        """
        if len(data) < _HEADER_BYTES or data[0] != _VERSION:
            raise ValueError("not a grid signature of a known version")
        height, width = int.from_bytes(data[1:3]), int.from_bytes(data[3:5])
        count = height * width * FEATURES
        packed = np.frombuffer(data, dtype=np.uint8, offset=_HEADER_BYTES).astype(np.int64)
        if count == 0 or len(packed) != -(-count // _TRITS_PER_BYTE) or packed.max() >= 243:
            raise ValueError("the grid signature is damaged")
        digits = packed[:, None] // _WEIGHTS % 3 - 1
        return cls(trits=digits.ravel()[:count].astype(np.int8).reshape(height, width, FEATURES))


def signature(rgb: Pixels, geometry: MarkGeometry) -> GridSignature | None:
    """The signature of an issued picture, or None where it has too many cells or none.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B: the pixels of the written file.
        geometry: where its mark lies.
    """
    cells = cells_of(rgb, geometry)
    if cells is None or min(cells.means.shape) < 1 or max(cells.means.shape) >= 1 << 16:
        return None
    values = features(cells)
    signs = np.sign(values) * (np.abs(values) >= _LEAST)
    return GridSignature(trits=signs.astype(np.int8))


def features(cells: Cells) -> Plane:
    """The features h, v, s, float32 (h, w, 3) in grey levels; 0 where a cell is missing."""
    c = np.pad(cells.means, 1)
    there = np.pad(cells.present, 1)
    here = np.s_[1:-1, 1:-1]
    left, right = np.s_[1:-1, :-2], np.s_[1:-1, 2:]
    above, below, diagonal = np.s_[:-2, 1:-1], np.s_[2:, 1:-1], np.s_[2:, 2:]
    found = np.stack(
        [
            (2 * c[here] - c[left] - c[right]) * (there[left] & there[right]),
            (2 * c[here] - c[above] - c[below]) * (there[above] & there[below]),
            (c[here] - c[right] - c[below] + c[diagonal])
            * (there[right] & there[below] & there[diagonal]),
        ],
        axis=-1,
    )
    return np.asarray(found * there[here][..., None], dtype=np.float32)
