"""PNG chunks (W3C PNG Third Edition, clauses 5 and 11), animated PNG included."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from provenance.imaging.containers.header import Header, corrupt, truncated_before_header
from provenance.imaging.formats import ImageFormat
from provenance.imaging.limits import Limits

_SIGNATURE_SIZE: Final = 8
_PIXEL_CHUNKS: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"fdAT", b"fcTL", b"IEND"})
_TEXT_CHUNKS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf"})
_PIXEL_CHUNKS_PER_SEGMENT: Final = 64
_MAX_CHUNK: Final = 2**31 - 1
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
#: Bit depths that each colour type may have (W3C PNG, table 11.1).
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_MAX_REPAIRED: Final = 200_000_000  # bytes of raw rows; a repair holds them three times


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int, bool]]:
    """Yield (type, start of data, length, checksum is right) until the data ends."""
    position = _SIGNATURE_SIZE
    view = memoryview(data)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4])
        kind = data[position + 4 : position + 8]
        end = position + 8 + length
        if length > _MAX_CHUNK or end + 4 > len(data):
            return
        checksum = zlib.crc32(view[position + 4 : end]) == int.from_bytes(data[end : end + 4])
        yield kind, position + 8, length, checksum
        position = end + 4


def walk(data: bytes, limits: Limits) -> Header:
    """Read the header of a PNG file, check every checksum and find the end.

    Raises:
        InputError: `E_LIMIT`, `E_TRUNC` (no IHDR) or `E_CORRUPT` (first chunk is no IHDR).
    """
    size: tuple[int, int] | None = None
    depth, frames, metadata, count, pixel_chunks = 8, 1, 0, 0, 0
    fault = ""
    ended = -1
    for kind, start, length, checksum in _chunks(data):
        if size is None:
            if kind != b"IHDR" or length != 13:
                raise corrupt("PNG does not begin with an IHDR chunk")
            size = struct.unpack_from(">II", data, start)
            depth, colour = data[start + 8 : start + 10]
            if depth not in _DEPTHS.get(colour, ()):
                raise corrupt(f"PNG of colour type {colour} with {depth} bits per sample")
        if not checksum and not fault:
            fault = f"checksum of PNG chunk {_printable(kind)} is wrong"
        if kind == b"acTL" and length >= 4:
            frames = max(1, min(int.from_bytes(data[start : start + 4]), limits.max_frames))
        if kind == b"IEND":
            ended = start + length + 4
            break
        if kind in (b"IDAT", b"fdAT"):  # may legitimately come in very many small chunks
            pixel_chunks += 1
            limits.check_segments(pixel_chunks // _PIXEL_CHUNKS_PER_SEGMENT)
            continue
        count += 1
        limits.check_segments(count)
        if kind not in _PIXEL_CHUNKS:
            metadata += _expanded(data[start : start + length], kind, limits)
            limits.check_metadata(metadata)
    if size is None:
        raise truncated_before_header(ImageFormat.PNG)
    return Header(
        format=ImageFormat.PNG,
        width=size[0],
        height=size[1],
        frames=frames,
        bit_depth=depth,
        truncated=ended < 0,
        trailing=len(data) - ended if ended >= 0 else 0,
        fault=fault,
    )


def kinds(data: bytes) -> frozenset[bytes]:
    """Types of all chunks of a file that ends with its IEND chunk; none of any other file.

    Checksums are not asked.
    """
    position, found = _SIGNATURE_SIZE, set()
    while position + 12 <= len(data):
        kind = data[position + 4 : position + 8]
        found.add(kind)
        position += 12 + int.from_bytes(data[position : position + 4])
        if kind == b"IEND":
            return frozenset(found) if position == len(data) else frozenset()
    return frozenset()


def text_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of the chunks that hold text or EXIF, wherever they stand in the file.

    Compressed text stays compressed. Checksums are not asked: a damaged remark is still one.
    """
    for kind, start, length, _ in _chunks(data):
        if kind in _TEXT_CHUNKS:
            yield kind, data[start : start + length]
        if kind == b"IEND":
            return


def _printable(kind: bytes) -> str:
    return kind.decode("ascii") if kind.isalpha() else kind.hex()


def _expanded(body: bytes, kind: bytes, limits: Limits) -> int:
    """Bytes that a metadata chunk takes once decompressed, counted up to the limit."""
    compressed = b""
    if kind in (b"zTXt", b"iCCP"):  # keyword NUL method data
        compressed = body.partition(b"\0")[2][1:]
    elif kind == b"iTXt":  # keyword NUL flag method language NUL translation NUL text
        rest = body.partition(b"\0")[2]
        if rest[:1] == b"\x01":
            compressed = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    if not compressed:
        return len(body)
    try:
        text = zlib.decompressobj().decompress(compressed, limits.max_metadata + 1)
    except zlib.error:
        return len(body)
    return len(body) + len(text)


def repair(data: bytes, header: Header) -> bytes | None:
    """A truncated PNG made decodable: the missing rows come out as zeros.

    Returns None where no pixel data arrived, where the rows would take too much memory, or
    where the image is interlaced (its first pass would be shown as if it were the picture).
    """
    ihdr = data[_SIGNATURE_SIZE : _SIGNATURE_SIZE + 25]
    colour, interlace = data[25], data[28]
    row = 1 + (header.width * _CHANNELS[colour] * header.bit_depth + 7) // 8
    wanted = row * header.height
    if interlace or wanted > _MAX_REPAIRED:
        return None
    keep = [data[:_SIGNATURE_SIZE], ihdr]
    packed = bytearray()
    for kind, start, length, _ in _chunks(data):
        if kind in (b"PLTE", b"tRNS", b"iCCP"):
            keep.append(data[start - 8 : start + length + 4])
        elif kind == b"IDAT":
            packed += data[start : start + length]
    packed += _last_partial_idat(data)
    try:
        raw = zlib.decompressobj().decompress(bytes(packed), wanted)
    except zlib.error:
        return None
    if not raw:
        return None
    body = zlib.compress(raw.ljust(wanted, b"\0"), 0)
    for kind, content in ((b"IDAT", body), (b"IEND", b"")):
        keep.append(struct.pack(">I", len(content)) + kind + content)
        keep.append(struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))))
    return b"".join(keep)


def without_damage(data: bytes) -> bytes:
    """The same PNG without ancillary chunks whose checksum is wrong.

    Decoders refuse such a file although its pixels are sound; one flipped bit in a text
    chunk must not keep a picture from being checked.
    """
    keep = [data[:_SIGNATURE_SIZE]]
    end = _SIGNATURE_SIZE
    for kind, start, length, sound in _chunks(data):
        end = start + length + 4
        if sound or not kind[0] & 0x20:  # a lower-case first letter marks an ancillary chunk
            keep.append(data[start - 8 : end])
    return b"".join([*keep, data[end:]])


def _last_partial_idat(data: bytes) -> bytes:
    end = _SIGNATURE_SIZE
    for _, start, length, _ in _chunks(data):
        end = start + length + 4
    return data[end + 8 :] if data[end + 4 : end + 8] == b"IDAT" else b""
