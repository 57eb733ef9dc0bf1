"""CPU milliseconds and peak memory of all schemes in one process, so that they compare."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from PIL import Image

from benchmarks.environment import describe
from benchmarks.watermark import schemes, workers
from benchmarks.watermark.attacks import codec, geometry
from benchmarks.watermark.metrics import Timer, median, peak_memory
from benchmarks.watermark.report import number, table
from benchmarks.watermark.runner import PACKAGES
from benchmarks.watermark.scene import Pixels
from benchmarks.watermark.seeds import generator
from benchmarks.watermark.sets import PictureSet
from provenance.errors import CapacityError
from provenance.watermark import Scheme

SYSTEMS: Final = (1, 100)
_SOURCE: Final = PictureSet(("photos",), lambda image: image)


@dataclass(frozen=True, slots=True)
class Timed:
    """What one stage of one scheme took: median time over the runs, peak memory of one."""

    scheme: str
    stage: str
    megapixels: float
    milliseconds: float
    peak_mb: float


def run(
    names: Sequence[str],
    *,
    megapixels: Sequence[float],
    runs: int,
    seed: int,
    depth: str,
    command: str,
) -> str:
    """Measure, and tell in Markdown.

    Raises:
        ProvenanceError: a scheme cannot be used, or the larger test material is not here.
    """
    workers.prepare()
    used = [schemes.usable(name) for name in names]
    timed = [
        item
        for size in megapixels
        for scheme in used
        for item in _scheme(scheme, _picture(size), size, runs, seed, depth)
    ]
    facts = "; ".join(f"{name} {value}" for name, value in describe(PACKAGES).items())
    head = f"# Speed of the watermark schemes\n\n`{command}`: medians of {runs} runs, one "
    return f"{head}thread, CPU time. {facts}\n\n{render(timed)}\n"


def render(timed: Sequence[Timed]) -> str:
    """One line for each stage and size; ratios are to the first scheme."""
    names = list(dict.fromkeys(item.scheme for item in timed))
    places = list(dict.fromkeys((item.megapixels, item.stage) for item in timed))
    found = {(item.megapixels, item.stage, item.scheme): item for item in timed}
    body = []
    for size, stage in places:
        items = [found.get((size, stage, name)) for name in names]
        first = items[0]
        cells = []
        for item in items:
            if item is None:
                cells.append("refused")
                continue
            ratio = item.milliseconds / first.milliseconds if first else math.nan
            suffix = "" if item is first or math.isnan(ratio) else f", x{ratio:.2f}"
            cells.append(f"{number(item.milliseconds)} ms, {number(item.peak_mb, 0)} MiB{suffix}")
        body.append((f"{size:g} MP", stage, *cells))
    return table(("size", "stage", *names), body)


def _scheme(
    scheme: Scheme, picture: Pixels, size: float, runs: int, seed: int, depth: str
) -> list[Timed]:
    issuer = schemes.Issuer(seed)
    payload = issuer.payload(scheme.info.layout_for(picture), f"timing-{size:g}")
    name = scheme.info.name
    try:
        marked = scheme.embed(picture, payload, issuer.key.carrier_key)
    except CapacityError:
        return []
    pictures = {"marked": marked, "transformed": _transformed(marked, seed), "unmarked": picture}
    embed = partial(scheme.embed, picture, payload, issuer.key.carrier_key)
    timed = [_timed(name, "embed", size, runs, embed)]
    for systems in SYSTEMS:
        ring = schemes.keyring(seed, systems)
        for title, shown in pictures.items():
            stage = f"detect, {title}, {systems} system{'s' if systems > 1 else ''}"
            read = partial(schemes.detect, scheme, shown, ring, depth)
            timed.append(_timed(name, stage, size, runs, read))
    return timed


def _timed(
    scheme: str, stage: str, size: float, runs: int, function: Callable[[], object]
) -> Timed:
    function()  # fills caches and loads what is loaded once
    peak = peak_memory(function)
    times = []
    for _ in range(runs):
        with Timer() as timer:
            function()
        times.append(timer.milliseconds)
    return Timed(scheme, stage, size, median(times), math.nan if peak is None else peak)


def _picture(megapixels: float) -> Pixels:
    """The first photograph, brought to a size."""
    image = Image.fromarray(_SOURCE.load(_SOURCE.files()[0]))
    scale = math.sqrt(megapixels * 1e6 / (image.width * image.height))
    size = (round(image.width * scale), round(image.height * scale))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS))


def _transformed(rgb: Pixels, seed: int) -> Pixels:
    """Something that needs a search: cropped, turned, and through a JPEG."""
    cut = geometry.crop_random(rgb, rng=generator(seed, "timing"), area=0.5)
    return codec.reencode(geometry.rotate(cut, degrees=7, expand=True), kind="JPEG", quality=80)
