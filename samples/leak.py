"""Make leaked copies of pictures: what is left after somebody passed them on.

python samples/leak.py OUT_DIRECTORY PICTURE...

Every copy is recompressed and has lost all metadata: no manifest, no EXIF, no XMP.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

#: The stranger's picture that shares a collage with the leaked one.
NEIGHBOUR = Path(__file__).parent / "images" / "satellite.jpg"


def cropped(picture: Image.Image) -> Image.Image:
    """A quarter of the area, out of the middle."""
    left, top = picture.width // 4, picture.height // 4
    return picture.crop((left, top, left + picture.width // 2, top + picture.height // 2))


def rotated(picture: Image.Image) -> Image.Image:
    """Turned by 7 degrees; the corners are lost or black."""
    return picture.rotate(7, Image.Resampling.BICUBIC)


def shrunk(picture: Image.Image) -> Image.Image:
    """Resized to 60 %."""
    size = (round(picture.width * 0.6), round(picture.height * 0.6))
    return picture.resize(size, Image.Resampling.LANCZOS)


def screenshot(picture: Image.Image) -> Image.Image:
    """Shown at 90 % in a window with bars."""
    shown = picture.resize((round(picture.width * 0.9), round(picture.height * 0.9)))
    screen = Image.new("RGB", (shown.width + 180, shown.height + 190), (233, 234, 237))
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, screen.width, 60), (43, 46, 52))
    draw.text((24, 22), "messages", (240, 240, 240))
    draw.rectangle((0, screen.height - 50, screen.width, screen.height), (250, 250, 250))
    screen.paste(shown, (90, 95))
    return screen


def mirrored(picture: Image.Image) -> Image.Image:
    """Mirrored, above a bar with a caption."""
    bar = max(40, picture.height // 8)
    captioned = ImageOps.expand(ImageOps.mirror(picture), (0, 0, 0, bar), "white")
    place = (20, picture.height + bar // 3)
    ImageDraw.Draw(captioned).text(place, "you will not believe this", "black")
    return captioned


def collage(picture: Image.Image) -> Image.Image:
    """Beside another picture."""
    with Image.open(NEIGHBOUR) as file:
        other = ImageOps.fit(file.convert("RGB"), picture.size)
    sheet = Image.new("RGB", (2 * picture.width, picture.height))
    sheet.paste(other, (0, 0))
    sheet.paste(picture, (picture.width, 0))
    return sheet


#: Name of each kind of copy: what is done, and the JPEG quality it is passed on with.
LEAKS: dict[str, tuple[Callable[[Image.Image], Image.Image], int]] = {
    "cropped": (cropped, 85),
    "rotated": (rotated, 85),
    "shrunk": (shrunk, 50),
    "screenshot": (screenshot, 75),
    "mirrored": (mirrored, 80),
    "collage": (collage, 80),
}


def leak(picture: Path, directory: Path) -> list[Path]:
    """Write every kind of leaked copy of one picture; return where they are."""
    directory.mkdir(parents=True, exist_ok=True)
    with Image.open(picture) as file:
        pixels = Image.frombytes("RGB", file.size, file.convert("RGB").tobytes())
    copies = []
    for name, (change, quality) in LEAKS.items():
        copies.append(directory / f"{picture.stem}-{picture.suffix[1:]}-{name}.jpg")
        change(pixels).save(copies[-1], quality=quality)
    return copies


if __name__ == "__main__":
    for name in sys.argv[2:]:
        for copy in leak(Path(name), Path(sys.argv[1])):
            print(copy)
