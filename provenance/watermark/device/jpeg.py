"""JPEG and back without a bitstream: what compression does to pixels, on the device.

The embedder asks what its mark reads after JPEG. Entropy coding loses nothing, so only colour
conversion, subsampling, transform and rounding are done. All in whole numbers, with the constants
of the reference implementation's accurate transform (`jfdctint.c`, `jidctint.c` of the Independent
JPEG Group; C. Loeffler, A. Ligtenberg and G. Moschytz, ICASSP 1989), so that every pixel comes out
as it does from OpenCV on the processor; a test holds the two against each other.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import torch
from torch import Tensor

_BLOCK: Final = 8
_BITS: Final = 13  # of the transform's constants
_EXTRA: Final = 2  # bits kept between its two passes
_COLOUR_BITS: Final = 16
#: The quantisation tables of ITU-T T.81, annex K, at quality 50.
_LUMA: Final = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMA: Final = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * _BLOCK,) * 4,
)


def jpeg_grey(image: Tensor, quality: int) -> Tensor:
    """A grey picture after JPEG: uint8 (B, H, W) to the same."""
    return _through(image.int(), _LUMA, quality).to(torch.uint8)


def jpeg_colour(image: Tensor, quality: int) -> Tensor:
    """A picture after JPEG with chroma at half size: uint8 (B, 3, H, W), R, G, B, to the same."""
    height, width = image.shape[-2:]
    red, green, blue = image.int().unbind(1)
    half = 1 << (_COLOUR_BITS - 1)
    luma = (19595 * red + 38470 * green + 7471 * blue + half) >> _COLOUR_BITS
    centre = (128 << _COLOUR_BITS) + half - 1
    cb = (-11059 * red - 21709 * green + 32768 * blue + centre) >> _COLOUR_BITS
    cr = (32768 * red - 27439 * green - 5329 * blue + centre) >> _COLOUR_BITS
    luma = _through(luma, _LUMA, quality)
    chroma = _through(_halved(torch.cat([cb, cr])), _CHROMA, quality)
    cb, cr = (_doubled(chroma, height, width) - 128).chunk(2)
    red = luma + ((91881 * cr + half) >> _COLOUR_BITS)
    green = luma + ((-22554 * cb - 46802 * cr + half) >> _COLOUR_BITS)
    blue = luma + ((116130 * cb + half) >> _COLOUR_BITS)
    return torch.stack([red, green, blue], dim=1).clamp(0, 255).to(torch.uint8)


def _halved(plane: Tensor) -> Tensor:
    """Means of 2 x 2, rounded down and up in turn; the last column fills up its block."""
    height, width = plane.shape[-2:]
    plane = _filled(plane, height + height % 2, -(-width // 16) * 16)
    rows = plane[:, 0::2] + plane[:, 1::2]
    sums = rows[..., 0::2] + rows[..., 1::2]
    bias = 1 + torch.arange(sums.shape[-1], device=plane.device, dtype=torch.int32) % 2
    return (sums + bias) >> 2


def _doubled(plane: Tensor, height: int, width: int) -> Tensor:
    """Twice the size, with weights of 3 to 1 ("fancy upsampling")."""
    plane = plane[:, : -(-height // 2), : -(-width // 2)]
    above = torch.cat([plane[:, :1], plane[:, :-1]], dim=1)
    below = torch.cat([plane[:, 1:], plane[:, -1:]], dim=1)
    rows = torch.stack([3 * plane + above, 3 * plane + below], dim=2).flatten(1, 2)
    left = torch.cat([rows[..., :1], rows[..., :-1]], dim=-1)
    right = torch.cat([rows[..., 1:], rows[..., -1:]], dim=-1)
    pairs = [(3 * rows + left + 8) >> 4, (3 * rows + right + 7) >> 4]
    return torch.stack(pairs, dim=-1).flatten(-2)[:, :height, :width]


def _through(plane: Tensor, base: tuple[tuple[int, ...], ...], quality: int) -> Tensor:
    """One component, int32 (B, h, w), transformed, quantised and back."""
    height, width = plane.shape[-2:]
    plane = _filled(plane, -(-height // _BLOCK) * _BLOCK, -(-width // _BLOCK) * _BLOCK)
    count, rows, columns = plane.shape
    blocks = plane.reshape(count, rows // _BLOCK, _BLOCK, columns // _BLOCK, _BLOCK) - 128
    table = _table(base, quality, plane.device)[:, None]
    coefficients = _forward(_forward(blocks, 4, last=False), 2, last=True)
    steps = table * _BLOCK  # the transform's own scale
    rounded = torch.div(coefficients.abs() + steps // 2, steps, rounding_mode="floor")
    back = rounded * coefficients.sign() * table
    levels = _backward(_backward(back, 2, last=False), 4, last=True) + 128
    return levels.clamp(0, 255).reshape(count, rows, columns)[:, :height, :width]


def _filled(plane: Tensor, height: int, width: int) -> Tensor:
    """Filled up with its last row and column."""
    across, down = width - plane.shape[-1], height - plane.shape[-2]
    if across:
        plane = torch.cat([plane, plane[..., -1:].expand(*plane.shape[:-1], across)], dim=-1)
    if down:
        plane = torch.cat([plane, plane[:, -1:].expand(-1, down, -1)], dim=1)
    return plane


@lru_cache(maxsize=64)
def _table(base: tuple[tuple[int, ...], ...], quality: int, device: torch.device) -> Tensor:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    table = (torch.tensor(base, dtype=torch.int32) * scale + 50) // 100
    return table.clamp(1, 255).to(device)


def _rounded(value: Tensor, bits: int) -> Tensor:
    return (value + (1 << (bits - 1))) >> bits


def _odd(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The four-point rotation that both directions share."""
    z1, z2, z3, z4 = a + d, b + c, a + c, b + d
    z5 = (z3 + z4) * 9633
    z1, z2 = z1 * -7373, z2 * -20995
    z3, z4 = z3 * -16069 + z5, z4 * -3196 + z5
    return a * 2446 + z1 + z3, b * 16819 + z2 + z4, c * 25172 + z2 + z3, d * 12299 + z1 + z4


