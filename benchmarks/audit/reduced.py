"""JPEGs decoded at reduced scale: what it saves, and what it would lose.

    python -m benchmarks.audit.reduced [--images 5] [--seed 1]

Large photographs are marked by `lattice-1` and, apart from that, with a public payload of
invisible-watermark; attacked, saved as JPEG of quality 95, and decoded at full scale and by libjpeg
at a half and a quarter. Printed: CPU time of decoding and of bringing the picture to the detector's
size, and how many marks are read from each.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.environment import print_environment
from benchmarks.markers import _embed
from benchmarks.watermark import attacks, schemes, workers
from benchmarks.watermark.metrics import Timer, median
from benchmarks.watermark.scene import Pixels, Scene
from benchmarks.watermark.seeds import generator
from benchmarks.watermark.sets import PictureSet
from provenance.fingerprint import fingerprint
from provenance.markers import catalogue
from provenance.markers.public_payload import search, strongest
from provenance.watermark import Depth
from provenance.watermark.carriers import frame

SCALES: Final = (1, 2, 4)
ATTACKS: Final = (
    "none",
    "jpeg80",
    "jpeg50",
    "x0.71",
    "crop50",
    "crop25",
    "rotate5-whole",
    "width1.1",
)
_SOURCE: Final = PictureSet(("photos",), lambda image: image)


def main() -> None:
    options = _options()
    workers.prepare()
    print_environment()
    files = _SOURCE.files()[: options.images]
    print(f"{'seed':<14} {options.seed}\n{'pictures':<14} {len(files)}, of 4 to 8 MP\n")
    decode: dict[int, list[float]] = {scale: [] for scale in SCALES}
    lattice: Counter[int] = Counter()
    hashes: Counter[int] = Counter()
    count = 0
    scheme, ring = schemes.usable("lattice-1"), schemes.keyring(options.seed)
    for data, payload in _marked(options):
        count += 1
        full = fingerprint(_decoded(data, 1))
        for scale in SCALES:
            with Timer() as timer:
                frame.canonical(_decoded(data, scale))
            decode[scale].append(timer.milliseconds)
            rgb = _decoded(data, scale)
            found = scheme.detect(rgb, ring, depth=Depth.STANDARD)
            lattice[scale] += found.payload == payload
            hashes[scale] += fingerprint(rgb) == full
    public: Counter[int] = Counter()
    for data, name in _public(options):
        for scale in SCALES:
            best = strongest(search(_decoded(data, scale), catalogue().payloads))
            public[scale] += best is not None and best.payload.id == name
    print("| scale | decode and resize, CPU ms | lattice-1 read | public read | same PDQ |")
    print("|---|---|---|---|---|")
    for scale in SCALES:
        print(
            f"| 1/{scale} | {median(decode[scale]):.1f} | {lattice[scale]} of {count} "
            f"| {public[scale]} of {len(files)} | {hashes[scale]} of {count} |"
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="JPEGs at reduced scale.")
    parser.add_argument("--images", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _marked(options: argparse.Namespace) -> Iterator[tuple[bytes, object]]:
    scheme, issuer = schemes.usable("lattice-1"), schemes.Issuer(options.seed)
    for path in _SOURCE.files()[: options.images]:
        original = _SOURCE.load(path)
        payload = issuer.payload(scheme.info.layout_for(original), path.name)
        marked = scheme.embed(original, payload, issuer.key.carrier_key)
        scene = Scene(
            original=original,
            marked=marked,
            companion=original,
            copies=partial(_copies, marked),
            lines=schemes.sync_lines(scheme),
        )
        for name in ATTACKS:
            rng = generator(options.seed, path.name, name, "reduced")
            yield _jpeg(attacks.by_name(name).apply(scene, rng)), payload


def _copies(marked: Pixels, count: int) -> tuple[Pixels, ...]:
    return (marked,) * count


def _public(options: argparse.Namespace) -> Iterator[tuple[bytes, str]]:
    for number, path in enumerate(_SOURCE.files()[: options.images]):
        payload = catalogue().payloads[number % len(catalogue().payloads)]
        yield _jpeg(_embed(_SOURCE.load(path), payload.bits, "uint8", "BGR")), payload.id


def _jpeg(rgb: Pixels) -> bytes:
    target = io.BytesIO()
    Image.fromarray(rgb).save(target, "JPEG", quality=95, subsampling=0)
    return target.getvalue()


def _decoded(data: bytes, scale: int) -> Pixels:
    image = Image.open(io.BytesIO(data))
    if scale > 1:
        image.draft("RGB", (image.width // scale, image.height // scale))
    return np.asarray(image.convert("RGB"))


if __name__ == "__main__":
    main()
