"""What the mark looks like: original, marked, and the difference times twenty, side by side.

    python -m benchmarks.look            # writes docs/images/lattice-*.jpg, labels.png

Upper row at 100 %, lower row at 200 %. The crop is taken where the picture is flattest, because
that is where a mark shows first. The labels are shown on a picture, white and black, in two sizes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from provenance.imaging.quality import quality
from provenance.labels import Label, labelled
from provenance.model.ids import MarkId
from provenance.watermark import catalog, issue

ROOT: Final = Path(__file__).resolve().parents[1]
PICTURES: Final = ("kitchen.png", "bottle.jpg", "camera.png")
_SIDE: Final = 240
_AMPLIFIED: Final = 20
_KEY: Final = bytes(range(32))

Pixels = npt.NDArray[np.uint8]


def main() -> None:
    """Mark the samples and write the sheets."""
    scheme = catalog.scheme("lattice-1")
    for name in PICTURES:
        rgb = np.asarray(Image.open(ROOT / "samples" / "images" / name).convert("RGB"))
        payload = issue(
            scheme.info.layout_for(rgb), system_id=1, mark_id=MarkId(1 << 20), tag_key=_KEY
        )
        marked = scheme.embed(rgb, payload, _KEY)
        cost = quality(rgb, marked)
        path = ROOT / "docs" / "images" / f"lattice-{Path(name).stem}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(sheet(rgb, marked)).save(path, quality=95, subsampling=0)
        print(f"{path.relative_to(ROOT)}: {rgb.shape[1]}x{rgb.shape[0]}, {cost}")

    labels = ROOT / "docs" / "images" / "labels.png"
    Image.fromarray(label_sheet()).quantize(64).save(labels, optimize=True)


def label_sheet() -> Pixels:
    """Every label, of a picture that was made and of one that was edited; uint8 (H, W, 3)."""
    picture = np.asarray(Image.open(ROOT / "samples" / "images" / PICTURES[0]).convert("RGB"))
    rows = []
    for edited in (False, True):
        cells = []
        for label, ground in zip(Label, (picture, picture * 0 + 255, picture * 0), strict=True):
            cells.append(labelled(ground, None, label, edited=edited)[0][:80, -280:])
            small = labelled(ground[:256, -256:], None, label, edited=edited)[0]
            cells.append(small[:80, -160:])
        rows.append(np.hstack(cells))
    return np.vstack(rows)


def sheet(rgb: Pixels, marked: Pixels) -> Pixels:
    """Two rows (100 %, 200 %) of original, marked, amplified difference."""
    top, left = _flattest(rgb)
    difference = marked.astype(np.int16) - rgb
    shown = np.clip(128 + _AMPLIFIED * difference, 0, 255).astype(np.uint8)
    part = (slice(top, top + _SIDE), slice(left, left + _SIDE))
    half = (slice(top, top + _SIDE // 2), slice(left, left + _SIDE // 2))
    full = [image[part] for image in (rgb, marked, shown)]
    double = [np.kron(image[half], np.ones((2, 2, 1), np.uint8)) for image in (rgb, marked, shown)]
    return np.vstack([np.hstack(full), np.hstack(double)])


def _flattest(rgb: Pixels) -> tuple[int, int]:
    """Upper left corner of the part with the least local contrast."""
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    contrast = np.abs(luma - cv2.GaussianBlur(luma, (0, 0), 2.0))
    total = cv2.boxFilter(contrast, -1, (_SIDE, _SIDE), anchor=(0, 0))
    inside = total[: rgb.shape[0] - _SIDE, : rgb.shape[1] - _SIDE]
    top, left = np.unravel_index(int(inside.argmin()), inside.shape)
    return int(top), int(left)


if __name__ == "__main__":
    main()
