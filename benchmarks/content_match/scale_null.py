"""Tables of the large run about pairs that are not the same picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from scipy import stats

from benchmarks.content_match.corpus import SHARED
from benchmarks.content_match.pairs import Kind, Pair, Window
from benchmarks.content_match.report import interval
from benchmarks.content_match.run import Results
from benchmarks.watermark.report import table
from provenance.fingerprint.grid import WINDOW_AGREEMENT, WINDOW_WEIGHT
from provenance.model.evidence import MATCHING, MatchStatus

_CHANCES: Final = (1, 2, 3, 4, 5, 6)
_QUANTILES: Final = (0.5, 0.9, 0.99, 0.999, 0.9999, 1.0)
_AGREEMENTS: Final = (0.3, 0.4, 0.5, 0.6, 0.7)
_NEAREST: Final = 15
_SERIES: Final = 300  # pairs of one series that get a row of their own
Groups = dict[str, list[Pair]]


def _groups(results: Results) -> Groups:
    """Pairs of other pictures: all, shared, held-out in two halves; then the hard ones."""
    half = _halves(results)
    other = [pair for pair in results.pairs if pair.kind is Kind.OTHER]
    held_out = [pair for pair in other if pair.query in half]
    groups = {
        "**other pictures, all**": other,
        "shared": [p for p in other if _set(p) in SHARED],
        "held-out, half A": [p for p in other if half.get(p.query) == 0],
        "held-out, half B": [p for p in other if half.get(p.query) == 1],
        "held-out, of two series": [p for p in held_out if not _one_series(p)],
        "held-out, of one series": [p for p in held_out if _one_series(p)],
        "other half of the picture": _of(results, Kind.HALF),
        "same layout": _of(results, Kind.LAYOUT),
    }
    return {name: pairs for name, pairs in groups.items() if pairs}


def _of(results: Results, kind: Kind) -> list[Pair]:
    return [pair for pair in results.pairs if pair.kind is kind and pair.read]


def _halves(results: Results) -> dict[str, int]:
    """Held-out pictures, alternately of one half and of the other."""
    held_out = [picture.name for picture in results.pictures if picture.held_out]
    return {name: number % 2 for number, name in enumerate(held_out)}


def _series(name: str) -> str:
    """One folder of one package: what `collect` writes before the name of a picture."""
    return ".".join(name.split(".")[:2])


def _one_series(pair: Pair) -> bool:
    return _series(pair.query) == _series(pair.record)


def _set(pair: Pair) -> str:
    return pair.query.partition("/")[0]


def _sub(pairs: Sequence[Pair], name: Callable[[Pair], str]) -> Groups:
    groups: Groups = {}
    for pair in pairs:
        groups.setdefault(name(pair), []).append(pair)
    return dict(sorted(groups.items()))


def false_matches(results: Results) -> str:
    """How many pairs were taken for the same picture; which ones."""
    groups = _groups(results)
    other = groups.get("**other pictures, all**", [])
    rows = {
        **groups,
        **{f"marked picture: {n}": p for n, p in _sub(other, _set).items()},
        **{
            f"same layout: {n}": p
            for n, p in _sub(_of(results, Kind.LAYOUT), lambda p: p.query.partition(":")[0]).items()
        },
        "same drawing in other colours": _of(results, Kind.DRAWING),
    }
    body = []
    for name, pairs in rows.items():
        if not pairs:
            continue
        matched = sum(pair.matched for pair in pairs)
        top = max(pairs, key=lambda pair: pair.z)
        body.append(
            (
                name, str(len(pairs)), str(len({(p.query, p.record) for p in pairs})),
                f"{matched} (rate {_rate(matched, len(pairs))})",
                str(sum(pair.grid in MATCHING for pair in pairs)),
                *(str(sum(pair.final is status for pair in pairs)) for status in _OPEN),
                f"{top.z:.1f}", f"{top.agreement:.2f}",
            )
        )  # fmt: skip
    head = ("pairs", "n", "different pairs", "matched", "matched by the grid")
    text = table((*head, *(s.value for s in _OPEN), "highest z", "its agreement"), body)
    unread = sum(not pair.read for pair in results.pairs if pair.kind is not Kind.OWN)
    text += f"\n\nCopies of halves and layouts whose mark was not read: {unread}."
    return text + "\n\n" + _named(results)


_OPEN: Final = (MatchStatus.MISMATCH, MatchStatus.NOT_COMPARABLE)


def _named(results: Results) -> str:
    """All pairs that matched and should not, or may not have to."""
    wrong = [p for p in results.pairs if p.matched and p.kind not in (Kind.OWN, Kind.DRAWING)]
    if not wrong:
        return "No pair matched but those of the same drawing."
    body = [
        (
            pair.kind.value, pair.query, pair.attack, pair.record, str(pair.final),
            f"{pair.z:.1f}", f"{pair.agreement:.2f}", "yes" if pair.by_window else "no",
            str(pair.distance),
        )
        for pair in sorted(wrong, key=lambda p: (p.kind, sorted((p.query, p.record))))
    ]  # fmt: skip
    head = ("pair", "marked picture", "attack", "record", "status", "z", "agreement", "window")
    return "Pairs that matched:\n\n" + table((*head, "PDQ distance"), body)


def tails(results: Results) -> str:
    """Quantiles of z and of the agreement."""
    body = []
    for name, pairs in _groups(results).items():
        for value in ("z", "agreement"):
            numbers = np.array([getattr(pair, value) for pair in pairs])
            reached = [
                f"{q:.2f}" if (1 - share) * len(numbers) >= 1 or share == 1 else "-"
                for share, q in zip(_QUANTILES, np.quantile(numbers, _QUANTILES), strict=True)
            ]
            body.append((name, value, str(len(numbers)), *reached))
    shares = ("median", *(f"{100 * share:g} %" for share in _QUANTILES[1:-1]), "highest")
    return table(("pairs", "of", "n", *shares), body)


def model(results: Results) -> str:
    """How often pairs fall below each p, whatever their agreement; the model allows p n."""
    groups = _groups(results)
    series = _sub(groups.get("held-out, of one series", []), lambda p: _series(p.query))
    groups |= {f"of {n}": p for n, p in series.items() if len(p) >= _SERIES}
    body = []
    for name, pairs in groups.items():
        scored = [pair for pair in pairs if pair.offsets]
        cells = []
        for chance in _CHANCES:
            count = sum(pair.log10_p <= -chance for pair in scored)
            allowed = len(scored) * math.pow(10, -chance)
            cells.append(f"{count} of {allowed:.3g}; {_rate(count, len(scored))}")
        body.append((name, str(len(scored)), *cells))
    head = ("pairs", "n", *(f"p <= 1e-{chance}: seen of allowed; rate" for chance in _CHANCES))
    return table(head, body)


def nearest(results: Results) -> str:
    """The pairs of other pictures that the model finds least likely to be unrelated."""
    other = [pair for pair in results.pairs if pair.kind is Kind.OTHER]
    body = [
        (
            pair.query, pair.attack, pair.record, str(pair.final), f"{pair.z:.1f}",
            f"{pair.log10_p:.1f}", f"{pair.agreement:.2f}", str(pair.distance),
        )
        for pair in sorted(other, key=lambda pair: pair.log10_p)[:_NEAREST]
    ]  # fmt: skip
    head = ("marked picture", "attack", "record", "status", "z", "log10 p", "agreement")
    return table((*head, "PDQ distance"), body)


def windows(results: Results) -> str:
    """The best windows of every tenth pair, against what a match by a window needs."""
    body = []
    for name, pairs in _groups(results).items():
        found = [pair.window for pair in pairs if pair.window is not None]
        if not found:
            continue
        heavy = [window for window in found if window.weight >= WINDOW_WEIGHT]
        counts = [sum(_log10_p(w) <= -chance for w in found) for chance in (2, 4, 6)]
        agreeing = sum(_log10_p(w) <= -6 and w.agreement >= WINDOW_AGREEMENT for w in found)
        body.append(
            (
                name, str(len(found)), *map(str, counts), str(agreeing), str(len(heavy)),
                f"{max((w.agreement for w in heavy), default=math.nan):.2f}",
                f"{max(w.z for w in found):.1f}",
            )
        )  # fmt: skip
    head = ("pairs", "n", *(f"p <= 1e-{c}" for c in (2, 4, 6)))
    return table(
        (
            *head, f"p <= 1e-6 and agreement {WINDOW_AGREEMENT}",
            f"weight {WINDOW_WEIGHT:g} and more", "highest agreement of those", "highest z",
        ),
        body,
    )  # fmt: skip


def thresholds(results: Results) -> str:
    """Pairs whose whole record would match under other limits; windows are left out."""
    body = []
    for name, pairs in _groups(results).items():
        for chance in (2, 4, 6):
            low = [pair for pair in pairs if pair.log10_p <= -chance and not pair.by_window]
            counts = [sum(pair.agreement >= least for pair in low) for least in _AGREEMENTS]
            body.append((name, f"1e-{chance}", str(len(low)), *map(str, counts)))
    head = ("pairs", "p at most", "any agreement", *(f"{least:g}" for least in _AGREEMENTS))
    return table(head, body)


def _log10_p(window: Window) -> float:
    return (math.log(window.offsets) - max(window.z, 0.0) ** 2 / 2) / math.log(10)


def _rate(k: int, n: int) -> str:
    """The exact 95 % interval of a rate; where nothing was seen its upper end (one-sided)."""
    if k == 0:
        return f"below {float(stats.beta.ppf(0.95, 1, n)):.1e}"
    return interval(k, n) if k * 1000 >= n else _small(k, n)


def _small(k: int, n: int) -> str:
    low, high = stats.beta.ppf(0.025, k, n - k + 1), stats.beta.ppf(0.975, k + 1, n - k)
    return f"{float(low):.1e} to {float(high):.1e}"
