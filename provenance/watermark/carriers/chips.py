"""The keyed chips: which degree of freedom carries which code bit, with which sign.

Given an image, the chips of a key are independent fair signs (SHAKE-256 as a random oracle);
that, and nothing about images, is what the error rate of a detection rests on.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers.lattice import Band, lattice

#: Luma and Cb have chips of their own.
PLANES: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Chips:
    """The chips of one key on a lattice with D degrees of freedom in each plane.

    Attributes:
        sign: float32 (2, D), +1 or -1.
        bit: intp (2, D), the code bit that is carried; `code_bits` for pilots.
        code_bits: number of code bits.
    """

    sign: npt.NDArray[np.float32]
    bit: npt.NDArray[np.intp]
    code_bits: int

    def codeword(self, code: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """What a code word (uint8 (code_bits,)) is on the carrier: +1 or -1, float32 (2, D)."""
        signs = np.append(1 - 2 * code.astype(np.float32), np.float32(1))  # the last for pilots
        return self.sign * signs[self.bit]


@lru_cache(maxsize=256)
def chips(band: Band, key: bytes, code_bits: int) -> Chips:
    """The chips of a 32-byte carrier key."""
    grid = lattice(band)
    count = grid.freedoms
    raw = _stream(b"signs", key, PLANES * count // 8 + 1)
    signs = np.unpackbits(np.frombuffer(raw, dtype=np.uint8))[: PLANES * count]
    places = np.frombuffer(_stream(b"places", key, 8 * PLANES * count), dtype=">u8")
    bit = np.full((PLANES, count), code_bits, dtype=np.intp)
    for plane, numbers in enumerate(places.reshape(PLANES, count)):
        order = np.argsort(numbers, kind="stable")
        data = order[~grid.pilot[order]]
        bit[plane, data] = np.arange(len(data)) % code_bits
    return Chips(
        sign=(1 - 2 * signs.astype(np.float32)).reshape(PLANES, count),
        bit=bit,
        code_bits=code_bits,
    )


def _stream(label: bytes, key: bytes, size: int) -> bytes:
    return hashlib.shake_256(b"provenance/chips/1/" + label + b"/" + key).digest(size)
