"""Stamp, attack, read, compare; and the same with pictures that are not the issued one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import permutations
from typing import Final

from benchmarks.content_match import attacks, synthetic
from benchmarks.content_match.pairs import SCHEME, upright
from benchmarks.watermark.attacks.geometry import to_size
from benchmarks.watermark.scene import Pixels, Scene
from benchmarks.watermark.schemes import Issuer
from benchmarks.watermark.seeds import generator
from benchmarks.watermark.sets import picture_set
from provenance.fingerprint import (
    GridSignature,
    combine,
    compare,
    fingerprint,
    is_whole,
    match_grid,
    signature,
)
from provenance.model.evidence import GridEvidence, MatchStatus
from provenance.watermark import Depth, Keyring

#: Small copies of a picture of another set: the same picture for our purpose, so left out.
_COPIES: Final = ("tiny",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What decides the result."""

    sets: tuple[str, ...]
    images: int  # of each set; 0: all
    others: int  # records of other pictures that each copy is compared with
    layouts: int  # synthetic pictures of each layout
    seed: int


@dataclass(frozen=True, slots=True)
class Task:
    """One picture, or all pictures of one layout; `half` 0 chose the thresholds, 1 checks."""

    set: str
    image: str
    half: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison. `truth` is what it should say; without a mark there is no comparison."""

    group: str
    name: str
    set: str
    image: str
    half: int
    same: bool
    read: bool = True
    grid: GridEvidence | None = None
    final: MatchStatus | None = None


def tasks(settings: Settings) -> list[Task]:
    """Pictures of each set, alternately of one half and of the other; then the layouts."""
    return [
        *(Task(name, image, half) for name, image, half in _images(settings)),
        *(Task("layout", name, 0) for name in synthetic.LAYOUTS if settings.layouts),
    ]


def perform(settings: Settings, task: Task) -> list[Row]:
    """Everything about one picture, or about one layout."""
    if task.set == "layout":
        return list(_layout(settings, task))
    source = picture_set(task.set)
    files = [path for path in source.files() if not path.stem.startswith(_COPIES)]
    index = next(i for i, path in enumerate(files) if path.name == task.image)
    original = source.load(files[index])
    if not SCHEME.info.fits(original):
        return []
    row = partial(Row, set=task.set, image=task.image, half=task.half)
    companion = source.load(files[(index + 1) % len(files)])
    others = _others(settings, task, {task.image, files[(index + 1) % len(files)].name})
    return [
        *_attacked(settings, original, companion, others, row),
        *_halves(original, row),
    ]


def _attacked(
    settings: Settings,
    original: Pixels,
    companion: Pixels,
    others: list[GridSignature],
    row: partial[Row],
) -> Iterator[Row]:
    issuer, ring = Issuer(settings.seed), Keyring(keys=(Issuer(settings.seed).key,))
    image = row.keywords["image"]
    payload = issuer.payload(SCHEME.info.layout_for(original), image)
    marked = SCHEME.embed(original, payload, issuer.key.carrier_key)
    height, width = marked.shape[:2]
    scene = Scene(
        original=original,
        marked=marked,
        companion=to_size(companion, width, height),
        copies=lambda _: (marked,),
    )
    issued, pdq_issued = signature(marked, upright(marked)), fingerprint(marked)
    if issued is None:
        return
    for group, names in attacks.GROUPS.items():
        same = group != attacks.TRANSPLANTED
        for name in names:
            rng = generator(settings.seed, "content", image, name)
            picture = attacks.attack(name).apply(scene, rng)
            found = SCHEME.detect(picture, ring, depth=Depth.DEEP)
            geometry = found.geometry
            if found.payload != payload or geometry is None:
                yield row(group=group, name=name, same=same, read=False)
                continue
            grid = match_grid(picture, geometry, issued)
            pdq = compare(picture, pdq_issued)
            whole = is_whole(geometry, (picture.shape[1], picture.shape[0]), (width, height))
            final = combine(pdq, grid, whole=whole)
            yield row(group=group, name=name, same=same, grid=grid, final=final)
            for other in others:
                grid = match_grid(picture, geometry, other)
                yield row(group="unrelated", name=name, same=False, grid=grid)


def _halves(original: Pixels, row: partial[Row]) -> Iterator[Row]:
    """One half of a photograph against the record of the other half."""
    height, width = (side // 2 for side in original.shape[:2])
    pairs = {
        "left-right": (original[:, :width], original[:, -width:]),
        "top-bottom": (original[:height], original[-height:]),
    }
    for name, parts in pairs.items():
        for record, query in permutations(parts):
            yield from _pair(record, query, row(group="other half", name=name, same=False))


def _layout(settings: Settings, task: Task) -> Iterator[Row]:
    draw = synthetic.LAYOUTS[task.image]
    pictures = [
        draw(generator(settings.seed, "layout", task.image, number))
        for number in range(settings.layouts)
    ]
    for (first, record), (second, query) in permutations(enumerate(pictures), 2):
        half = (first + second) % 2
        group = "same drawing" if draw is synthetic.recoloured else "same layout"
        blank = Row(group=group, name=task.image, set="layout", image="", half=half, same=False)
        yield from _pair(record, query, blank)


def _pair(record: Pixels, query: Pixels, row: Row) -> Iterator[Row]:
    issued = signature(record, upright(record))
    if issued is not None:
        grid = match_grid(query, upright(query), issued)
        fields = {name: getattr(row, name) for name in ("group", "name", "set", "image", "half")}
        yield Row(**fields, same=False, grid=grid)


def _others(settings: Settings, task: Task, without: set[str]) -> list[GridSignature]:
    """Records of pictures of all sets that are not in the scene."""
    rng = generator(settings.seed, "others", task.set, task.image)
    records = _records(settings.sets)
    names = [name for name in records if name not in without]
    count = min(settings.others, len(names))
    return [records[str(name)] for name in rng.choice(names, count, replace=False)]


@lru_cache(maxsize=1)
def _records(sets: tuple[str, ...]) -> dict[str, GridSignature]:
    records = {}
    for name, image, _ in _all_images(sets):
        source = picture_set(name)
        rgb = source.load(next(path for path in source.files() if path.name == image))
        if SCHEME.info.fits(rgb) and (record := signature(rgb, upright(rgb))):
            records[image] = record
    return records


def _images(settings: Settings) -> Iterator[tuple[str, str, int]]:
    for name, image, index in _all_images(settings.sets):
        if not settings.images or index < settings.images:
            yield name, image, index % 2


def _all_images(sets: tuple[str, ...]) -> Iterator[tuple[str, str, int]]:
    for name in sets:
        paths = [p for p in picture_set(name).files() if not p.stem.startswith(_COPIES)]
        yield from ((name, path.name, index) for index, path in enumerate(paths))
