"""The report of one or more runs, in Markdown. Everything in it is computed from the rows."""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.watermark import rows as files
from benchmarks.watermark.acceptance import REQUIREMENTS, Requirement
from benchmarks.watermark.attacks import ATTACKS, Family, by_name
from benchmarks.watermark.metrics import Quality, median
from benchmarks.watermark.rows import AttackRow, Row, StampRow
from provenance.errors import InputError

_CELL = "Each cell: recovered, per cent (number read; median log10 of the bound on chance)."


@dataclass(frozen=True, slots=True)
class Results:
    """Rows of several runs with the records of how they were made."""

    rows: tuple[Row, ...]
    runs: tuple[dict[str, Any], ...] = ()

    @property
    def stamps(self) -> list[StampRow]:
        """One row for each picture and scheme."""
        return [row for row in self.rows if isinstance(row, StampRow)]

    @property
    def reads(self) -> list[AttackRow]:
        """One row for each attacked picture that was read."""
        return [row for row in self.rows if isinstance(row, AttackRow) and not row.skipped]

    @property
    def schemes(self) -> list[str]:
        """In the order of their names."""
        return sorted({row.scheme for row in self.rows})

    @property
    def sets(self) -> list[str]:
        """In the order in which they were run."""
        return list(dict.fromkeys(row.set for row in self.rows))


def load(folders: Iterable[Path]) -> Results:
    """Merge runs and their shards.

    Raises:
        InputError: a folder holds no run, or rows contradict each other.
    """
    paths: list[Path] = []
    runs: list[dict[str, Any]] = []
    for folder in folders:
        records = sorted(folder.glob("run-*.json"))
        found = sorted((folder / "rows").glob("*.jsonl"))
        if not records or not found:
            raise InputError(
                f"{folder} holds no run", hint="make one: python -m benchmarks.watermark run"
            )
        runs += [json.loads(path.read_text()) for path in records]
        paths += found
    return Results(tuple(files.read(paths)), tuple(runs))


def render(results: Results, plots: dict[Family, str]) -> str:
    """The whole report. `plots` gives the file of each family's plot, where there is one."""
    sections = [
        "# Watermark benchmark\n\n" + _runs(results.runs),
        *(_acceptance(results, scheme) for scheme in results.schemes),
        "## Wrong payloads\n\n" + _wrong(results),
        "## Cost\n\n" + _quality(results) + "\n\n" + _speed(results),
        _refusals(results.stamps),
        "## Recovery\n\n" + _CELL,
        *(_family(results, family, plots.get(family)) for family in Family),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *body)]
    return "\n".join(lines)


