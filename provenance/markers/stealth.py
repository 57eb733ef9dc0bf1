"""Text in the lowest bits of the pixels: "stealth PNG info", as NovelAI writes it.

A signature of 15 bytes, the length of the text in bits (32 bits, big-endian), then the text,
compressed with gzip or not. One bit for each pixel in the alpha channel, or three in red,
green and blue; column by column from the left, each from top to bottom, most significant bit
first. https://github.com/ashen-sensored/sd_webui_stealth_pnginfo
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from provenance.imaging import EmbeddedText
from provenance.imaging.embedded import MAX_TEXT

Pixels = npt.NDArray[np.uint8]

_SIGNATURE_SIZE: Final = 15
_HEAD_SIZE: Final = _SIGNATURE_SIZE + 4
_GZIP: Final = 16 + zlib.MAX_WBITS  # zlib's way to ask for the gzip format
#: Signature: whether the text is compressed. The first two are written into alpha.
_ALPHA: Final = {b"stealth_pnginfo": False, b"stealth_pngcomp": True}
_COLOUR: Final = {b"stealth_rgbinfo": False, b"stealth_rgbcomp": True}


def stealth_texts(rgb: Pixels, alpha: Pixels | None) -> Iterator[EmbeddedText]:
    """The text hidden in the pixels, if there is any.

    Args:
        rgb: uint8 (H, W, 3), order R, G, B.
        alpha: uint8 (H, W), or None where every pixel is opaque.
    """
    if alpha is not None:
        yield from _read(alpha[:, :, None], _ALPHA, "lowest bits of alpha")
    yield from _read(rgb, _COLOUR, "lowest bits of colour")


def _read(planes: Pixels, signatures: dict[bytes, bool], where: str) -> Iterator[EmbeddedText]:
    head = _bytes(planes, 0, _HEAD_SIZE)
    signature = head[:_SIGNATURE_SIZE]
    if signature not in signatures:
        return
    size = int.from_bytes(head[_SIGNATURE_SIZE:]) // 8
    raw = _bytes(planes, _HEAD_SIZE, min(size, MAX_TEXT))
    if signatures[signature]:
        try:
            raw = zlib.decompressobj(_GZIP).decompress(raw, MAX_TEXT)
        except zlib.error:
            raw = b""
    key = signature.decode("ascii")
    yield EmbeddedText(where=where, key=key, value=raw.decode("utf-8", "replace"))


def _bytes(planes: Pixels, start: int, size: int) -> bytes:
    """`size` bytes behind the first `start` bytes, or as many as the picture has.

    Only the columns that hold them are touched.
    """
    height, _, depth = planes.shape
    in_column = height * depth
    first = 8 * start // in_column
    last = -(-8 * (start + size) // in_column)
    bits = (planes[:, first:last] & 1).swapaxes(0, 1).ravel()
    skip = 8 * start - first * in_column
    return np.packbits(bits[skip : skip + 8 * size]).tobytes()
