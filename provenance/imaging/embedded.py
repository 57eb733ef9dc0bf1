"""The remarks that programs leave in an image file, as text, under limits.

They are read from the bytes of the container and never from the pixels, only when somebody
asks, and without a decoder. Where a format allows metadata behind the pixels, it is found
there too. What is read may be a prompt or name a person: it is passed on in memory, to be
matched, and never put into a report as a whole.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from provenance.imaging import exif, xmp
from provenance.imaging.containers import jpeg, png, webp
from provenance.imaging.formats import ImageFormat
from provenance.imaging.load import LoadedImage
from provenance.imaging.metadata import bare_exif

#: Bytes of one remark that are looked at; a ComfyUI workflow has about 50 KB.
MAX_TEXT: Final = 262_144
#: Remarks of one file that are looked at.
MAX_TEXTS: Final = 2_048
#: Characters of all remarks together.
MAX_TOTAL: Final = 16_000_000
#: Compressed remarks that are expanded, so at most 64 * 256 KB.
MAX_EXPANDED: Final = 64
#: Bytes behind the end of the image that are searched.
MAX_TRAILER: Final = 1_000_000

_JPEG_EXIF: Final = b"Exif\0\0"
_JPEG_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_PNG_XMP: Final = "XML:com.adobe.xmp"
_XMP_BEGIN, _XMP_END = b"<x:xmpmeta", b"</x:xmpmeta>"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedText:
    """One remark.

    Attributes:
        where: the part of the file, in words: "PNG text", "EXIF", "XMP" ...
        key: its name there: a PNG keyword, an EXIF field, or namespace and name of XMP.
        value: its text, cut to `MAX_TEXT`.
    """

    where: str
    key: str
    value: str = field(repr=False)


def embedded_texts(image: LoadedImage) -> tuple[EmbeddedText, ...]:
    """Every remark in the file. Broken ones are left out; nothing here raises.

    PNG text chunks (compressed ones too), EXIF, XMP, JPEG comments and application segments
    that are plain text, and XMP behind the end of the image. GIF comments are not read.
    """
    match image.header.format:
        case ImageFormat.PNG:
            found = _png(image.data)
        case ImageFormat.JPEG:
            found = _jpeg(image.data)
        case ImageFormat.WEBP:
            found = _webp(image.data)
        case _:
            found = _parsed(image.metadata.exif, image.metadata.xmp)
    return tuple(_within_limits(_with_trailer(found, image)))


def _within_limits(found: Iterator[EmbeddedText]) -> Iterator[EmbeddedText]:
    total = 0
    for text in islice(found, MAX_TEXTS):
        total += len(text.value)
        if total > MAX_TOTAL:
            return
        yield text


def _parsed(exif_bytes: bytes, packet: bytes, where: str = "XMP") -> Iterator[EmbeddedText]:
    for name, value in exif.texts(bare_exif(exif_bytes), MAX_TEXT):
        yield EmbeddedText(where="EXIF", key=name, value=value)
    for name, value in xmp.properties(packet):
        yield EmbeddedText(where=where, key=name, value=value[:MAX_TEXT])


# --- PNG ---------------------------------------------------------------------------


def _png(data: bytes) -> Iterator[EmbeddedText]:
    expanded = 0
    for kind, body in png.text_chunks(data):
        if kind == b"eXIf":
            yield from _parsed(body, b"")
            continue
        keyword, _, rest = body.partition(b"\0")
        compressed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
        expanded += compressed
        if compressed and expanded > MAX_EXPANDED:
            continue
        raw = _png_value(kind, rest, compressed=compressed)
        # tEXt is Latin-1 by the specification and UTF-8 in practice.
        value, key = raw.decode("utf-8", "replace"), keyword.decode("latin-1")
        if key == _PNG_XMP:
            yield from _parsed(b"", raw)
        else:
            yield EmbeddedText(where=f"PNG {kind.decode()}", key=key, value=value)


def _png_value(kind: bytes, rest: bytes, *, compressed: bool) -> bytes:
    """The text behind the keyword (W3C PNG, 11.3.3), expanded no further than is looked at."""
    if kind == b"iTXt":  # flag method language NUL translated keyword NUL text
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif kind == b"zTXt":
        rest = rest[1:]
    if not compressed:
        return rest[:MAX_TEXT]
    try:
        return zlib.decompressobj().decompress(rest, MAX_TEXT)
    except zlib.error:
        return b""


# --- JPEG, WebP, trailers ----------------------------------------------------------------


def _jpeg(data: bytes) -> Iterator[EmbeddedText]:
    for marker, body in jpeg.metadata_segments(data):
        if body.startswith(_JPEG_EXIF):
            yield from _parsed(body, b"")
        elif body.startswith(_JPEG_XMP):
            yield from _parsed(b"", body[len(_JPEG_XMP) :])
        else:
            name = "COM" if marker == 0xFE else f"APP{marker - 0xE0}"
            try:
                value = body[:MAX_TEXT].rstrip(b"\0").decode("utf-8")
            except UnicodeDecodeError:
                continue  # a thumbnail, a colour profile, a manifest
            yield EmbeddedText(where="JPEG segment", key=name, value=value)


def _webp(data: bytes) -> Iterator[EmbeddedText]:
    for kind, body in webp.metadata_chunks(data):
        if kind == b"EXIF":
            yield from _parsed(body, b"")
        else:
            yield from _parsed(b"", body)


def _with_trailer(found: Iterator[EmbeddedText], image: LoadedImage) -> Iterator[EmbeddedText]:
    yield from found
    trailing = image.header.trailing
    if not trailing:
        return
    end = len(image.data) - trailing
    trailer = image.data[end : end + MAX_TRAILER]
    begin = trailer.find(_XMP_BEGIN)
    stop = trailer.find(_XMP_END, begin) if begin >= 0 else -1
    if stop >= 0:
        packet = trailer[begin : stop + len(_XMP_END)]
        yield from _parsed(b"", packet, where="XMP behind the image")
