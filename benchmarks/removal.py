"""What an informed remover pays: who knows the algorithm, but neither the key nor the original.

    python -m benchmarks.removal

The remover reads all lines of a marked picture with the detector's own filter, makes the tile from
them, shapes it with the embedder's own mask, and subtracts it. The right strength is not
known; whoever can ask a detector finds it by trying. For each picture all strengths are tried,
weakest first, and the first at which the deepest search reads nothing is reported.
"""

from __future__ import annotations

import argparse
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.environment import print_environment
from benchmarks.watermark.schemes import Issuer, keyring
from benchmarks.watermark.sets import picture_set
from provenance.imaging.quality import psnr
from provenance.watermark import Depth, catalog
from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import spread, tile
from provenance.watermark.perceptual.mask import chroma_mask, local_variance, luma_mask
from provenance.watermark.reading.filter import whiten
from provenance.watermark.reading.lines import lines_of
from provenance.watermark.schemes.lattice.residual import add
from provenance.watermark.schemes.lattice.words import FULL

#: What the subtraction alone costs, dB, weakest first.
COSTS: Final = tuple(np.arange(50.0, 39.9, -0.5))
_SEED: Final = 1
_ROUNDS: Final = 6

Pixels = npt.NDArray[np.uint8]


def main() -> None:
    """Print one line for each picture and a summary for each set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=6, help="per set")
    images = parser.parse_args().images
    print_environment()
    print(f"{'seed':<14} {_SEED}\n")
    scheme, issuer, keys = catalog.scheme("lattice-1"), Issuer(_SEED), keyring(_SEED)
    for name in ("generated", "kodak"):
        source, found = picture_set(name), []
        for path in source.files()[:images]:
            original = source.load(path)
            payload = issuer.payload(scheme.info.layout_for(original), path.name)
            marked = scheme.embed(original, payload, issuer.key.carrier_key)
            estimate = estimated(marked)
            cost = None
            for wanted in COSTS:
                attacked = subtracted(marked, estimate, wanted)
                if scheme.detect(attacked, keys, depth=Depth.DEEP).payload is None:
                    cost = psnr(marked, attacked)
                    break
            found.append(cost)
            says = "never" if cost is None else f"{cost:.1f} dB"
            print(f"{name} {path.name}: unreadable at {says}", flush=True)
        gone = [cost for cost in found if cost is not None]
        middle = f", median {np.median(gone):.1f} dB" if gone else ""
        print(f"{name}: {len(gone)} of {len(found)} made unreadable{middle}\n")


def estimated(marked: Pixels) -> npt.NDArray[np.float32]:
    """The residual as far as it can be told from the marked picture: float32 (h, w, n)."""
    height, width = marked.shape[:2]
    scale = max(frame.scale(width, height), 0.5)
    planes = frame.canonical(marked)
    variance = local_variance(planes[0], scale)
    masks = (luma_mask(planes[0], variance), chroma_mask(variance))
    grid = FULL.grid
    shaped = [
        spread(tile(lines_of(whiten(plane), grid), grid), *plane.shape) * mask
        for plane, mask in zip(planes, masks, strict=False)
    ]
    return np.stack(shaped, axis=-1)


def subtracted(marked: Pixels, estimate: npt.NDArray[np.float32], wanted: float) -> Pixels:
    """The marked picture less the estimate, scaled to cost about `wanted` dB."""
    strength = 1.0
    for _ in range(_ROUNDS):
        attacked = add(marked, -np.float32(strength) * estimate)
        strength *= 10 ** ((psnr(marked, attacked) - wanted) / 20)
    return attacked


if __name__ == "__main__":
    main()