def number(value: float, digits: int = 1) -> str:
    """A number for a table; a dash where there is none."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _runs(runs: Sequence[dict[str, Any]]) -> str:
    lines = []
    for run in runs:
        settings, environment = run["settings"], run["environment"]
        images = settings["images"] or "all"
        facts = "; ".join(f"{name} {value}" for name, value in environment.items())
        lines.append(
            f"* `{run['command']}`: seed {settings['seed']}, {images} images of each set, "
            f"{settings['draws']} draws of each random attack, depth {settings['depth']}, "
            f"code {run['code']}. {facts}"
        )
    return "\n".join(lines)


# --- acceptance -------------------------------------------------------------------


def _acceptance(results: Results, scheme: str) -> str:
    rows = [row for row in results.rows if row.scheme == scheme]
    head = ("set", "what", "required", "measured", "n", "attacks run", "met")
    lines = [_requirement(item, rows) for item in REQUIREMENTS]
    return f"## Acceptance: {scheme}\n\n" + table(head, lines)


def _requirement(item: Requirement, rows: Sequence[Row]) -> tuple[str, ...]:
    measured = item.measure(rows)
    met = "not measured" if not measured.n else "yes" if measured.value >= item.required else "NO"
    return (
        " + ".join(item.sets),
        item.title,
        f"{item.required:g}{item.unit}" if item.unit != "%" else f"{item.required:g} %",
        number(measured.value, 2),
        str(measured.n),
        measured.coverage,
        met,
    )


# --- what must not happen, and what a mark costs ----------------------------------------


def _wrong(results: Results) -> str:
    body = []
    for scheme in results.schemes:
        reads = [row for row in results.reads if row.scheme == scheme]
        wrong = Counter(row.attack for row in reads if row.wrong)
        listed = ", ".join(f"{name} ({count})" for name, count in wrong.items())
        body.append((scheme, str(wrong.total()), str(len(reads)), listed))
    return table(("scheme", "wrong payloads accepted", "pictures read", "attacks"), body)


_METRICS: tuple[tuple[str, Callable[[Quality], float | None], int], ...] = (
    ("PSNR dB", lambda q: q.psnr, 2),
    ("SSIM", lambda q: q.ssim, 4),
    ("dE00 mean", lambda q: q.delta_e_mean, 2),
    ("dE00 p99", lambda q: q.delta_e_p99, 2),
    ("SSIMULACRA2", lambda q: q.ssimulacra2, 1),
)


def _quality(results: Results) -> str:
    body = []
    for scheme, name in _groups(results):
        stamps = [row for row in results.stamps if (row.scheme, row.set) == (scheme, name)]
        measured = [row.quality for row in stamps if row.quality is not None]
        cells = []
        for title, metric, digits in _METRICS:
            values = [value for item in measured if (value := metric(item)) is not None]
            worst = max if title.startswith("dE00") else min
            cells.append(
                f"{statistics.fmean(values):.{digits}f} / {worst(values):.{digits}f}"
                if values
                else "-"
            )
        body.append((scheme, name, str(len(measured)), *cells))
    titles = [f"{title}, mean / worst" for title, _, _ in _METRICS]
    return table(("scheme", "set", "n", *titles), body)


def _speed(results: Results) -> str:
    body = []
    for scheme, name in _groups(results):
        stamps = [
            row
            for row in results.stamps
            if (row.scheme, row.set) == (scheme, name) and not row.refused
        ]
        reads = [row for row in results.reads if (row.scheme, row.set) == (scheme, name)]
        times = [row.detect_ms for row in reads]
        body.append(
            (
                scheme,
                name,
                number(median([row.embed_ms for row in stamps]), 0),
                number(median(times), 0),
                number(max(times, default=math.nan), 0),
            )
        )
    head = ("scheme", "set", "embed ms, median", "detect ms, median", "detect ms, most")
    return table(head, body)


def _refusals(stamps: Sequence[StampRow]) -> str:
    refused = [row for row in stamps if row.refused]
    if not refused:
        return ""
    lines = [f"* {row.scheme}, {row.set}/{row.image}: {row.refused}" for row in refused]
    title = f"## Refused: {len(refused)} of {len(stamps)}\n\nNot part of any percentage.\n\n"
    return title + "\n".join(lines)


# --- families ---------------------------------------------------------------------


def _family(results: Results, family: Family, plot: str | None) -> str:
    rows = [
        row
        for row in results.rows
        if isinstance(row, AttackRow) and by_name(row.attack).family is family
    ]
    if not rows:
        return ""
    groups: dict[tuple[str, str, str], list[AttackRow]] = {}
    for row in rows:
        groups.setdefault((row.attack, row.scheme, row.set), []).append(row)
    body = []
    for attack in (attack.name for attack in ATTACKS if attack.family is family):
        for scheme in results.schemes:
            cells = [_cell(groups.get((attack, scheme, name), [])) for name in results.sets]
            if any(cells):
                body.append((attack, scheme, *cells))
    text = f"### {family.value}\n\n{table(('attack', 'scheme', *results.sets), body)}"
    if family is Family.TRANSPLANT:
        text += (
            "\n\nThe mark is meant to be read here: it was really issued. That the picture is not "
            "the one it was issued for is found by the content match."
        )
    return text + (f"\n\n![{family.value}]({plot})" if plot else "")


def _cell(rows: Sequence[AttackRow]) -> str:
    if not rows:
        return ""
    read = [row for row in rows if not row.skipped]
    if not read:
        return f"skipped: {rows[0].skipped}"
    share = 100 * statistics.fmean(row.recovered for row in read)
    return f"{share:.0f} ({len(read)}; {median([row.log10_p for row in read]):.0f})"


def _groups(results: Results) -> list[tuple[str, str]]:
    present = {(row.scheme, row.set) for row in results.stamps}
    ordered = [(scheme, name) for name in results.sets for scheme in results.schemes]
    return [group for group in ordered if group in present]
