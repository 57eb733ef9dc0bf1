"""The payload: what the mark says, bit by bit.

    full layout, 96 bits:   version 4 | system 20 | mark id 48 | tag 24
    short layout, 56 bits:  mark id 40 | tag 16       (version and system follow from the key)
    bare layout, 32 bits:   mark id 32                (no tag: a record has to confirm it)

Most significant bit first. The tag is a truncated HMAC-SHA256 over everything else, under
the system's tag key, so that a payload cannot be made up without that key. Layouts that
carry fewer id bits are issued ids whose remaining bits are zero.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.model.ids import MARK_ID_BITS, SYSTEM_ID_BITS, MarkId

VERSION: Final = 1
_VERSION_BITS: Final = 4
HEADER_BITS: Final = _VERSION_BITS + SYSTEM_ID_BITS
_DOMAIN: Final = b"provenance/payload-tag/1"

Bits = npt.NDArray[np.uint8]


class Layout(Enum):
    """A payload layout: how many bits of what."""

    FULL = ("full", MARK_ID_BITS, 24, True)
    SHORT = ("short", 40, 16, False)
    BARE = ("bare", 32, 0, False)

    def __init__(self, title: str, id_bits: int, tag_bits: int, has_header: bool) -> None:  # noqa: FBT001
        self.title = title
        self.id_bits = id_bits
        self.tag_bits = tag_bits
        self.has_header = has_header

    @property
    def bits(self) -> int:
        """Length of the payload."""
        header = HEADER_BITS if self.has_header else 0
        return header + self.id_bits + self.tag_bits

    @property
    def log10_tag_chance(self) -> float:
        """log10 of the chance that a wrong word has a right tag."""
        return -self.tag_bits * float(np.log10(2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A payload as it was issued or read.

    `system_id` and `version` are None where the layout does not carry them.
    """

    layout: Layout
    mark_id: MarkId
    tag: int
    system_id: int | None = None
    version: int | None = None

    def pack(self) -> bytes:
        """The payload as bytes, most significant bit first."""
        return self._value().to_bytes(self.layout.bits // 8)

    def bits(self) -> Bits:
        """The payload as uint8 (n,) of zeros and ones, most significant bit first."""
        return np.unpackbits(np.frombuffer(self.pack(), dtype=np.uint8))

    def _value(self) -> int:
        value = 0
        if self.layout.has_header:
            value = ((self.version or 0) << SYSTEM_ID_BITS) | (self.system_id or 0)
        value = (value << self.layout.id_bits) | (
            self.mark_id.value >> (MARK_ID_BITS - self.layout.id_bits)
        )
        return (value << self.layout.tag_bits) | self.tag

    def tag_verifies(self, *, system_id: int, tag_key: bytes) -> bool:
        """True if the tag was made with this key for this version, system and mark id.

        Always False for a layout without a tag and for a payload of another version.
        """
        if not self.layout.tag_bits or self.version not in (None, VERSION):
            return False
        expected = _tag(self.layout, system_id, self.mark_id, tag_key)
        size = (self.layout.tag_bits + 7) // 8
        return hmac.compare_digest(expected.to_bytes(size), self.tag.to_bytes(size))


def issue(layout: Layout, *, system_id: int, mark_id: MarkId, tag_key: bytes) -> Payload:
    """The payload of a new mark.

    Raises:
        ValueError: the mark id has bits that the layout cannot carry.
    """
    if mark_id.value & ((1 << (MARK_ID_BITS - layout.id_bits)) - 1):
        raise ValueError(f"the {layout.title} layout carries {layout.id_bits} bits of mark id")
    return Payload(
        layout=layout,
        mark_id=mark_id,
        tag=_tag(layout, system_id, mark_id, tag_key),
        system_id=system_id if layout.has_header else None,
        version=VERSION if layout.has_header else None,
    )


def unpack(layout: Layout, bits: Bits) -> Payload:
    """Read a payload from uint8 (n,) of zeros and ones; nothing is judged here.

    Raises:
        ValueError: wrong number of bits.
    """
    if bits.shape != (layout.bits,):
        raise ValueError(f"the {layout.title} layout has {layout.bits} bits")
    value = int.from_bytes(np.packbits(bits.astype(np.uint8)).tobytes())
    tag = value & ((1 << layout.tag_bits) - 1)
    value >>= layout.tag_bits
    mark_id = MarkId((value & ((1 << layout.id_bits) - 1)) << (MARK_ID_BITS - layout.id_bits))
    if not layout.has_header:
        return Payload(layout=layout, mark_id=mark_id, tag=tag)
    value >>= layout.id_bits
    return Payload(
        layout=layout,
        mark_id=mark_id,
        tag=tag,
        system_id=value & ((1 << SYSTEM_ID_BITS) - 1),
        version=value >> SYSTEM_ID_BITS,
    )


def header_bits(system_id: int) -> Bits:
    """The first bits of every full payload of a system: uint8 (24,) of zeros and ones."""
    value = (VERSION << SYSTEM_ID_BITS) | system_id
    return np.unpackbits(np.frombuffer(value.to_bytes(HEADER_BITS // 8), dtype=np.uint8))


def _tag(layout: Layout, system_id: int, mark_id: MarkId, tag_key: bytes) -> int:
    if not layout.tag_bits:
        return 0
    fields = (VERSION.to_bytes(1), system_id.to_bytes(3), mark_id.value.to_bytes(6))
    message = b"/".join((_DOMAIN, layout.title.encode(), *fields))
    digest = hmac.digest(tag_key, message, "sha256")
    return int.from_bytes(digest) >> (256 - layout.tag_bits)
