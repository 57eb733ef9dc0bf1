"""Tables of a run: misses for each attack, and what unrelated pictures give."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import stats

from benchmarks.content_match import timing
from benchmarks.content_match.attacks import GROUPS, TRANSPLANTED
from benchmarks.content_match.measure import Row
from benchmarks.environment import describe
from benchmarks.watermark.report import table
from benchmarks.watermark.runner import PACKAGES
from provenance.model.evidence import MATCHING, MatchStatus

_HALVES = {"both": (0, 1), "chosen on": (0,), "checked on": (1,)}
_CHANCES = (2, 3, 4, 6)
_NOTE = (
    "Pictures of each set alternate between the half that thresholds were chosen on and the half "
    "that they are checked on. `hard` are flat, periodic or nearly empty pictures; `natural` all "
    "other sets. Intervals are 95 %, Clopper and Pearson 1934."
)


def render(rows: Sequence[Row], *, command: str, seed: int) -> str:
    """The whole report as Markdown."""
    facts = "; ".join(f"{name} {value}" for name, value in describe(PACKAGES).items())
    return "\n\n".join(
        (
            "# Content match: misses and false matches",
            f"`{command}`: seed {seed}. {facts}",
            _NOTE,
            "## The issued picture\n\n" + _misses(rows),
            "## Another picture\n\n" + _false_matches(rows),
            "## How good a model p is\n\n" + _model(rows),
            "## Time\n\n" + timing.render(seed),
            "",
        )
    )


def _misses(rows: Sequence[Row]) -> str:
    body = []
    for kind in ("natural", "hard"):
        mine = [row for row in rows if (row.set == "hard") is (kind == "hard")]
        for group in (name for name in GROUPS if name != TRANSPLANTED):
            found = [row for row in mine if row.group == group]
            read = [row for row in found if row.read]
            if found:
                body.append(
                    (
                        kind, group, str(len(found)), str(len(read)),
                        *(_missed([r for r in read if r.half in h]) for h in _HALVES.values()),
                        str(sum(r.final is MatchStatus.PARTIAL for r in read)),
                        str(sum(r.final is MatchStatus.NOT_COMPARABLE for r in read)),
                        str(sum(r.final is MatchStatus.MISMATCH for r in read)),
                        _lowest(read),
                    )
                )  # fmt: skip
    head = ("pictures", "attack", "n", "mark read", *(f"missed, {name}" for name in _HALVES))
    return table((*head, "PARTIAL", "NOT_COMPARABLE", "MISMATCH", "least agreement"), body)


def _lowest(read: Sequence[Row]) -> str:
    """The least agreement of what the grid recognised."""
    seen = [row.grid.agreement for row in read if row.grid and row.grid.status in MATCHING]
    return f"{min(seen):.2f}" if seen else "-"


def _missed(read: Sequence[Row]) -> str:
    missed = sum(row.final not in MATCHING for row in read)
    return f"{missed} of {len(read)} ({interval(missed, len(read))})" if read else "-"


def interval(k: int, n: int) -> str:
    """The exact 95 % interval of a rate, in per cent."""
    low = float(stats.beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(stats.beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    return f"{100 * low:.1f}-{100 * high:.1f} %"


def _false_matches(rows: Sequence[Row]) -> str:
    body = []
    for group in ("unrelated", "other half", "same layout", "same drawing", TRANSPLANTED):
        for name in sorted({row.name for row in rows if row.group == group and row.grid}):
            if group == "unrelated" and name != "none":
                continue
            chosen = [
                row
                for row in rows
                if row.group == group and row.grid and (group == "unrelated" or row.name == name)
            ]
            title = "all attacks" if group == "unrelated" else name
            body.append((group, title, *_null_row(chosen)))
    head = ("pairs", "which", "n", "matched, both", "chosen on", "checked on", "MISMATCH")
    return table((*head, "NOT_COMPARABLE", "highest z", "its agreement"), body)


def _null_row(rows: Sequence[Row]) -> tuple[str, ...]:
    grids = [(row, row.grid) for row in rows if row.grid]
    matched = [
        sum(grid.status in MATCHING for row, grid in grids if row.half in half)
        for half in _HALVES.values()
    ]
    top = max((grid for _, grid in grids), key=lambda grid: grid.z)
    bound = interval(matched[0], len(grids))
    return (
        str(len(grids)),
        f"{matched[0]} ({bound})",
        *map(str, matched[1:]),
        str(sum(grid.status is MatchStatus.MISMATCH for _, grid in grids)),
        str(sum(grid.status is MatchStatus.NOT_COMPARABLE for _, grid in grids)),
        f"{top.z:.1f}",
        f"{top.agreement:.2f}",
    )


def _model(rows: Sequence[Row]) -> str:
    """How often unrelated pairs fall below each p; without the agreement that a match needs."""
    body = []
    for group in ("unrelated", "other half", "same layout"):
        grids = [row.grid for row in rows if row.group == group and row.grid and row.grid.offsets]
        if not grids:
            continue
        seen = [sum(grid.log10_p <= -chance for grid in grids) for chance in _CHANCES]
        cells = [
            f"{count} ({len(grids) * math.pow(10, -chance):.3g})"
            for count, chance in zip(seen, _CHANCES, strict=True)
        ]
        body.append((group, str(len(grids)), *cells))
    head = ("pairs", "n", *(f"p <= 1e-{chance}: seen (allowed)" for chance in _CHANCES))
    return table(head, body)
