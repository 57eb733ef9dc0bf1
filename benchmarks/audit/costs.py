"""Where the time of a row goes: CPU milliseconds of each part, for unmarked 1 MP JPEGs.

    python -m benchmarks.audit.costs [--files 15] [--rounds 3] [--seed 1]

The functions of `PARTS` are timed where they are called, in this process; parts do not overlap.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from benchmarks.audit.throughput import ACCEPTED_CLASS, Files, files
from benchmarks.environment import print_environment
from benchmarks.watermark import workers
from benchmarks.watermark.schemes import keyring
from provenance import keep_freed_memory
from provenance.audit.chunk import Item
from provenance.audit.row import examine
from provenance.verify import Verifier
from provenance.watermark import Depth

_LATTICE: Final = "provenance.watermark.schemes.lattice.scheme"
_GLANCE: Final = "provenance.watermark.sync.glance"
#: What it is -> module and name by which it is called there.
PARTS: Final = {
    "decoding (loader)": ("provenance.audit.row", "load"),
    "manifest": ("provenance.verify.verifier", "read"),
    "public watermarks: glance": ("provenance.markers.public_glance", "shows"),
    "public watermarks": ("provenance.markers.find", "search"),
    "texts in the file": ("provenance.markers.find", "embedded_texts"),
    "glance: small luma": (_GLANCE, "_small_luma"),
    "glance: filter": (_GLANCE, "whiten"),
    "glance: tiles": (_GLANCE, "fold"),
    "glance: score in place": (_GLANCE, "sync_score"),
    "glance: spectrum": (_GLANCE, "spectrum"),
    "glance: similarities": (_GLANCE, "similarities"),
    "glance: log-polar map": (_GLANCE, "polar_map"),
    "glance: unequal scales": (_GLANCE, "unequal_scales"),
    "glance: mean shift": (_GLANCE, "mean_shift"),
    "glance: alignment": (_GLANCE, "best_shifts"),
    "glance: values at lines": (_GLANCE, "values_of_sources"),
    "mark: canonical frame": ("provenance.watermark.carriers.frame", "canonical"),
    "mark in place: filter": (_LATTICE, "whiten"),
    "mark in place: lines": (_LATTICE, "lines_of"),
    "PDQ": ("provenance.audit.row", "fingerprint"),
    "verdict": ("provenance.audit.row", "decide"),
}

Spent = defaultdict[str, float]


def main() -> None:
    options = _options()
    workers.prepare()
    keep_freed_memory()  # as the workers of an audit do
    print_environment()
    made = files(ACCEPTED_CLASS, options.files, options.seed)
    print(f"{'seed':<14} {options.seed}\n{'files':<14} {len(made)} of {ACCEPTED_CLASS}\n")
    costs = {depth: measured(made, depth, options) for depth in (Depth.FAST, Depth.STANDARD)}
    print("| part | fast | standard |\n|---|---|---|")
    for part in sorted(costs[Depth.STANDARD], key=costs[Depth.STANDARD].__getitem__, reverse=True):
        cells = [f"{costs[depth].get(part, 0.0):.2f}" for depth in costs]
        print(f"| {part} | {' | '.join(cells)} |")


def measured(made: Files, depth: Depth, options: argparse.Namespace) -> dict[str, float]:
    """CPU milliseconds of an image by part, "other" and "all together" among them."""
    verifier = Verifier(keyring=keyring(options.seed), depth=depth)
    with _timed() as spent:
        for number in range(options.rounds + 1):
            if number == 1:  # the first round fills caches
                spent.clear()
            begin = time.thread_time()
            for name, data in made:
                examine(Item(name=name, data=data), name, verifier, "benchmark")
            spent["all together"] += time.thread_time() - begin
        whole = spent["all together"]
        spent["other"] = 2 * whole - sum(spent.values())
    return {part: 1000 * value / options.rounds / len(made) for part, value in spent.items()}


@contextmanager
def _timed() -> Iterator[Spent]:
    spent: Spent = defaultdict(float)
    kept = []
    for part, (place, name) in PARTS.items():
        module = importlib.import_module(place)
        function = getattr(module, name)
        kept.append((module, name, function))
        setattr(module, name, _around(function, part, spent))
    try:
        yield spent
    finally:
        for module, name, function in kept:
            setattr(module, name, function)


def _around(function: Callable[..., Any], part: str, spent: Spent) -> Callable[..., Any]:
    @wraps(function)
    def timed(*arguments: object, **named: object) -> object:
        begin = time.thread_time()
        try:
            return function(*arguments, **named)
        finally:
            spent[part] += time.thread_time() - begin

    return timed


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Where the time of a row goes.")
    parser.add_argument("--files", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
