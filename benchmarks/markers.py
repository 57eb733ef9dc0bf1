"""Error rates of the filter for public watermarks.

    python benchmarks/markers.py [DIRECTORY] [--crops 2000] [--marked 20] [--seed 1]

DIRECTORY holds pictures (PNG or JPEG) without a mark of invisible-watermark in their pixels;
without it the samples are taken. Printed are, with machine, versions, n and seed:

* how many of `--crops` unmarked crops pass the gate, and the smallest bounds that occurred;
* for every payload, in every way in which its programs embed it, how many of `--marked`
  pictures are recognised: unchanged, and after JPEG with whole and with halved chroma;
* what a glance at half of the picture, which the audit takes first, lets pass and loses of these;
* the time for a megapixel.

The marks are written by the package itself.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.environment import print_environment
from provenance.imaging import load
from provenance.markers import catalogue
from provenance.markers.public_glance import shows
from provenance.markers.public_payload import CHANCE, search, strongest

Pixels = npt.NDArray[np.uint8]

HERE = Path(__file__).parent
MIN_SIDE = 256
MAX_SIDE = 1024
#: Type and channel order in which published programs pass their pictures to the package.
BYTE_PATHS = (("uint8", "BGR"),)
FLOAT_PATHS = (("float32", "BGR"), ("float32", "RGB"))
FLOAT_PAYLOADS = ("stable-diffusion-xl", "flux")
#: JPEG quality and chroma subsampling (Pillow: 0 whole, 2 halved).
ENCODINGS = ((95, 0), (95, 2), (90, 0), (90, 2), (80, 2))


def main() -> None:
    options = _options()
    pictures = [rgb for rgb in _pictures(options.directory) if min(rgb.shape[:2]) >= MIN_SIDE]
    if not pictures:
        sys.exit(f"no pictures of at least {MIN_SIDE} pixels in {options.directory}")
    print_environment()
    print(f"{'pictures':<14} {len(pictures)}")
    print(f"{'seed':<14} {options.seed}")
    print(f"{'gate':<14} bound at most 10^{math.log10(CHANCE):.0f} for a picture\n")
    rng = np.random.default_rng(options.seed)
    _unmarked(pictures, options.crops, rng)
    _marked(pictures, options.marked, rng)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Error rates of the public watermark filter.")
    parser.add_argument("directory", nargs="?", type=Path, default=HERE.parent / "samples")
    parser.add_argument("--crops", type=int, default=2000)
    parser.add_argument("--marked", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _pictures(folder: Path) -> list[Pixels]:
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix in (".png", ".jpg"))
    return [load(path.read_bytes()).rgb for path in paths]


def _crop(rgb: Pixels, rng: np.random.Generator, least: int) -> Pixels:
    """A part of a random place and size, with sides of at least `least`."""
    height, width = (int(rng.integers(min(least, s), min(s, MAX_SIDE) + 1)) for s in rgb.shape[:2])
    top = int(rng.integers(0, rgb.shape[0] - height + 1))
    left = int(rng.integers(0, rgb.shape[1] - width + 1))
    return np.ascontiguousarray(rgb[top : top + height, left : left + width])


def _named(rgb: Pixels) -> tuple[str, bool]:
    """The id of the payload that is reported, or nothing; and whether a glance would lose it."""
    found = strongest(search(rgb, catalogue().payloads))
    if found is None:
        return "", False
    return found.payload.id, not shows(rgb, catalogue().payloads)


def _unmarked(pictures: list[Pixels], count: int, rng: np.random.Generator) -> None:
    bounds, area, spent, shown = [], 0, 0.0, 0
    for number in range(count):
        crop = _crop(pictures[number % len(pictures)], rng, MIN_SIDE)
        start = time.perf_counter()
        findings = search(crop, catalogue().payloads)
        spent += time.perf_counter() - start
        bounds.append(min(finding.log10_p for finding in findings))
        area += crop.shape[0] * crop.shape[1]
        shown += shows(crop, catalogue().payloads)
    passed = sum(bound <= math.log10(CHANCE) for bound in bounds)
    least = ", ".join(f"{bound:.2f}" for bound in sorted(bounds)[:5])
    print(f"unmarked crops that pass: {passed} of {count}", end="")
    print(f" (95 %: at most {3 / count:.1e})" if not passed else "")
    print(f"smallest log10 of the bound: {least}")
    print(f"pass at a glance: {shown} of {count}")
    print(f"time: {spent / area * 1e9:.0f} ms per megapixel ({count} crops)\n")


def _marked(pictures: list[Pixels], count: int, rng: np.random.Generator) -> None:
    large = [rgb for rgb in pictures if min(rgb.shape[:2]) >= MAX_SIDE] or pictures
    crops = [_crop(large[number % len(large)], rng, MAX_SIDE) for number in range(count)]
    sizes = {f"{crop.shape[1]}x{crop.shape[0]}" for crop in crops}
    size = sizes.pop() if len(sizes) == 1 else "several sizes"
    print(f"recognised of {count} marked pictures ({size}), by JPEG quality and chroma")
    columns = "".join(f"{q:>6}/{'444' if s == 0 else '420'}" for q, s in ENCODINGS)
    print(
        f"{'payload':<32}{'embedded as':<14}{'PNG':>6}{columns}   another named   lost at a glance"
    )
    recognised = missed = 0
    for payload in catalogue().payloads:
        paths = FLOAT_PATHS if payload.id in FLOAT_PAYLOADS else BYTE_PATHS
        for kind, order in paths:
            marked = [_embed(crop, payload.bits, kind, order) for crop in crops]
            rates, wrong, lost = [], 0, 0
            for encoding in (None, *ENCODINGS):
                seen = [_named(_encoded(rgb, encoding)) for rgb in marked]
                named = [name for name, _ in seen]
                lost += sum(unseen for _, unseen in seen)
                recognised += len(seen) - named.count("")
                rates.append(named.count(payload.id) / count)
                wrong += count - named.count(payload.id) - named.count("")
            cells = "".join(f"{rate:>10.2f}" for rate in rates[1:])
            told = f"{kind} {order:<6}{rates[0]:>6.2f}{cells}   {wrong}   {lost}"
            print(f"{payload.id:<32}{told}", flush=True)
            missed += lost
    print(f"\nof {recognised} recognised, a glance loses {missed}")


def _embed(rgb: Pixels, bits: tuple[int, ...], kind: str, order: str) -> Pixels:
    from imwatermark import WatermarkEncoder

    encoder = WatermarkEncoder()
    encoder.set_watermark("bits", bits)
    turn = slice(None, None, -1 if order == "BGR" else 1)
    marked = encoder.encode(np.ascontiguousarray(rgb[:, :, turn]).astype(kind), "dwtDct")
    whole = np.clip(np.round(marked), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(whole[:, :, turn])


def _encoded(rgb: Pixels, encoding: tuple[int, int] | None) -> Pixels:
    if encoding is None:
        return rgb
    from PIL import Image

    target = io.BytesIO()
    quality, subsampling = encoding
    Image.fromarray(rgb).save(target, "JPEG", quality=quality, subsampling=subsampling)
    return load(target.getvalue()).rgb


if __name__ == "__main__":
    main()
