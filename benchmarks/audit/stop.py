"""The early stop of `standard` depth: time saved against marks lost, for each threshold.

    python -m benchmarks.audit.stop [--images 6] [--sets ...] [--attacks ...] [--in-place]

Every attacked picture is read at `standard` depth without a stop, and at `deep` depth where that
fails. The score of the picture at a glance says at which thresholds it would have been given up.
A mark that is read in place without showing itself there at a glance has to be found by the search.
Unmarked pictures are read at each threshold in turn, in CPU time. `--in-place` looks at the other
stop instead: the score at a glance of every mark that is read at unchanged geometry.
"""

from __future__ import annotations

import argparse
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import numpy as np
from PIL import Image

from benchmarks.environment import print_environment
from benchmarks.watermark import attacks, schemes, workers
from benchmarks.watermark.attacks.geometry import to_size
from benchmarks.watermark.metrics import Timer, median
from benchmarks.watermark.scene import Pixels, Scene
from benchmarks.watermark.seeds import generator
from benchmarks.watermark.sets import picture_set
from provenance.errors import CapacityError
from provenance.imaging import load
from provenance.watermark import Depth, Keyring, Layout, Payload, Scheme
from provenance.watermark.schemes.lattice.words import FULL, SHORT, Format
from provenance.watermark.sync import glance

SCHEME: Final = "lattice-1"
SETS: Final = ("generated", "kodak", "512", "photos-0.4", "256")
#: The families in which pictures change their geometry, and those that mix everything.
FAMILIES: Final = (
    "aspect", "crop", "rotation", "flip", "frame", "placement",
    "screenshot", "print-scan", "warp", "platform", "combination",
)  # fmt: skip
#: The rest of the mark benchmark but for attacks on the mark itself and on its carrier's owner.
OTHERS: Final = (
    "none", "jpeg", "webp", "avif", "resize", "photometric", "filter", "noise",
    "quantise", "overlay", "denoise",
)  # fmt: skip
THRESHOLDS: Final = (0.0, 6.0, 6.25, 6.5, 6.75, 7.0, 7.25, 7.5, 8.0, 9.0)
UNMARKED: Final = 120
_SIDE: Final = 1024


