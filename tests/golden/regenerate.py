"""Write the golden files: values that must never change, computed without our own code.

    PYTHONPATH=tests python tests/golden/regenerate.py

`report-v2.json` is a report as it was saved once; it is only written where there is none. The
other reports are what our own renderers make of it, so that a change of a format is seen.

Keys follow RFC 5869, payloads the layout in the documentation and the marks of `lattice-1` the
docstrings of its modules, all written out again here; the perceptual hashes are those of the
`pdqhash` package, a binding of the reference. Whoever changes a golden file changes what marks
and records that are already out there mean.
"""

from __future__ import annotations

import cmath
import hashlib
import hmac
import json
import math
from functools import lru_cache
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
        for purpose in ("carrier", "tag", "signature", "pseudonym", "names")
        for system_id, epoch in ((0, 0), (1, 0), (1, 1), (0xFFFFF, 65535))
    ]


# --- accounts under a pseudonym ----------------------------------------------------------

USES = (b"pseudonym", b"seal", b"keyed")
ACCOUNTS = ("user-1", "A", "Zo\u00eb \U0001f43e", "x" * 200)


def pseudonyms() -> dict[str, Any]:
    """Pseudonyms of accounts, sealed accounts with a fixed nonce, and keyed hashes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    accounts, hashes = [], []
    for key in SECRETS.values():
        uses = {use: hkdf(key, b"provenance/pseudonyms/1/" + use) for use in USES}
        for account in ACCOUNTS:
            text = account.encode()
            pseudonym = hmac.digest(uses[b"pseudonym"], text, "sha256").hex()[:32]
            padded = len(text).to_bytes(2) + text
            padded = padded.ljust(math.ceil(len(padded) / 256) * 256, b"\0")
            nonce = bytes(range(12))
            sealed = AESGCM(uses[b"seal"]).encrypt(nonce, padded, pseudonym.encode())
            accounts.append(
                {
                    "key": key.hex(),
                    "account": account,
                    "pseudonym": pseudonym,
                    "sealed": (nonce + sealed).hex(),
                }
            )
        for purpose, parts in ((b"request", ()), (b"request", (b"7", b"")), (b"digest", (b"7",))):
            message = b"".join(len(part).to_bytes(8) + part for part in (purpose, *parts))
            hashes.append(
                {
                    "key": key.hex(),
                    "purpose": purpose.decode(),
                    "parts": [part.hex() for part in parts],
                    "hash": hmac.digest(uses[b"keyed"], message, "sha256").hex(),
                }
            )
    return {"accounts": accounts, "keyed": hashes}


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


# --- marks of lattice-1 ------------------------------------------------------------------

TILE = 128
SYNC_LINES = 32
#: band: low, high, low and high of the synchronisation lines, cycles per canonical pixel
BANDS = {"full": (0.10, 0.20, 0.11, 0.20), "short": (0.06, 0.14, 0.07, 0.14)}
KNOWN = {"full": 24, "short": 0}
GENERATORS = (0o11145, 0o12477, 0o15573, 0o16727)


def numbers(label: str, count: int) -> list[int]:
    """The public random numbers of the lattice, 32 bits each."""
    raw = hashlib.shake_256(f"provenance/lattice/1/{label}".encode()).digest(4 * count)
    return [int.from_bytes(raw[4 * i : 4 * i + 4]) for i in range(count)]


@lru_cache
def lines(band: str) -> list[tuple[int, int]]:
    """All lines (kx, ky) of a band, by ky and then kx."""
    low, high, _, _ = BANDS[band]
    return [
        (x, y)
        for y in range(-TILE // 2, TILE // 2)
        for x in range(TILE // 2 + 1)
        if (x > 0 or y > 0) and low <= math.hypot(x, y) / TILE <= high
    ]


@lru_cache
def sync(band: str) -> list[int]:
    """Which lines synchronise: the nearest free line to a random spot in each of 32 sectors."""
    _, _, low, high = BANDS[band]
    radius = [math.hypot(x, y) / TILE for x, y in lines(band)]
    spots = [number / 2**32 for number in numbers("sync", 2 * SYNC_LINES)]
    chosen: list[int] = []
    for sector in range(SYNC_LINES):
        angle = math.pi * ((sector + spots[sector]) / SYNC_LINES - 0.5)
        log_radius = math.log(low) + spots[SYNC_LINES + sector] * math.log(high / low)
        distances = []
        for index, (x, y) in enumerate(lines(band)):
            if low <= radius[index] <= high and index not in chosen:
                turn = abs(math.atan2(y, x) - angle)
                turn = min(turn, math.pi - turn)  # directions have no sense
                distances.append((turn**2 + (math.log(radius[index]) - log_radius) ** 2, index))
        chosen.append(min(distances)[1])
    return chosen


@lru_cache
def pilots(band: str) -> list[bool]:
    """Which degrees of freedom carry no data: the tenth with the smallest numbers."""
    count = 2 * (len(lines(band)) - SYNC_LINES)
    drawn = numbers("pilots", count)
    smallest = set(sorted(range(count), key=drawn.__getitem__)[: round(count / 10)])
    return [place in smallest for place in range(count)]


def chips(band: str, key: bytes, code_bits: int) -> tuple[list[int], list[int]]:
    """Sign bits and code bits of both planes, one plane after the other."""
    count = len(pilots(band))

    def stream(label: str, size: int) -> bytes:
        text = b"provenance/chips/1/" + label.encode() + b"/" + key
        return hashlib.shake_256(text).digest(size)

    raw = stream("signs", 2 * count // 8 + 1)
    signs = [raw[i // 8] >> (7 - i % 8) & 1 for i in range(2 * count)]
    raw = stream("places", 16 * count)
    places = [raw[8 * i : 8 * i + 8] for i in range(2 * count)]
    bits = []
    for plane in (places[:count], places[count:]):
        data = [i for i in sorted(range(count), key=plane.__getitem__) if not pilots(band)[i]]
        carried = {place: rank % code_bits for rank, place in enumerate(data)}
        bits += [carried.get(place, code_bits) for place in range(count)]
    return signs, bits


def code_bits(layout: str, word: bytes) -> list[int]:
    """Code bits of a payload: interleaved, then through a shift register that bites its tail."""
    bits = [int(digit) for byte in word for digit in f"{byte:08b}"]
    known = KNOWN[layout]
    early = [i * len(bits) // known for i in range(known)]
    late = [place for place in range(len(bits)) if place not in early]
    order = dict(zip(early + late, range(len(bits)), strict=True))
    entered = [bits[order[place]] for place in range(len(bits))]
    code = []
    for step in range(len(entered)):
        register = [entered[step - back] for back in range(13)]  # the newest first
        for generator in GENERATORS:
            taps = f"{generator:013b}"
            code.append(sum(b for b, tap in zip(register, taps, strict=True) if tap == "1") % 2)
    return code


def sha256(values: list[int], size: int) -> str:
    """Hash of whole numbers of some bytes each, signed, big end first."""
    data = b"".join(value.to_bytes(size, signed=True) for value in values)
    return hashlib.sha256(data).hexdigest()


def mark(layout: str, word: bytes, key: bytes, side: int) -> npt.NDArray[np.uint8]:
    """A mark on plain grey, uint8 (side, side, 3): the sum of its waves and nothing else."""
    code = code_bits(layout, word)
    signs, bits = chips(layout, key, len(code))
    phases = numbers("phases", SYNC_LINES)
    payload = [i for i in range(len(lines(layout))) if i not in sync(layout)]
    values = np.zeros(len(lines(layout)), dtype=complex)
    flips = [*code, 0]  # the last for pilots
    freedom = [1 - 2 * (sign ^ flips[bit]) for sign, bit in zip(signs, bits, strict=True)]
    for place, line in enumerate(payload):
        values[line] = complex(freedom[place], freedom[len(payload) + place])
    for line, number in zip(sync(layout), phases, strict=True):
        values[line] = 3 * cmath.exp(2j * math.pi * number / 2**32)
    step = 512 / side  # canonical pixels
    at = (np.arange(side) + 0.5) * step - 0.5
    kx, ky = np.array(lines(layout)).T
    across = np.exp(2j * np.pi / TILE * np.outer(kx, at))
    down = np.exp(2j * np.pi / TILE * np.outer(at, ky))
    plane = ((down * values) @ across).real
    grey = np.rint(128 + 3 * plane / plane.std()).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def lattices() -> dict[str, Any]:
    """Lines, chips and code words of `lattice-1`."""
    carried = [row for row in payloads() if row["layout"] in BANDS]
    return {
        "bands": [
            {
                "band": band,
                "lines": len(lines(band)),
                "lines_sha256": sha256([k for line in lines(band) for k in line], 2),
                "sync": [list(lines(band)[index]) for index in sync(band)],
                "phases": numbers("phases", SYNC_LINES),
                "pilots_sha256": sha256([int(pilot) for pilot in pilots(band)], 1),
            }
            for band in BANDS
        ],
        "chips": [
            {
                "band": band,
                "key": key.hex(),
                "code_bits": size,
                "signs_sha256": sha256(signs, 1),
                "bits_sha256": sha256(bits, 2),
            }
            for band, size in (("full", 384), ("short", 224))
            for key in SECRETS.values()
            for signs, bits in (chips(band, key, size),)
        ],
        "words": [
            {
                "layout": row["layout"],
                "payload": row["payload"],
                "code": "".join(map(str, code_bits(row["layout"], bytes.fromhex(row["payload"])))),
            }
            for row in carried
        ],
    }


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


FILES = {
    "keys.json": keys,
    "pseudonyms.json": pseudonyms,
    "payloads.json": payloads,
    "lattice.json": lattices,
    "pdq.json": hashes,
}


# --- reports -----------------------------------------------------------------------------

SAVED = FOLDER / "report-v2.json"


def saved_report() -> bytes:
    """A report about every kind of result, as it is saved."""
    from support import reports

    return reports.document().to_json()


def rendered_reports() -> dict[str, bytes]:
    """The saved report in all forms that are the same on every machine, by file name."""
    from provenance.report.document import Document
    from provenance.report.render import ReportFormat, render

    document = Document.from_json(SAVED.read_bytes())
    forms = (
        ReportFormat.JSON,
        ReportFormat.JSONL,
        ReportFormat.CSV,
        ReportFormat.TEXT,
        ReportFormat.CASE,
        ReportFormat.VICS,
    )
    return {f"report-v2{form.extension}": render(document, form) for form in forms}


def text_of(name: str) -> str:
    """What belongs into a golden file."""
    return json.dumps(FILES[name](), indent=1) + "\n"


def main() -> None:
    """Write all of them."""
    for name in FILES:
        (FOLDER / name).write_text(text_of(name), "utf-8")
        print(f"wrote {FOLDER / name}")
    if not SAVED.exists():
        SAVED.write_bytes(saved_report())
    for name, data in rendered_reports().items():
        (FOLDER / name).write_bytes(data)
        print(f"wrote {FOLDER / name}")


if __name__ == "__main__":
    main()
