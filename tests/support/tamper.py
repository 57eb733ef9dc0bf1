"""What attackers and accidents do to a signed PNG."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import c2pa
import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """(type, body) of every chunk."""
    found, position = [], len(SIGNATURE)
    while position < len(data):
        length = int.from_bytes(data[position : position + 4])
        kind = data[position + 4 : position + 8]
        found.append((kind, data[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


def png(parts: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG file of these chunks."""
    blob = [SIGNATURE]
    for kind, body in parts:
        blob.append(struct.pack(">I", len(body)) + kind + body)
        blob.append(struct.pack(">I", zlib.crc32(kind + body)))
    return b"".join(blob)


def change_pixel(data: bytes) -> bytes:
    """The same file with one sample of one pixel changed by one, manifest and all else kept."""
    changed = pixels(data).copy()
    changed[changed.shape[0] // 2, changed.shape[1] // 2, 0] ^= 1
    rows = b"".join(b"\0" + row.tobytes() for row in changed)  # filter type 0: as it is
    parts = chunks(data)
    first = next(i for i, (kind, _) in enumerate(parts) if kind == b"IDAT")
    kept = [part for part in parts if part[0] != b"IDAT"]
    return png([*kept[:first], (b"IDAT", zlib.compress(rows)), *kept[first:]])


def swap_manifest(data: bytes, donor: bytes) -> bytes:
    """The picture of one file with the manifest of another."""
    manifest = next(body for kind, body in chunks(donor) if kind == b"caBX")
    return png([(k, manifest if k == b"caBX" else body) for k, body in chunks(data)])


def give_manifest(data: bytes, donor: bytes) -> bytes:
    """A picture without manifest, given the manifest of another."""
    manifest = next(part for part in chunks(donor) if part[0] == b"caBX")
    first, *rest = chunks(data)
    return png([first, manifest, *rest])


def strip_manifest(data: bytes) -> bytes:
    """The same picture with only its pixels left."""
    keep = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
    return png([part for part in chunks(data) if part[0] in keep])


def recompress(data: bytes, quality: int = 90) -> bytes:
    """A JPEG of the same picture, without any metadata."""
    target = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(target, "JPEG", quality=quality, subsampling=0)
    return target.getvalue()


def pixels(data: bytes) -> np.ndarray:
    """uint8 (H, W, 3) of an image file."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def sign_over(data: bytes, definition: dict[str, Any], chain: bytes, key: bytes) -> bytes:
    """A PNG with a manifest of this definition, signed with any key."""
    settings = {
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"verify_after_sign": False, "remote_manifest_fetch": False},
    }
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, key, None))
    target = io.BytesIO()
    builder = c2pa.Builder(definition, context=c2pa.Context.from_dict(settings))
    builder.sign(signer, "image/png", io.BytesIO(data), target)
    return target.getvalue()
