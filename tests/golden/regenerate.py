"""Write the golden files: values that must never change, computed without our own code.

    python tests/golden/regenerate.py

Keys follow RFC 5869 and payloads the layout in the documentation, both written out again here;
the perceptual hashes are those of the `pdqhash` package, a binding of the reference. Whoever
changes a golden file changes what marks and records that are already out there mean.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FOLDER = Path(__file__).parent
SECRETS = {"ascending": bytes(range(32)), "ones": b"\xff" * 32}
SIZES = ((64, 64), (128, 128), (256, 320), (517, 389), (700, 1024), (1100, 300), (97, 601))


# --- keys (RFC 5869) -----------------------------------------------------------------


def hkdf(secret: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 without salt, one block of output."""
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def keys() -> list[dict[str, Any]]:
    """Derived keys of every purpose, for several systems and epochs."""
    return [
        {
            "secret": secret.hex(),
            "purpose": purpose,
            "system_id": system_id,
            "epoch": epoch,
            "key": hkdf(secret, f"provenance/v1/{purpose}/{system_id}/{epoch}".encode()).hex(),
        }
        for secret in SECRETS.values()
        for purpose in ("carrier", "tag", "signature", "pseudonym")
        for system_id, epoch in ((0, 0), (1, 0), (1, 1), (0xFFFFF, 65535))
    ]


# --- payloads ----------------------------------------------------------------------------

#: name: bits of the id, bits of the tag, version and system in front
LAYOUTS = {"full": (48, 24, True), "short": (40, 16, False), "bare": (32, 0, False)}


def payload(layout: str, system_id: int, mark_id: int, tag_key: bytes) -> bytes:
    """The payload, most significant bit first."""
    id_bits, tag_bits, has_header = LAYOUTS[layout]
    head = (b"provenance/payload-tag/1", layout.encode())
    parts = (*head, (1).to_bytes(1), system_id.to_bytes(3))  # 1 is the version
    digest = hmac.digest(tag_key, b"/".join((*parts, mark_id.to_bytes(6))), "sha256")
    text = f"{1:04b}{system_id:020b}" if has_header else ""
    text += f"{mark_id:048b}"[:id_bits]
    text += f"{int.from_bytes(digest):0256b}"[:tag_bits]
    return int(text, 2).to_bytes(len(text) // 8)


def payloads() -> list[dict[str, Any]]:
    """Payloads of every layout."""
    return [
        {
            "layout": layout,
            "system_id": system_id,
            "mark_id": f"{mark_id:012x}",
            "tag_key": tag_key.hex(),
            "payload": payload(layout, system_id, mark_id, tag_key).hex(),
        }
        for layout, (id_bits, _, _) in LAYOUTS.items()
        for tag_key in SECRETS.values()
        for system_id, seed in ((0, 0), (1, 0x123456789ABC), (0xFFFFF, 0xFFFFFFFFFFFF))
        for mark_id in (seed >> (48 - id_bits) << (48 - id_bits),)
    ]


# --- perceptual hashes ---------------------------------------------------------------------


def _triangle(values: npt.NDArray[np.int64], period: int) -> npt.NDArray[np.int64]:
    return np.abs(values % (2 * period) - period) * 255 // period


def picture(index: int) -> npt.NDArray[np.uint8]:
    """A picture with structure: uint8 (H, W, 3). Integers only: the same on every machine."""
    height, width = SIZES[index]
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    u, v = x * 1000 // width, y * 1000 // height
    noise = (x * 374761393 + y * 668265263 + index * 974634777) % (1 << 32)
    noise = (((noise ^ (noise >> 13)) * 1274126177) % (1 << 32) >> 24) // 3
    red = _triangle(3 * u + 2 * v + 37 * index, 170 + 10 * index) * 3
    red += _triangle(u * u // 900 + v, 120) * 2
    green = _triangle(5 * v - u + 2000, 230) * 2
    green += _triangle(u * v // 1500, 90 + 7 * index) * 3
    blue = _triangle(u + 4 * v + 11 * index, 140) * 4
    blue += _triangle((u - 500) ** 2 // 700 + (v - 300) ** 2 // 600, 100)
    channels = np.dstack([(c + noise) // 6 for c in (red, green, blue)])
    return np.clip(channels, 0, 255).astype(np.uint8)


def hashes() -> list[dict[str, Any]]:
    """PDQ of generated pictures, by the `pdqhash` package."""
    import pdqhash

    found = []
    for index in range(len(SIZES)):
        pixels = picture(index)
        bits, quality = pdqhash.compute(pixels)
        found.append(
            {
                "picture": index,
                "pixels_sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
                "pdq": np.packbits(bits.astype(np.uint8)).tobytes().hex(),
                "quality": int(quality),
            }
        )
    return found


FILES = {"keys.json": keys, "payloads.json": payloads, "pdq.json": hashes}


def text_of(name: str) -> str:
    """What belongs into a golden file."""
    return json.dumps(FILES[name](), indent=1) + "\n"


def main() -> None:
    """Write all of them."""
    for name in FILES:
        (FOLDER / name).write_text(text_of(name), "utf-8")
        print(f"wrote {FOLDER / name}")


if __name__ == "__main__":
    main()
