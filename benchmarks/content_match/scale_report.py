"""Tables of the large run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from benchmarks.content_match import scale_null
from benchmarks.content_match.attacks import LEAST_AREA
from benchmarks.content_match.corpus import SHARED
from benchmarks.content_match.moved import Check
from benchmarks.content_match.pairs import SCHEME, Kind, Pair
from benchmarks.content_match.report import interval
from benchmarks.content_match.run import Results
from benchmarks.environment import describe
from benchmarks.watermark.attacks import by_name
from benchmarks.watermark.report import table
from benchmarks.watermark.runner import PACKAGES
from provenance.model.evidence import MatchStatus

_NATURAL: Final = tuple(name for name in SHARED if name != "hard")
_STATUSES: Final = (
    MatchStatus.MATCH,
    MatchStatus.PARTIAL,
    MatchStatus.NOT_COMPARABLE,
    MatchStatus.MISMATCH,
)
_NOTE: Final = (
    "Real marks of {scheme}, found with depth `deep`. `shared` are the pictures that the "
    "thresholds were chosen on, alternately; `held-out` are pictures that nobody used before: "
    "not to choose a threshold, not to develop the mark. Statuses are those of grid and PDQ "
    "together. Intervals are 95 %, Clopper and Pearson 1934, as if pairs were independent; they "
    "share pictures, so the true ones are wider."
)


def render(results: Results, *, command: str, seed: int) -> str:
    """The whole report as Markdown."""
    facts = "; ".join(f"{name} {value}" for name, value in describe(PACKAGES).items())
    part = "" if results.done == results.tasks else "**This run is not finished.** "
    own = [pair for pair in results.pairs if pair.kind is Kind.OWN]
    return "\n\n".join(
        (
            "# Content match at scale",
            f"`{command}`: seed {seed}. {facts}",
            f"{part}{results.done} of {results.tasks} tasks, {len(results.pairs)} comparisons. "
            + _NOTE.format(scheme=SCHEME.info.name),
            "## Pictures\n\n" + _pictures(results),
            "## The issued picture, attacked\n\n" + _issued(own),
            "### By family of attacks, shared pictures\n\n" + _families(own),
            "### Copies that were called another picture, or missed\n\n" + _missed(own),
            "## A mark on another picture\n\n" + scale_null.false_matches(results),
            "## The tail of unrelated pairs\n\n" + scale_null.tails(results),
            "## How good a model p is\n\n" + scale_null.model(results),
            "### The pairs of lowest p\n\n" + scale_null.nearest(results),
            "## Windows\n\n" + scale_null.windows(results),
            "## Other thresholds\n\n" + scale_null.thresholds(results),
            "## What matches have to spare\n\n" + _margins(own),
            "## The long way round\n\n" + _checks(results.checks),
            "",
        )
    )


def listed(results: Results) -> str:
    """SHA-256 and name of every picture, as `sha256sum` writes them."""
    return "".join(f"{results.sha256[p.name]}  {p.name}\n" for p in results.pictures)


def _pictures(results: Results) -> str:
    body = []
    for name in dict.fromkeys(picture.set for picture in results.pictures):
        mine = [picture.name for picture in results.pictures if picture.set == name]
        why = Counter(results.refused[item] for item in mine if item in results.refused)
        reasons = "; ".join(f"{count} {reason}" for reason, count in why.items())
        marked = len(mine) - why.total()
        body.append((name, str(len(mine)), str(marked), reasons or "-"))
    return table(("set", "pictures", "marked", "not marked"), body)


# --- the issued picture -----------------------------------------------------------


def _promised(pair: Pair) -> bool:
    return by_name(pair.attack).kept_area >= LEAST_AREA


def _set(pair: Pair) -> str:
    return pair.query.partition("/")[0]


def _issued(own: Sequence[Pair]) -> str:
    """One row for each set, down to a quarter of the area; one for what is smaller."""
    kept = [pair for pair in own if _promised(pair)]
    natural = [pair for pair in kept if _set(pair) in _NATURAL]
    held_out = [pair for pair in kept if _set(pair) not in SHARED]
    groups = {"**shared, natural**": natural}
    groups |= {name: [p for p in kept if _set(p) == name] for name in SHARED}
    groups["**held-out, all**"] = held_out
    for name in sorted({_set(pair) for pair in held_out}):
        groups[name] = [pair for pair in held_out if _set(pair) == name]
    small = [pair for pair in own if not _promised(pair)]
    groups["crops below 25 %, shared"] = [p for p in small if _set(p) in SHARED]
    groups["crops below 25 %, held-out"] = [p for p in small if _set(p) not in SHARED]
    body = [(name, *_counted(pairs)) for name, pairs in groups.items() if pairs]
    return table(("pictures", *_COUNTED), body)


def _families(own: Sequence[Pair]) -> str:
    body = []
    for title, sets in (("natural", _NATURAL), ("hard", ("hard",))):
        groups: dict[str, list[Pair]] = {}
        for pair in own:
            if _set(pair) in sets:
                small = "" if _promised(pair) else ", below 25 % of the area"
                groups.setdefault(by_name(pair.attack).family + small, []).append(pair)
        body += [(title, name, *_counted(groups[name])) for name in sorted(groups)]
    return table(("pictures", "attacks", *_COUNTED), body)


_COUNTED: Final = (
    "copies",
    "mark not read",
    "compared",
    *(status.value for status in _STATUSES),
    "MATCH or PARTIAL",
)


def _counted(pairs: Sequence[Pair]) -> tuple[str, ...]:
    read = [pair for pair in pairs if pair.read]
    seen = Counter(pair.final for pair in read)
    good = sum(pair.matched for pair in read)
    share = f"{100 * good / len(read):.2f} % ({interval(good, len(read))})" if read else "-"
    return (
        str(len(pairs)),
        str(len(pairs) - len(read)),
        str(len(read)),
        *(str(seen[status]) for status in _STATUSES),
        share,
    )


def _missed(own: Sequence[Pair]) -> str:
    """Every copy with a quarter of the area and more that was not recognised."""
    body = [
        (
            pair.query, pair.attack, _word(pair.grid), _word(pair.pdq), _word(pair.final),
            f"{pair.z:.1f}", f"{pair.agreement:.2f}", f"{pair.power:.1f}",
        )
        for pair in own
        if pair.read and _promised(pair) and not pair.matched
    ]  # fmt: skip
    head = ("picture", "attack", "grid", "PDQ", "together", "z", "agreement", "power")
    return table(head, body) if body else "None."


def _word(status: MatchStatus | None) -> str:
    return status.value if status else "-"


def _margins(own: Sequence[Pair]) -> str:
    """How far copies that were recognised by the whole record lie beyond the limits."""
    body = []
    for title, held_out in (("shared", False), ("held-out", True)):
        mine = [p for p in own if p.read and p.matched and (_set(p) not in SHARED) is held_out]
        for name, chosen in (
            ("whole record", [p for p in mine if not p.by_window and p.covered]),
            ("a window", [p for p in mine if p.by_window and p.covered]),
        ):
            if chosen:
                body.append(
                    (
                        title, name, str(len(chosen)),
                        *_quantiles([pair.agreement for pair in chosen]),
                        *_quantiles([-pair.log10_p for pair in chosen]),
                    )
                )  # fmt: skip
    shares = ("least", "0.1 %", "1 %", "median")
    head = ("pictures", "recognised by", "n", *(f"agreement, {share}" for share in shares))
    return table((*head, *(f"-log10 p, {share}" for share in shares)), body)


def _quantiles(values: Iterable[float]) -> tuple[str, ...]:
    return tuple(f"{v:.2f}" for v in np.quantile(list(values), (0, 0.001, 0.01, 0.5)))


# --- the long way round -----------------------------------------------------------


def _checks(checks: Sequence[Check]) -> str:
    body = []
    for way in sorted({check.way for check in checks}):
        mine = [check for check in checks if check.way == way]
        read = [check for check in mine if check.read]
        gaps = [check.difference for check in read] or [math.nan]
        body.append(
            (
                way, str(len(mine)), str(len(read)),
                str(sum(check.same_grid for check in read)),
                str(sum(check.same_final for check in read)),
                str(sum(check.matched for check in read)),
                f"{np.median(gaps):.2f}, {max(gaps):.2f}",
            )
        )  # fmt: skip
    head = ("moved by", "pairs", "both marks read", "same status of the grid", "same status")
    return table((*head, "matched, either way", "difference of z: median, largest"), body)
