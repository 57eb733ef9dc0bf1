"""The large run: all geometric attacks, and marks that sit on another picture than their own.

A mark says where it lies, and which record it names. Where it lies is found by lines that are
the same under every key and payload, so a picture that carries its own mark is found with the
same geometry as one that carries a transplanted mark: its copies are compared with the records
of other pictures, and each record stands for a mark that was moved onto the copy. `checks` do
it the long way round for some pairs: embed the record's payload in the other picture, or add
the residual of the record's picture to it, then attack, detect and compare.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.content_match import synthetic
from benchmarks.content_match.corpus import Picture, pictures
from benchmarks.content_match.pairs import SCHEME, Kind, Marker, Pair, Record
from benchmarks.watermark.attacks import ATTACKS, Attack, Family, by_name
from benchmarks.watermark.attacks.geometry import to_size
from benchmarks.watermark.attacks.tone import rounded
from benchmarks.watermark.scene import Pixels, Scene
from benchmarks.watermark.seeds import digest, generator
from provenance.errors import CapacityError

_FAMILIES: Final = (
    Family.RESIZE, Family.ASPECT, Family.CROP, Family.ROTATION, Family.FLIP, Family.FRAME,
    Family.PLACEMENT, Family.SCREENSHOT, Family.PRINT_SCAN, Family.WARP, Family.PLATFORM,
    Family.COMBINATION,
)  # fmt: skip
#: Attacks of the mark's benchmark that change where pixels are.
GEOMETRIC: Final = tuple(attack for attack in ATTACKS if attack.family in _FAMILIES)
#: Share of the area down to which crops are promised.
LEAST_AREA: Final = 0.25
_UNTOUCHED: Final = by_name("none")
_RESIDUAL_GAIN: Final = 1.3
_CHECKS_OF_A_TASK: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What decides the result of a run."""

    sets: tuple[str, ...]
    held_out: str  # the folder, or nothing
    images: int  # of each set; 0: all
    attacks: int  # of those of the table, for each held-out picture; others suffer all
    copies: int  # of each picture that are compared with records of others
    others: int  # records of other pictures for each picture
    layouts: int  # synthetic pictures of each layout
    checks: int  # pairs that are done the long way round
    seed: int


@dataclass(frozen=True, slots=True)
class Task:
    """One picture, one layout, or some checks."""

    kind: str
    name: str

    @property
    def file(self) -> str:
        """Name of the file of what it gave."""
        return f"{self.kind}-{digest(self.name).hex()[:16]}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One pair the long way round, and the short way. `matched` and `grid` are in this order."""

    way: str  # "payload" or "residual"
    query: str
    record: str
    attack: str
    read: bool
    same_grid: bool = False
    same_final: bool = False
    matched: bool = False
    difference: float = 0.0  # of z


def corpus(settings: Settings) -> tuple[Picture, ...]:
    """The pictures of a run, of each set as many as are wanted.

    Raises:
        InputError: they are not here.
    """
    found = pictures(settings.sets, Path(settings.held_out) if settings.held_out else None)
    groups: dict[str, list[Picture]] = {}
    for picture in found:
        groups.setdefault(picture.set, []).append(picture)
    return tuple(
        picture for group in groups.values() for picture in group[: settings.images or None]
    )


def tasks(settings: Settings, records: Sequence[Record]) -> list[Task]:
    """Shared pictures, layouts and checks first, then held-out pictures in mixed order."""
    names = {record.name for record in records}
    own = [picture for picture in corpus(settings) if picture.name in names]
    held_out = sorted((p for p in own if p.held_out), key=lambda p: digest(p.name))
    starts = range(0, settings.checks, _CHECKS_OF_A_TASK)
    return [
        *(Task("picture", picture.name) for picture in own if not picture.held_out),
        *(Task("layout", name) for name in synthetic.LAYOUTS if settings.layouts),
        *(Task("check", str(start)) for start in starts),
        *(Task("picture", picture.name) for picture in held_out),
    ]


def record(settings: Settings, picture: Picture) -> Record | str:
    """The record of a picture, or why it has none."""
    rgb = picture.load()
    if not SCHEME.info.fits(rgb):
        return "too small"
    try:
        marked = _marked(settings.seed, picture)
    except CapacityError as error:
        return error.message
    made = Record.of(marked, name=picture.name, source=picture.source)
    return made or "too long for a signature"


