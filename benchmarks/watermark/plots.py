"""Plots of a report; matplotlib is in the `bench` extra and imported only here."""

from __future__ import annotations

import importlib.util
import math
import statistics
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.watermark.attacks import ATTACKS, Family
from benchmarks.watermark.report import Results
from provenance.errors import ConfigError

_BAR = 0.22  # inches for each bar


def require_matplotlib() -> None:
    """Raise `ConfigError` where the package is not installed."""
    if importlib.util.find_spec("matplotlib") is None:
        raise ConfigError(
            "matplotlib is not installed",
            hint="pip install 'provenance[bench]', or ask for no plots with --no-plots",
        )


def families(results: Results, folder: Path, stem: str) -> dict[Family, str]:
    """One plot of the recovery for each family with results; the names of the files."""
    names = {}
    for family in Family:
        shares = _shares(results, family)
        if shares:
            names[family] = f"{stem}-{family.value}.png"
            _bars(family.value, shares, folder / names[family])
    return names


def quantiles(
    scores: dict[str, npt.NDArray[np.float64]], path: Path, *, points: int = 2000
) -> None:
    """Quantiles of scores against those of the standard normal distribution.

    Args:
        scores: one array (n,) for each content class.
        path: the PNG file to write.
        points: at most so many dots for each class; both tails are kept in full.
    """
    from matplotlib.figure import Figure as Canvas
    from scipy.stats import norm

    figure = Canvas(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    for name, values in scores.items():
        ordered = np.sort(values)
        expected = norm.ppf((np.arange(ordered.size) + 0.5) / ordered.size)
        kept = _thinned(ordered.size, points)
        axes.plot(expected[kept], ordered[kept], ".", markersize=3, label=name)
    lowest, highest = axes.get_xlim()
    axes.plot([lowest, highest], [lowest, highest], color="grey", linewidth=0.8)
    axes.set_xlabel("standard normal quantile")
    axes.set_ylabel("score of unmarked pictures")
    axes.legend()
    figure.savefig(path, dpi=120)


def _thinned(size: int, points: int) -> npt.NDArray[np.intp]:
    """Indices of all extreme values and of an even selection of the others."""
    tail = min(size, points // 4)
    even = np.linspace(0, size - 1, min(size, points)).astype(np.intp)
    return np.unique(np.concatenate([np.arange(tail), even, np.arange(size - tail, size)]))


def _shares(results: Results, family: Family) -> dict[str, dict[str, float]]:
    """Per cent recovered over all sets together: attack -> scheme -> share."""
    shares: dict[str, dict[str, float]] = {}
    reads = results.reads
    for attack in (attack.name for attack in ATTACKS if attack.family is family):
        groups: dict[str, list[bool]] = {}
        for row in reads:
            if row.attack == attack:
                groups.setdefault(row.scheme, []).append(row.recovered)
        if groups:
            shares[attack] = {
                label: 100 * statistics.fmean(values) for label, values in groups.items()
            }
    return shares


def _bars(title: str, shares: dict[str, dict[str, float]], path: Path) -> None:
    from matplotlib.figure import Figure as Canvas

    labels = sorted({label for groups in shares.values() for label in groups})
    places = np.arange(len(shares)) * (len(labels) + 1)
    height = 1.2 + _BAR * len(shares) * (len(labels) + 1)
    figure = Canvas(figsize=(7, height), layout="constrained")
    axes = figure.subplots()
    for offset, label in enumerate(labels):
        values = [groups.get(label, math.nan) for groups in shares.values()]
        bars = axes.barh(places + offset, values, label=label)
        written = ["" if math.isnan(value) else f"{value:.0f}" for value in values]
        axes.bar_label(bars, written, padding=2, fontsize=6)
    axes.set_yticks(places + (len(labels) - 1) / 2, list(shares))
    axes.invert_yaxis()
    axes.set_xlim(0, 105)
    axes.set_xlabel("exact payload recovered over all sets, per cent")
    axes.set_title(title)
    figure.legend(loc="outside lower center", fontsize="small")
    figure.savefig(path, dpi=100)
