"""The pictures of the large run: the shared test material, and a held-out corpus."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.content_match.collect import VERSION
from benchmarks.watermark.scene import Pixels
from benchmarks.watermark.sets import image_folder
from provenance.errors import InputError

SHARED: Final = ("kodak", "photos", "generated", "hard")
#: Small copies of a picture of another set.
_COPIES: Final = ("tiny",)
_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp")
_MOST_PIXELS: Final = 1 << 20
#: Beyond this Pillow is not asked: a decompression bomb, or nothing for this benchmark.
_LARGEST: Final = 80_000_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A file of the corpus. `set` is a shared set, or `held-out FOLDER`."""

    set: str
    path: str

    @property
    def name(self) -> str:
        """Set and file: unique in the corpus."""
        return f"{self.set}/{Path(self.path).name}"

    @property
    def source(self) -> str:
        """What versions of one picture have in common: they are not different pictures."""
        return f"{self.set}/{Path(self.path).stem.partition(VERSION)[0]}"

    @property
    def held_out(self) -> bool:
        """True if nobody used it to choose anything."""
        return self.set not in SHARED

    @property
    def sha256(self) -> str:
        """Of the file."""
        return hashlib.sha256(Path(self.path).read_bytes()).hexdigest()

    def load(self) -> Pixels:
        """uint8 (H, W, 3) of at most 2^20 pixels; what is transparent lies on white."""
        with Image.open(self.path) as image:
            if image.width * image.height > _LARGEST:
                raise InputError(f"{self.path} has more than {_LARGEST} pixels", hint="remove it")
            whole = image.convert("RGBA")
        white = Image.new("RGBA", whole.size, "white")
        flat = Image.alpha_composite(white, whole).convert("RGB")
        scale = math.sqrt(_MOST_PIXELS / (flat.width * flat.height))
        if scale < 1:
            size = (round(flat.width * scale), round(flat.height * scale))
            flat = flat.resize(size, Image.Resampling.LANCZOS)
        return np.asarray(flat)


def pictures(sets: Sequence[str], held_out: Path | None) -> tuple[Picture, ...]:
    """All pictures: of shared sets, and of the folders in `held_out`.

    Raises:
        InputError: a folder is not there, or holds no pictures.
    """
    folders = [(name, image_folder(name)) for name in sets]
    if held_out is not None:
        inside = sorted(held_out.iterdir()) if held_out.is_dir() else []
        folders += [(f"held-out {path.name}", path) for path in inside if path.is_dir()]
        if not inside:
            raise InputError(
                f"{held_out} holds no folders of pictures", hint="see `collect` of this benchmark"
            )
    return tuple(
        Picture(name, str(path))
        for name, folder in folders
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in _SUFFIXES and not path.stem.startswith(_COPIES)
    )