def perform(settings: Settings, folder: Path, task: Task) -> list[Pair] | list[Check]:
    """What one task gives; `folder` holds the records of all pictures."""
    if task.kind == "layout":
        return list(_layout(settings, task.name))
    files = {picture.name: picture for picture in corpus(settings)}
    records = load_records(folder)
    if task.kind == "check":
        numbers = range(int(task.name), int(task.name) + _CHECKS_OF_A_TASK)
        return [_check(settings, files, records, n) for n in numbers if n < settings.checks]
    picture = files[task.name]
    original = picture.load()
    return [
        *_copies(settings, files, records, picture, original),
        *_halves(settings, picture, original),
    ]


# --- one picture ------------------------------------------------------------------


def _copies(
    settings: Settings,
    files: dict[str, Picture],
    records: tuple[Record, ...],
    picture: Picture,
    original: Pixels,
) -> Iterator[Pair]:
    marker = Marker(settings.seed)
    payload = marker.payload(original, picture.name)
    own = next(record for record in records if record.name == picture.name)
    companion, attacks = _next(files, picture), _attacks(settings, picture)
    beside = any(attack.family is Family.PLACEMENT for attack in attacks)
    scene = _scene(
        original, marker.embed(original, payload), companion.load() if beside else original
    )
    slices = iter(_others(settings, records, own, without=companion.source))
    for attack in attacks:
        rng = generator(settings.seed, "scale", picture.name, attack.name)
        copy = marker.find(
            attack.apply(scene, rng), payload, query=picture.name, attack=attack.name
        )
        if copy is None:
            yield Pair(kind=Kind.OWN, query=picture.name, attack=attack.name, read=False)
            continue
        yield from copy.pairs([own], Kind.OWN)
        if attack.kept_area >= LEAST_AREA:
            yield from copy.pairs(next(slices, ()), Kind.OTHER)


def _attacks(settings: Settings, picture: Picture) -> list[Attack]:
    """In random order; the first ones that keep a mark are compared with other records."""
    rng = generator(settings.seed, "attacks", picture.name)
    count = min(settings.attacks, len(GEOMETRIC)) if picture.held_out else len(GEOMETRIC)
    return [GEOMETRIC[number] for number in rng.permutation(len(GEOMETRIC))[:count]]


