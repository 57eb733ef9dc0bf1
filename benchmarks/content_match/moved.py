"""Marks on another picture than their own: halves, layouts, and the long way round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from benchmarks.content_match import synthetic
from benchmarks.content_match.attacks import attack as named
from benchmarks.content_match.attacks import promised
from benchmarks.content_match.corpus import Picture
from benchmarks.content_match.pairs import SCHEME, Kind, Marker, Pair, Record
from benchmarks.watermark.attacks.geometry import to_size
from benchmarks.watermark.attacks.tone import rounded
from benchmarks.watermark.scene import Pixels, Scene
from benchmarks.watermark.seeds import generator
from provenance.errors import CapacityError

_UNTOUCHED: Final = named("none")
_RESIDUAL_GAIN: Final = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One pair the long way round, beside what the large run does for it.

    `matched` says that one of the two took it for the same picture.
    """

    way: str  # "payload" or "residual"
    query: str
    record: str
    attack: str
    read: bool
    same_grid: bool = False
    same_final: bool = False
    matched: bool = False
    difference: float = 0.0  # of z


def halves(seed: int, picture: Picture, original: Pixels) -> Iterator[Pair]:
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
        issued = _issued(seed, other, f"{picture.name}:other than {name}")
        if issued is not None:
            rng = generator(seed, "half", picture.name, name)
            yield from _against(seed, query, f"{picture.name}:{name}", [issued], Kind.HALF, rng)


def layout(seed: int, name: str, count: int) -> Iterator[Pair]:
    """A mark of one picture of a layout, on each other one."""
    draw = synthetic.LAYOUTS[name]
    kind = Kind.DRAWING if draw is synthetic.recoloured else Kind.LAYOUT
    made = {
        f"{name}:{number}": draw(generator(seed, "layout", name, number)) for number in range(count)
    }
    issued = {title: _issued(seed, rgb, title) for title, rgb in made.items()}
    for title, rgb in made.items():
        rng = generator(seed, "layout copies", title)
        others = [record for other, record in issued.items() if record and other != title]
        yield from _against(seed, rgb, title, others, kind, rng)


def _issued(seed: int, rgb: Pixels, name: str) -> Record | None:
    """The record of pixels that are in no file."""
    marker = Marker(seed)
    if not SCHEME.info.fits(rgb):
        return None
    try:
        return Record.of(marker.embed(rgb, marker.payload(rgb, name)), name=name)
    except CapacityError:
        return None


def _against(
    seed: int,
    query: Pixels,
    name: str,
    others: Sequence[Record],
    kind: Kind,
    rng: np.random.Generator,
) -> Iterator[Pair]:
    """A marked picture, untouched and changed in one way, and the records of other ones."""
    marker = Marker(seed)
    if not SCHEME.info.fits(query):
        return
    payload = marker.payload(query, name)
    try:
        around = scene(query, marker.embed(query, payload), query)
    except CapacityError:
        return
    for attack in (_UNTOUCHED, promised(rng)):
        copy = marker.find(attack.apply(around, rng), payload, query=name, attack=attack.name)
        if copy is None:
            yield Pair(kind=kind, query=name, attack=attack.name, read=False)
        else:
            yield from copy.pairs(others, kind)


def check(seed: int, files: Mapping[str, Picture], records: Sequence[Record], number: int) -> Check:
    """The mark of one picture on another, really moved there; and as the large run does it."""
    rng = generator(seed, "check", number)
    first, second = rng.choice(len(records), 2, replace=False)
    victim = records[first]
    if victim.source == records[second].source:
        second = (second + len(records) // 2) % len(records)
    moved, bearer = files[victim.name], files[records[second].name]
    marker, way = Marker(seed), ("payload", "residual")[number % 2]
    attack = promised(rng)
    base = bearer.load()
    if way == "residual":
        issued = marked(seed, moved)
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
        around = scene(base, picture, base)
        changed = attack.apply(around, generator(seed, "check copy", number))
        copy = marker.find(changed, carried, query=bearer.name, attack=attack.name)
        found.append(None if copy is None else next(copy.pairs([victim], Kind.OTHER)))
    row = Check(way=way, query=bearer.name, record=victim.name, attack=attack.name, read=all(found))
    long, brief = found
    if long is None or brief is None:
        return row
    return replace(
        row,
        same_grid=long.grid is brief.grid,
        same_final=long.final is brief.final,
        matched=long.matched or brief.matched,
        difference=round(abs(long.z - brief.z), 2),
    )


def scene(original: Pixels, marked: Pixels, companion: Pixels) -> Scene:
    """What an attack starts from."""
    height, width = marked.shape[:2]
    return Scene(
        original=original,
        marked=marked,
        companion=to_size(companion, width, height),
        copies=lambda _: (marked,),
    )


def marked(seed: int, picture: Picture) -> Pixels:
    """The picture with the mark of its record."""
    marker, rgb = Marker(seed), picture.load()
    return marker.embed(rgb, marker.payload(rgb, picture.name))
