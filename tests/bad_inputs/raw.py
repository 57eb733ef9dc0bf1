"""Image containers written byte by byte, and ordinary pictures to damage.

Nothing here is random and nothing takes the time of day, so every file comes out the
same each time. Sources: W3C PNG Third Edition, ITU-T T.81, RFC 9649 (WebP and VP8L),
GIF89a, TIFF 6.0, RFC 1950 and 1951 (zlib, deflate).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, RGBA = 0, 2, 3, 6
_CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, RGBA: 4}

# --- ordinary pictures --------------------------------------------------------------

#: Large enough to carry the default mark, small enough to be quick.
SIZE = (320, 256)


def picture(size: tuple[int, int] = SIZE, *, seed: int = 1) -> Image.Image:
    """An RGB picture with shapes and grain; another seed gives another picture."""
    width, height = size
    chance = np.random.default_rng(seed)
    coarse = Image.fromarray(chance.integers(30, 226, (9, 11, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
    grain = chance.integers(-8, 9, (height, width, 3), dtype=np.int16)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """An ordinary file of that picture."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


# --- deflate ------------------------------------------------------------------------

_BLOCK = 1_000_000


def zlib_zeros(count: int) -> bytes:
    """`count` zero bytes, compressed: 200 MB take some 200 kB and no time.

    After a full flush a deflate stream is at a byte border and refers to nothing before
    it, so one compressed block can be repeated as often as it is needed.
    """
    blocks, rest = divmod(count, _BLOCK)
    head = b"\x78\x9c"
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(_BLOCK)) + packer.flush(zlib.Z_FULL_FLUSH)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    tail = packer.compress(bytes(rest)) + packer.flush(zlib.Z_FINISH)
    # Adler-32 of n zeros: the low sum stays 1, the high sum counts them.
    checksum = (count % 65521) << 16 | 1
    return head + block * blocks + tail + struct.pack(">I", checksum)


# --- PNG ----------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes) -> bytes:
    """One PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int, *, colour: int = RGB, depth: int = 8) -> bytes:
    """The IHDR chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png(*chunks: bytes) -> bytes:
    """A PNG file of these chunks, closed."""
    return b"".join((PNG_SIGNATURE, *chunks, chunk(b"IEND", b"")))


def row_bytes(width: int, colour: int, depth: int) -> int:
    """Bytes of one row before compression, with its filter byte."""
    return 1 + (width * _CHANNELS[colour] * depth + 7) // 8


def black_png(width: int, height: int, *extra: bytes, colour: int = RGB, depth: int = 8) -> bytes:
    """A sound PNG of zeros, as large as one likes; `extra` chunks stand before the pixels."""
    pixels = zlib_zeros(row_bytes(width, colour, depth) * height)
    return png(header(width, height, colour=colour, depth=depth), *extra, chunk(b"IDAT", pixels))


def png_of_rows(rows: np.ndarray, *, colour: int, depth: int, extra: Iterable[bytes] = ()) -> bytes:
    """A PNG file of the given samples: uint8 or big-endian uint16 (H, W[, channels])."""
    height, width = rows.shape[:2]
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    ihdr = header(width, height, colour=colour, depth=depth)
    return png(ihdr, *extra, chunk(b"IDAT", zlib.compress(raw)))


def animated_png(width: int, height: int, frames: int) -> bytes:
    """An APNG of black frames, each as large as the picture."""
    pixels = zlib_zeros(row_bytes(width, RGB, 8) * height)
    control = struct.pack(">IIIIHHBB", width, height, 0, 0, 1, 10, 0, 0)
    chunks = [header(width, height), chunk(b"acTL", struct.pack(">II", frames, 0))]
    chunks += [chunk(b"fcTL", struct.pack(">I", 0) + control), chunk(b"IDAT", pixels)]
    for index in range(1, frames):
        number = 2 * index - 1  # fcTL and fdAT chunks are numbered through
        chunks.append(chunk(b"fcTL", struct.pack(">I", number) + control))
        chunks.append(chunk(b"fdAT", struct.pack(">I", number + 1) + pixels))
    return png(*chunks)


def split_png(data: bytes) -> list[tuple[bytes, bytes]]:
    """Type and body of every chunk."""
    return list(_chunks(data))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(PNG_SIGNATURE)
    while position < len(data):
        length = int.from_bytes(data[position : position + 4])
        yield data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        position += 12 + length