Result = TypeVar("Result")
Read = Callable[[Scheme, Pixels, Payload, Keyring], Result | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attacked picture was read.

    `score` is that of the picture at a glance; infinite where the mark is read without a search,
    NaN where nothing was read at `standard` depth. `deep`: read at that depth.
    """

    score: float
    deep: bool

    @property
    def searched(self) -> bool:
        """Read, and by the search."""
        return math.isfinite(self.score)

    def recovered(self, threshold: float) -> bool:
        """Read at `standard` depth with a stop below this threshold."""
        return self.score >= threshold


def main() -> None:
    options = _options()
    workers.prepare()
    print_environment()
    print(f"{'seed':<14} {options.seed}\n{'pictures':<14} {options.images} of {options.sets}")
    if options.in_place:
        scores = sorted(abs(score) for score in _attacked(options, _in_place))
        least = ", ".join(f"{score:.2f}" for score in scores[:8])
        print(f"{len(scores)} marks read in place; least scores at a glance: {least}")
        return
    found = list(_attacked(options, _read))
    pictures = list(unmarked(options.unmarked, options.seed))
    times = {value: _unmarked(value, pictures, options.seed) for value in THRESHOLDS}
    print(f"{len(pictures)} unmarked pictures of 1 MP\n")
    print("\n".join(table(found, times)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The early stop of standard depth.")
    parser.add_argument("--images", type=int, default=6, help="of each set")
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--attacks", nargs="+", default=[*FAMILIES, *OTHERS])
    parser.add_argument("--unmarked", type=int, default=UNMARKED)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--in-place", action="store_true")
    return parser.parse_args()


def table(
    found: Sequence[Outcome], times: Mapping[float, tuple[Sequence[float], float]]
) -> Iterator[str]:
    """One line for each threshold."""
    whole = sum(item.recovered(0.0) for item in found)
    deep = sum(item.deep for item in found)
    searched = sum(item.searched for item in found)
    yield f"{len(found)} attacked pictures: {whole} read without a stop, {searched} of them"
    yield f"by the search; {deep} at deep depth\n"
    yield "| stop below | lost of all read | lost of those searched | unmarked: CPU ms | read on |"
    yield "|---|---|---|---|---|"
    for threshold, (milliseconds, share) in times.items():
        lost = whole - sum(item.recovered(threshold) for item in found)
        yield (
            f"| {threshold:g} | {lost} ({lost / max(whole, 1):.2%}) "
            f"| {lost / max(searched, 1):.2%} | {median(list(milliseconds)):.1f} "
            f"(mean {np.mean(milliseconds):.1f}) | {share:.1%} |"
        )
    least = sorted(item.score for item in found if item.searched)[:8]
    scores = ", ".join(f"{score:.2f}" for score in least)
    yield f"\nleast scores at a glance of marks that the search reads: {scores}"


# --- marked pictures -----------------------------------------------------------------


def _attacked(options: argparse.Namespace, read: Read[Result]) -> Iterator[Result]:
    """What `read` says of every attacked picture, unless it says nothing."""
    scheme, issuer = schemes.usable(SCHEME), schemes.Issuer(options.seed)
    ring = schemes.keyring(options.seed)
    for set_name in options.sets:
        source = picture_set(set_name)
        files = source.files()
        for index, path in enumerate(files[: options.images]):
            original = source.load(path)
            name = f"{set_name}/{path.name}"
            payload = issuer.payload(scheme.info.layout_for(original), name)
            try:
                marked = scheme.embed(original, payload, issuer.key.carrier_key)
            except CapacityError:
                continue
            other = source.load(files[(index + 1) % len(files)])
            scene = Scene(
                original=original,
                marked=marked,
                companion=to_size(other, original.shape[1], original.shape[0]),
                copies=partial(_copies, marked),
                lines=schemes.sync_lines(scheme),
            )
            for attack in attacks.select(options.attacks):
                try:
                    picture = attack.apply(
                        scene, generator(options.seed, name, attack.name, "stop")
                    )
                except attacks.AttackSkippedError:
                    continue
                outcome = read(scheme, picture, payload, ring)
                if outcome is not None:
                    yield outcome
            print(f"{name} done", flush=True)


def _copies(marked: Pixels, count: int) -> tuple[Pixels, ...]:
    return (marked,) * count


def _read(scheme: Scheme, picture: Pixels, payload: Payload, ring: Keyring) -> Outcome:
    with _stops_below(in_place=0.0, search=-math.inf):
        found = scheme.detect(picture, ring, depth=Depth.STANDARD)
    if found.payload == payload:
        look, format_ = glance.Glance(picture), _format(payload)
        shown = found.path == "in-place" and abs(look.in_place(format_.grid)) >= glance.IN_PLACE
        return Outcome(score=math.inf if shown else look.searched(format_.band), deep=True)
    deep = scheme.detect(picture, ring, depth=Depth.DEEP)
    return Outcome(score=math.nan, deep=deep.payload == payload)


def _in_place(scheme: Scheme, picture: Pixels, payload: Payload, ring: Keyring) -> float | None:
    # Deep depth reads whatever is there in place before anything is searched.
    found = scheme.detect(picture, ring, depth=Depth.DEEP)
    if found.payload != payload or found.path != "in-place":
        return None
    return glance.Glance(picture).in_place(_format(payload).grid)


def _format(payload: Payload) -> Format:
    return FULL if payload.layout is Layout.FULL else SHORT


@contextmanager
def _stops_below(*, in_place: float, search: float) -> Iterator[None]:
    kept = glance.IN_PLACE, glance.SEARCH
    _set_stops(in_place, search)
    try:
        yield
    finally:
        _set_stops(*kept)


def _set_stops(in_place: float, search: float) -> None:
    setattr(glance, "IN_PLACE", in_place)  # noqa: B010 - a constant to everybody else
    setattr(glance, "SEARCH", search)  # noqa: B010


# --- unmarked pictures ---------------------------------------------------------------


def _unmarked(threshold: float, pictures: Sequence[Pixels], seed: int) -> tuple[list[float], float]:
    """CPU milliseconds of each picture, and the share of them that are searched in full."""
    scheme, ring = schemes.usable(SCHEME), schemes.keyring(seed)
    times, on = [], 0
    with _stops_below(in_place=glance.IN_PLACE, search=threshold):
        for picture in pictures:
            with Timer() as timer:
                scheme.detect(picture, ring, depth=Depth.STANDARD)
            times.append(timer.milliseconds)
            on += glance.Glance(picture).searched(FULL.band) >= threshold
    return times, on / max(len(times), 1)


def unmarked(count: int, seed: int) -> Iterator[Pixels]:
    """Pieces of pictures without a mark, brought to about 1 MP and through a JPEG."""
    rng = generator(seed, "unmarked")
    sources = [
        (source, path)
        for name in ("generated", "kodak", "photos-0.4")
        for source in [picture_set(name)]
        for path in source.files()
    ]
    for number in range(count):
        source, path = sources[number % len(sources)]
        image = Image.fromarray(source.load(path))
        share = math.sqrt(rng.uniform(0.4, 1.0))
        width, height = round(image.width * share), round(image.height * share)
        left = int(rng.integers(0, image.width - width + 1))
        top = int(rng.integers(0, image.height - height + 1))
        scale = math.sqrt(_SIDE * _SIDE / (width * height))
        box = (left, top, left + width, top + height)
        size = (round(width * scale), round(height * scale))
        target = io.BytesIO()
        image.resize(size, Image.Resampling.LANCZOS, box=box).save(target, "JPEG", quality=90)
        yield load(target.getvalue()).rgb


if __name__ == "__main__":
    main()