def _others(
    settings: Settings, records: tuple[Record, ...], own: Record, *, without: str
) -> list[list[Record]]:
    """Records of other pictures, half of them of its own set, dealt out to the copies."""
    rng = generator(settings.seed, "others", own.name)
    different = [record for record in records if record.source not in (own.source, without)]
    home = own.name.partition("/")[0]
    groups: tuple[list[Record], list[Record]] = ([], [])
    for number in rng.permutation(len(different)):
        groups[different[number].name.partition("/")[0] != home].append(different[number])
    near = groups[0][: settings.others // 2]
    chosen = near + groups[1][: settings.others - len(near)]
    return [chosen[start :: settings.copies] for start in range(settings.copies)]


def _halves(settings: Settings, picture: Picture, original: Pixels) -> Iterator[Pair]:
    """A mark of one half of a picture, on the other half: as it is, and changed.

    Of held-out pictures two of the four ways are done.
    """
    height, width = (side // 2 for side in original.shape[:2])
    pairs = {
        "left": (original[:, :width], original[:, -width:]),
        "right": (original[:, -width:], original[:, :width]),
        "top": (original[:height], original[-height:]),
        "bottom": (original[-height:], original[:height]),
    }
    for name in list(pairs)[:: 2 if picture.held_out else 1]:
        query, other = pairs[name]
        issued = _issued(settings, other, f"{picture.name}:other than {name}")
        if issued is not None:
            rng = generator(settings.seed, "half", picture.name, name)
            yield from _against(settings, query, f"{picture.name}:{name}", [issued], Kind.HALF, rng)


def _layout(settings: Settings, name: str) -> Iterator[Pair]:
    """A mark of one picture of a layout, on each other one."""
    draw = synthetic.LAYOUTS[name]
    kind = Kind.DRAWING if draw is synthetic.recoloured else Kind.LAYOUT
    made = {
        f"{name}:{number}": draw(generator(settings.seed, "layout", name, number))
        for number in range(settings.layouts)
    }
    issued = {title: _issued(settings, rgb, title) for title, rgb in made.items()}
    for title, rgb in made.items():
        rng = generator(settings.seed, "layout copies", title)
        others = [record for other, record in issued.items() if record and other != title]
        yield from _against(settings, rgb, title, others, kind, rng)


def _issued(settings: Settings, rgb: Pixels, name: str) -> Record | None:
    """The record of pixels that are in no file."""
    marker = Marker(settings.seed)
    if not SCHEME.info.fits(rgb):
        return None
    try:
        return Record.of(marker.embed(rgb, marker.payload(rgb, name)), name=name)
    except CapacityError:
        return None


def _against(
    settings: Settings,
    query: Pixels,
    name: str,
    others: Sequence[Record],
    kind: Kind,
    rng: np.random.Generator,
) -> Iterator[Pair]:
    """A marked picture, untouched and changed in one way, and the records of other ones."""
    marker = Marker(settings.seed)
    if not SCHEME.info.fits(query):
        return
    payload = marker.payload(query, name)
    try:
        scene = _scene(query, marker.embed(query, payload), query)
    except CapacityError:
        return
    for attack in (_UNTOUCHED, _promised(rng)):
        copy = marker.find(attack.apply(scene, rng), payload, query=name, attack=attack.name)
        if copy is None:
            yield Pair(kind=kind, query=name, attack=attack.name, read=False)
        else:
            yield from copy.pairs(others, kind)


# --- the long way round -----------------------------------------------------------


def _check(
    settings: Settings, files: dict[str, Picture], records: tuple[Record, ...], number: int
) -> Check:
    """The mark of one picture on another, really moved there; and as the large run does it."""
    rng = generator(settings.seed, "check", number)
    first, second = rng.choice(len(records), 2, replace=False)
    victim = records[first]
    if victim.source == records[second].source:
        second = (second + len(records) // 2) % len(records)
    moved, bearer = files[victim.name], files[records[second].name]
    marker, way = Marker(settings.seed), ("payload", "residual")[number % 2]
    attack = _promised(rng)
    base = bearer.load()
    if way == "residual":
        issued = _marked(settings.seed, moved)
        base = to_size(base, issued.shape[1], issued.shape[0])
        residual = issued.astype(np.float32) - moved.load()
        forged = rounded(base + _RESIDUAL_GAIN * residual)
        payload = marker.payload(issued, moved.name)
    else:
        payload = marker.payload(base, moved.name)
        forged = marker.embed(base, payload)
    short = marker.payload(base, bearer.name)
    found = []
    for picture, carried in ((forged, payload), (marker.embed(base, short), short)):
        scene = _scene(base, picture, base)
        changed = attack.apply(scene, generator(settings.seed, "check copy", number))
        copy = marker.find(changed, carried, query=bearer.name, attack=attack.name)
        found.append(None if copy is None else next(copy.pairs([victim], Kind.OTHER)))
    check = Check(
        way=way, query=bearer.name, record=victim.name, attack=attack.name, read=all(found)
    )
    long, brief = found
    if long is None or brief is None:
        return check
    return replace(
        check,
        same_grid=long.grid is brief.grid,
        same_final=long.final is brief.final,
        matched=long.matched or brief.matched,
        difference=round(abs(long.z - brief.z), 2),
    )


# --- parts ------------------------------------------------------------------------


def _promised(rng: np.random.Generator) -> Attack:
    """One of the attacks that keep a quarter of the picture and put no other one beside it."""
    kept = [
        attack
        for attack in GEOMETRIC
        if attack.kept_area >= LEAST_AREA and attack.family is not Family.PLACEMENT
    ]
    return kept[int(rng.integers(len(kept)))]


def _next(files: dict[str, Picture], picture: Picture) -> Picture:
    """Another picture of the same set, for attacks that need one beside it."""
    names = [name for name, other in files.items() if other.set == picture.set]
    return files[names[(names.index(picture.name) + 1) % len(names)]]


def _scene(original: Pixels, marked: Pixels, companion: Pixels) -> Scene:
    height, width = marked.shape[:2]
    return Scene(
        original=original,
        marked=marked,
        companion=to_size(companion, width, height),
        copies=lambda _: (marked,),
    )


def _marked(seed: int, picture: Picture) -> Pixels:
    marker, rgb = Marker(seed), picture.load()
    return marker.embed(rgb, marker.payload(rgb, picture.name))


@lru_cache(maxsize=1)
def load_records(folder: Path) -> tuple[Record, ...]:
    """The records of a run, in the order of the corpus."""
    rows = json.loads((folder / "records.json").read_text())
    return tuple(Record.from_json(row["record"]) for row in rows if "record" in row)
