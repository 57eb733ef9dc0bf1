"""Payload to code word and back: what the 96-bit and the 56-bit layout are on the lattice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.watermark.carriers.chips import Chips, chips
from provenance.watermark.carriers.lattice import FULL_BAND, SHORT_BAND, Band, Lattice, lattice
from provenance.watermark.coding.convolutional import RATE, UNKNOWN, Bits, Known, encode, interleave
from provenance.watermark.payload import HEADER_BITS, Layout, Payload, header_bits

#: Below this area (square pixels of 384 x 384) pictures carry the short layout.
SHORT_BELOW: Final = 384 * 384


@dataclass(frozen=True, slots=True)
class Format:
    """How a layout is carried: in which band, and how its bits enter the code."""

    layout: Layout
    band: Band

    @property
    def grid(self) -> Lattice:
        """The lattice of this format."""
        return lattice(self.band)

    @property
    def _known(self) -> int:
        return HEADER_BITS if self.layout.has_header else 0

    @property
    def order(self) -> npt.NDArray[np.intp]:
        """Order in which payload bits enter the code."""
        return interleave(self.layout.bits, self._known)

    def known(self, system_id: int) -> Known:
        """What a reader knows of the interleaved payload of that system: int8 (bits,)."""
        word = np.full(self.layout.bits, UNKNOWN, dtype=np.int8)
        word[: self._known] = header_bits(system_id)[: self._known]
        return word[self.order]

    def words(self, *, tag_known: bool) -> int:
        """log2 of the number of payloads that would be accepted under one key."""
        return self.layout.id_bits + (0 if tag_known else self.layout.tag_bits)

    def chips(self, key: bytes) -> Chips:
        """The chips of a carrier key."""
        return chips(self.band, key, RATE * self.layout.bits)

    def codeword(self, bits: Bits, key: bytes) -> npt.NDArray[np.float32]:
        """Payload bits on the carrier: +1 or -1, float32 (2, D)."""
        return self.chips(key).codeword(encode(bits[self.order]))


FULL: Final = Format(Layout.FULL, FULL_BAND)
SHORT: Final = Format(Layout.SHORT, SHORT_BAND)


def format_of(layout: Layout) -> Format:
    """The format of a layout."""
    return FULL if layout is Layout.FULL else SHORT


def carried(payload: Payload, key: bytes) -> npt.NDArray[np.float32]:
    """The code word of a payload, float32 (2, D)."""
    return format_of(payload.layout).codeword(payload.bits(), key)