def _forward(blocks: Tensor, dim: int, *, last: bool) -> Tensor:
    x = blocks.unbind(dim)
    t0, t1, t2, t3 = (x[i] + x[7 - i] for i in range(4))
    t7, t6, t5, t4 = (x[i] - x[7 - i] for i in range(4))
    t10, t13, t11, t12 = t0 + t3, t0 - t3, t1 + t2, t1 - t2
    bits = _BITS + _EXTRA if last else _BITS - _EXTRA
    z = (t12 + t13) * 4433
    y2, y6 = _rounded(z + t13 * 6270, bits), _rounded(z - t12 * 15137, bits)
    y7, y5, y3, y1 = (_rounded(v, bits) for v in _odd(t4, t5, t6, t7))
    if last:
        y0, y4 = _rounded(t10 + t11, _EXTRA), _rounded(t10 - t11, _EXTRA)
    else:
        y0, y4 = (t10 + t11) << _EXTRA, (t10 - t11) << _EXTRA
    return torch.stack([y0, y1, y2, y3, y4, y5, y6, y7], dim=dim)


def _backward(blocks: Tensor, dim: int, *, last: bool) -> Tensor:
    x = blocks.unbind(dim)
    z = (x[2] + x[6]) * 4433
    t2, t3 = z - x[6] * 15137, z + x[2] * 6270
    t0, t1 = (x[0] + x[4]) << _BITS, (x[0] - x[4]) << _BITS
    even = (t0 + t3, t1 + t2, t1 - t2, t0 - t3)
    odd = _odd(x[7], x[5], x[3], x[1])[::-1]
    bits = _BITS + _EXTRA + 3 if last else _BITS - _EXTRA
    front = [_rounded(e + o, bits) for e, o in zip(even, odd, strict=True)]
    back = [_rounded(e - o, bits) for e, o in zip(even, odd, strict=True)]
    return torch.stack(front + back[::-1], dim=dim)
