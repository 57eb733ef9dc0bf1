"""Make leaked copies of pictures: what is left after somebody passed them on.

python samples/leak.py OUT_DIRECTORY PICTURE...
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image


def leak(picture: Path, directory: Path) -> list[Path]:
    """Write every kind of leaked copy of one picture; return where they are."""
    directory.mkdir(parents=True, exist_ok=True)
    pixels = Image.open(picture).convert("RGB")
    pixels.info.clear()  # no manifest, no EXIF, no XMP, no ICC
    stem = f"{picture.stem}-{picture.suffix.removeprefix('.')}"
    stripped = directory / f"{stem}-stripped.png"
    pixels.save(stripped)
    recompressed = directory / f"{stem}-jpeg90.jpg"
    pixels.save(recompressed, quality=90, subsampling=0)
    return [stripped, recompressed]


if __name__ == "__main__":
    for name in sys.argv[2:]:
        for copy in leak(Path(name), Path(sys.argv[1])):
            print(copy)
