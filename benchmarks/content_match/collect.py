"""A held-out corpus from Debian packages: which of their pictures, and in which class.

    apt-get download PACKAGE; dpkg -x PACKAGE_*.deb PACKAGES/PACKAGE

None of these pictures was used to choose a threshold or to develop the mark. They are copied,
never committed. Licences (`usr/share/doc/PACKAGE/copyright`): CC BY 4.0, CC BY-SA 3.0 and 4.0,
CC0, GPL 2 or later, LGPL 2.1, Apache 2.0, BSD, GFDL.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image

from provenance.errors import InputError

_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp")
_LEAST_SIDE: Final = 256
#: Versions of one picture are called SOURCE--VERSION; they are never compared with each other.
VERSION: Final = "--"


class Part(NamedTuple):
    """Some pictures of a package.

    `names` is a regular expression that the stem has to match entirely.
    """

    package: str
    folder: str
    group: str
    names: str = ".*"


_PLASMA_PHOTOGRAPHS: Final = (
    "Autumn|BytheWater|ColorfulCups|EveningGlow|FallenLeaf|OneStandsOut|Path|ColdRipple"
)
_OPENCV: Final = (
    "aloeL|apple|baboon|board|building|butterfly|fruits|home|leuvenA|messi5|orange|"
    "rubberwhale1|smarties|squirrel_cls|starry_night|stuff|basketball1|graf1|ela_original|"
    "aero1|licenseplate_motion|sudoku|Blender_Suzanne1|left"
)
_BACKGROUNDS: Final = "usr/share/backgrounds"
_OPENCV_FOLDER: Final = "usr/share/doc/opencv-doc/examples"
#: Without masks of fog and of lights.
_PANORAMAS: Final = r"(?!.*(_fog_|_illum_|-256|-lgt|_512)).*"
_ARATEA: Final = "usr/share/stellarium/skycultures/greek_leidenAratea/descr_pics"
_WESNOTH: Final = "usr/share/games/wesnoth/1.16/data/core/images"

PARTS: Final = (
    Part("lomiri-wallpapers-16.04", _BACKGROUNDS, "photographs"),
    Part("lomiri-wallpapers-20.04", _BACKGROUNDS, "photographs"),
    Part("mate-backgrounds", f"{_BACKGROUNDS}/mate/nature", "photographs"),
    Part("mate-backgrounds", f"{_BACKGROUNDS}/mate/abstract", "photographs", "Elephants"),
    Part("opencv-doc", f"{_OPENCV_FOLDER}/data", "photographs", _OPENCV),
    Part("opencv-doc", f"{_OPENCV_FOLDER}/text", "photographs", r"scenetext\d\d"),
    Part("opencv-doc", f"{_OPENCV_FOLDER}/alphamat/input_images", "photographs"),
    Part("stellarium-data", "usr/share/stellarium/landscapes", "photographs", _PANORAMAS),
    Part("gnome-backgrounds", f"{_BACKGROUNDS}/gnome", "drawings", ".*-l"),
    Part("mate-backgrounds", f"{_BACKGROUNDS}/mate/desktop", "drawings"),
    Part("mate-backgrounds", f"{_BACKGROUNDS}/mate/abstract", "drawings", "(?!Elephants).*"),
    Part("sway-backgrounds", f"{_BACKGROUNDS}/sway", "drawings", ".*1920x1080"),
    Part("ukui-wallpapers", _BACKGROUNDS, "drawings"),
    Part("wesnoth-1.16-data", f"{_WESNOTH}/story", "drawings"),
    Part("wesnoth-1.16-data", f"{_WESNOTH}/portraits", "portraits"),
    Part("stellarium-data", _ARATEA, "drawings", "aratea_small_.*"),
    Part("stellarium-data", "usr/share/stellarium/nebulae/default", "sky"),
    Part("kgeography-data", "usr/share/kgeography", "maps"),
)
#: Edits of one drawing under other names.
_EDITS: Final = {
    "zombie-gryphon": "gryphon",
    "gryphon-rider": "gryphon",
    "marshal-2": "general",
    "grand-knight-2": "grand-knight",
    "naga-mace_warrior2": "naga-mace_warrior1",
    "naga-mace_warrior3": "naga-mace_warrior1",
    "scuttler": "scorpion-elder",
}
#: More than so many of one class are thinned out evenly.
_MOST: Final = {"sky": 80, "maps": 60}
_WALLPAPERS: Final = "usr/share/wallpapers"


def collect(packages: Path, out: Path) -> dict[str, int]:
    """Copy the pictures to a folder for each class; how many of each there are.

    Args:
        packages: holds a folder for each unpacked package.
        out: is made; must not exist.

    Raises:
        InputError: a package is not there, or `out` is.
    """
    if out.exists():
        raise InputError(f"{out} is already there", hint="name a folder that is not")
    missing = sorted({part.package for part in PARTS if not (packages / part.package).is_dir()})
    if missing:
        raise InputError(
            f"not in {packages}: {', '.join(missing)}",
            hint="apt-get download NAME; dpkg -x NAME_*.deb FOLDER/NAME",
        )
    groups: dict[str, list[tuple[str, Path]]] = {}
    for part in PARTS:
        for path in _files(packages / part.package / part.folder):
            if re.fullmatch(part.names, path.stem) and _large(path):
                name = f"{part.package.partition('-')[0]}.{_named(path)}"
                groups.setdefault(part.group, []).append((name, path))
    for name, path in _plasma(packages / "plasma-workspace-wallpapers" / _WALLPAPERS):
        group = "photographs" if re.fullmatch(_PLASMA_PHOTOGRAPHS, name) else "drawings"
        groups.setdefault(group, []).append((f"plasma.{name}{path.suffix}", path))
    for group, files in groups.items():
        (out / group).mkdir(parents=True)
        step = max(1, -(-len(files) // _MOST.get(group, len(files))))
        groups[group] = files[::step]
        for name, path in groups[group]:
            shutil.copyfile(path, out / group / name)
    return {group: len(files) for group, files in groups.items()}


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES and path.is_file() and not path.is_symlink():
            yield path


def _large(path: Path) -> bool:
    with Image.open(path) as image:
        return min(image.size) >= _LEAST_SIDE


def _named(path: Path) -> str:
    """FOLDER.STEM, or SOURCE--VERSION for what is a version of another picture."""
    stem = re.sub(r"_(nohumans|sun)$", rf"{VERSION}\1", path.stem)
    stem = re.sub(r"^(Ubuntu-Mate|MATE-Stripes)-", rf"\1{VERSION}", stem)
    source = _EDITS.get(stem, stem)
    if source in _EDITS.values():
        return f"{source}{VERSION}{path.parent.name}-{stem}{path.suffix.lower()}"
    return f"{path.parent.name}.{stem}{path.suffix.lower()}"


def _plasma(folder: Path) -> Iterator[tuple[str, Path]]:
    """The largest size of each wallpaper, and not its dark version."""
    for wallpaper in sorted(folder.iterdir()) if folder.is_dir() else ():
        sizes = list(_files(wallpaper / "contents" / "images"))
        if sizes:
            yield wallpaper.name, max(sizes, key=lambda path: path.stat().st_size)