def join_png(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The file of these chunks, every checksum right."""
    return PNG_SIGNATURE + b"".join(chunk(kind, body) for kind, body in chunks)


# --- JPEG ---------------------------------------------------------------------------

APP1, APP2, APP11 = 0xE1, 0xE2, 0xEB
_DQT, _SOF_PROGRESSIVE, _DHT, _SOS = 0xDB, 0xC2, 0xC4, 0xDA


def segment(marker: int, body: bytes) -> bytes:
    """One JPEG marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segments(jpeg: bytes, segments: bytes) -> bytes:
    """A JPEG file with more segments right behind its start."""
    return jpeg[:2] + segments + jpeg[2:]


def many_scans(side: int, scans: int) -> bytes:
    """A grey progressive JPEG whose empty scans each make the decoder visit every block."""
    table = bytes([1] + [0] * 15) + b"\0"  # one code of one bit, for the value 0
    tables = segment(_DQT, b"\0" + b"\1" * 64) + segment(_DHT, b"\0" + table)
    frame = segment(_SOF_PROGRESSIVE, struct.pack(">BHHB", 8, side, side, 1) + b"\1\x11\0")
    first = segment(_SOS, b"\1\1\0\0\0\1") + b"\0"
    refinement = segment(_SOS, b"\1\1\0\0\0\x10") + b"\0"
    return b"\xff\xd8" + tables + frame + first + refinement * scans + b"\xff\xd9"


# --- WebP ---------------------------------------------------------------------------


def vp8l(width: int, height: int) -> bytes:
    """A lossless bitstream of one colour: no pixel needs a single bit (RFC 9649, 3.8)."""
    value, bits = (width - 1) | (height - 1) << 14 | 1 << 28, 32  # alpha is used, version 0
    bits += 3  # no transform, no colour cache, no meta prefix codes
    for symbol in (90, 160, 200, 255):  # green, red, blue, alpha: one symbol of 8 bits each
        value |= (0b101 | symbol << 3) << bits
        bits += 11
    value |= 0b0001 << bits  # distance: one symbol of 1 bit
    return b"\x2f" + value.to_bytes((bits + 4 + 7) // 8, "little")


def riff_chunk(kind: bytes, body: bytes) -> bytes:
    """One RIFF chunk, padded to an even length."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def webp(*chunks: bytes) -> bytes:
    """A WebP file of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def plain_webp(width: int, height: int) -> bytes:
    """A WebP file of one colour."""
    return webp(riff_chunk(b"VP8L", vp8l(width, height)))


def animated_webp(width: int, height: int, frames: int) -> bytes:
    """An animated WebP of one colour."""
    canvas = _u24(width - 1) + _u24(height - 1)
    frame = (
        _u24(0) + _u24(0) + canvas + _u24(100) + b"\0" + riff_chunk(b"VP8L", vp8l(width, height))
    )
    return webp(
        riff_chunk(b"VP8X", bytes([0x12, 0, 0, 0]) + canvas),
        riff_chunk(b"ANIM", bytes(6)),
        riff_chunk(b"ANMF", frame) * frames,
    )


def _u24(value: int) -> bytes:
    return value.to_bytes(3, "little")


# --- GIF ----------------------------------------------------------------------------


def gif(width: int, height: int, frames: Iterable[bytes]) -> bytes:
    """A GIF of two colours."""
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return b"GIF89a" + screen + b"".join(frames) + b";"


def gif_frame(width: int = 1, height: int = 1) -> bytes:
    """A frame with data for one pixel, whatever its size."""
    return b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\2\2\x44\1\0"


# --- TIFF and EXIF ------------------------------------------------------------------


def tiff_directory(entries: Iterable[tuple[int, int, int]], following: int) -> bytes:
    """A little-endian image file directory of (tag, type, value), and where the next one is."""
    body = [struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries]
    return struct.pack("<H", len(body)) + b"".join(body) + struct.pack("<I", following)


def tiff(directory: bytes) -> bytes:
    """A TIFF file or EXIF block: header and the directory at offset 8."""
    return b"II*\0" + struct.pack("<I", 8) + directory
