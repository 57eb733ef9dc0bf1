"""The large run: all geometric attacks, and marks that sit on another picture than their own.

A mark says where it lies, and which record it names. Where it lies is found by lines that are
the same under every key and payload, so a picture that carries its own mark is found with the
same geometry as one that carries a transplanted mark: its copies are compared with the records
of other pictures, and each record stands for a mark that was moved onto the copy. In `moved`
some pairs are done the long way round.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from benchmarks.content_match import moved, synthetic
from benchmarks.content_match.attacks import GEOMETRIC, LEAST_AREA
from benchmarks.content_match.corpus import Picture, pictures
from benchmarks.content_match.pairs import SCHEME, Kind, Marker, Pair, Record
from benchmarks.watermark.attacks import Attack, Family
from benchmarks.watermark.scene import Pixels
from benchmarks.watermark.seeds import digest, generator
from provenance.errors import CapacityError

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
        marked = moved.marked(settings.seed, picture)
    except CapacityError as error:
        return error.message
    made = Record.of(marked, name=picture.name, source=picture.source)
    return made or "too long for a signature"


def perform(settings: Settings, folder: Path, task: Task) -> list[Pair] | list[moved.Check]:
    """What one task gives; `folder` holds the records of all pictures."""
    if task.kind == "layout":
        return list(moved.layout(settings.seed, task.name, settings.layouts))
    files = {picture.name: picture for picture in corpus(settings)}
    records = load_records(folder)
    if task.kind == "check":
        numbers = range(int(task.name), int(task.name) + _CHECKS_OF_A_TASK)
        return [
            moved.check(settings.seed, files, records, number)
            for number in numbers
            if number < settings.checks
        ]
    picture = files[task.name]
    original = picture.load()
    return [
        *_copies(settings, files, records, picture, original),
        *moved.halves(settings.seed, picture, original),
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
    scene = moved.scene(
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


def _next(files: dict[str, Picture], picture: Picture) -> Picture:
    """Another picture of the same set, for attacks that need one beside it."""
    names = [name for name, other in files.items() if other.set == picture.set]
    return files[names[(names.index(picture.name) + 1) % len(names)]]


@lru_cache(maxsize=1)
def load_records(folder: Path) -> tuple[Record, ...]:
    """The records of a run, in the order of the corpus."""
    rows = json.loads((folder / "records.json").read_text())
    return tuple(Record.from_json(row["record"]) for row in rows if "record" in row)
