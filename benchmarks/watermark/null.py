"""How often something is found where nothing is: the error rate that no attack shows.

Two measurements, both on random crops and mirrors of unmarked pictures of several kinds:

* Full detections, of unmarked pictures and of pictures marked by another system, with a
  keyring that must not match. Every acceptance is an error. With n and no acceptance the
  rate is below 3 / n with 95 % confidence, no more; that is why there is the second one.
* Keyed trials: the score of one codeword under one key. Given the picture, keys are
  independent, so a million trials are cheap. They have to follow the standard normal
  distribution, which the bound in `Detection.log10_p` rests on. A scheme offers them by a
  function `null_scores`, in itself or in its module; see `NullScores`.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from scipy import stats

from benchmarks.environment import describe
from benchmarks.watermark import plots, schemes, workers
from benchmarks.watermark.report import table
from benchmarks.watermark.runner import PACKAGES
from benchmarks.watermark.scene import Pixels
from benchmarks.watermark.seeds import digest, generator
from benchmarks.watermark.sets import picture_set
from provenance.errors import CapacityError
from provenance.model.evidence import WatermarkStatus

_KEYS_AT_ONCE: Final = 500
_NOT_LOOKED: Final = (WatermarkStatus.NOT_APPLICABLE, WatermarkStatus.NOT_CHECKED)
_TAILS: Final = (2.0, 3.0, 4.0, 5.0)
Scores = npt.NDArray[np.float64]


class NullScores(Protocol):
    """The hook `null_scores` of a scheme."""

    def __call__(self, rgb: Pixels, keys: Sequence[bytes]) -> Scores:
        """Scores of one codeword under each key, standard normal where there is no mark.

        Args:
            rgb: uint8 (H, W, 3).
            keys: n carrier keys of 32 bytes.

        Returns:
            float64 (n,).
        """
        ...


class Kind(StrEnum):
    """Why nothing may be found."""

    UNMARKED = "unmarked"
    OTHER_SYSTEM = "marked by another system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What decides the result. `trials` and `full` are totals for each scheme."""

    schemes: tuple[str, ...]
    sets: tuple[str, ...]
    trials: int
    full: int
    seed: int
    depth: str


@dataclass(frozen=True, slots=True)
class Task:
    """One picture with one scheme, and how much to do with it."""

    scheme: str
    set: str
    image: str
    trials: int
    full: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Full detections of one kind. `best` is the lowest log10_p that was seen.

    `n` counts what was really looked at; parts that are too small for the scheme are not in it.
    """

    scheme: str
    set: str
    kind: Kind
    n: int
    accepted: int
    best: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one task gave."""

    counts: tuple[Counted, ...]
    scores: Scores


def run(settings: Settings, out: Path, *, jobs: int, command: str) -> int:
    """Measure, write `null.md`, `null.json` and the plots to a folder; the exit code.

    Raises:
        ProvenanceError: a scheme cannot be used, or the larger test material is not here.
    """
    offered = {name: _offers_scores(name) for name in settings.schemes}
    if any(offered.values()) and settings.trials:
        plots.require_matplotlib()
    for name in (name for name, offers in offered.items() if settings.trials and not offers):
        print(
            f"{name} offers no keyed trials (no null_scores): full detections only", file=sys.stderr
        )
    outcomes: dict[Task, Outcome] = {}
    failed = 0
    todo = tasks(settings, offered)
    for task, result in workers.each(partial(perform, settings), todo, jobs):
        if isinstance(result, Exception):
            failed += 1
            print(
                f"FAILED {task.scheme} {task.set}/{task.image}: {type(result).__name__}: {result}",
                file=sys.stderr,
            )
        else:
            outcomes[task] = result
    out.mkdir(parents=True, exist_ok=True)
    counts = merge([count for outcome in outcomes.values() for count in outcome.counts])
    text = [
        f"# Error rates without a mark\n\n`{command}`: seed {settings.seed}. {_facts()}",
        "## Full detections\n\n" + render_counts(counts),
    ]
    for name in settings.schemes:
        scores = _by_class(outcomes, name)
        if scores:
            plot = f"null-{name}.png"
            plots.quantiles(scores, out / plot)
            text.append(f"## Keyed trials: {name}\n\n{render_scores(scores)}\n\n![QQ]({plot})")
        elif settings.trials:
            text.append(f"## Keyed trials: {name}\n\nThe scheme offers none.")
    document = "\n\n".join(text) + "\n"
    (out / "null.md").write_text(document)
    (out / "null.json").write_text(json.dumps([asdict(item) for item in counts], indent=1) + "\n")
    print(document, end="")
    return 1 if failed else 0


def tasks(settings: Settings, offered: dict[str, bool]) -> tuple[Task, ...]:
    """Tasks that together try at least what was asked, evenly over all pictures."""
    images = [(name, path.name) for name in settings.sets for path in picture_set(name).files()]
    full = -(-settings.full // len(images))
    trials = -(-settings.trials // len(images))
    return tuple(
        Task(scheme, *image, trials if offered[scheme] else 0, full)
        for scheme in settings.schemes
        for image in images
    )


def perform(settings: Settings, task: Task) -> Outcome:
    """All trials of one picture."""
    source = picture_set(task.set)
    path = next(path for path in source.files() if path.name == task.image)
    picture = source.load(path)
    counts = (
        _full(settings, task, picture, Kind.UNMARKED, -(-task.full // 2)),
        _full(settings, task, picture, Kind.OTHER_SYSTEM, task.full // 2),
    )
    return Outcome(counts, _keyed(settings, task, picture))


def random_part(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    """A random crop of 0.45 to 0.95 of each side, mirrored at random."""
    height, width = rgb.shape[:2]
    h, w = round(height * rng.uniform(0.45, 0.95)), round(width * rng.uniform(0.45, 0.95))
    top, left = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    part = rgb[top : top + h, left : left + w]
    part = part[:, ::-1] if rng.random() < 0.5 else part
    return np.ascontiguousarray(part[::-1] if rng.random() < 0.5 else part)


def _full(settings: Settings, task: Task, picture: Pixels, kind: Kind, n: int) -> Counted:
    scheme = schemes.usable(task.scheme)
    name = f"{task.set}/{task.image}"
    if kind is Kind.OTHER_SYSTEM:
        other = schemes.Issuer(settings.seed, "another")
        try:
            payload = other.payload(scheme.info.layout_for(picture), name)
            picture = scheme.embed(picture, payload, other.key.carrier_key)
        except CapacityError:
            n = 0
    looked, accepted, best = 0, 0, 0.0
    for trial in range(n):
        part = random_part(picture, generator(settings.seed, "null", name, kind.value, trial))
        ring = schemes.keyring(settings.seed, name=f"wrong-{name}-{trial}")
        found = schemes.detect(scheme, part, ring, settings.depth)
        looked += found.status not in _NOT_LOOKED
        accepted += found.status.is_read
        best = min(best, found.log10_p)
    return Counted(task.scheme, task.set, kind, looked, accepted, best)


def _keyed(settings: Settings, task: Task, picture: Pixels) -> Scores:
    function: NullScores | None = schemes.hook(schemes.usable(task.scheme), "null_scores")
    if function is None or not task.trials:
        return np.empty(0)
    name = f"{task.set}/{task.image}"
    parts = []
    for start in range(0, task.trials, _KEYS_AT_ONCE):
        count = min(_KEYS_AT_ONCE, task.trials - start)
        keys = [digest(settings.seed, "null", name, start + number) for number in range(count)]
        part = random_part(picture, generator(settings.seed, "keyed", name, start))
        parts.append(np.asarray(function(part, keys), dtype=np.float64))
    return np.concatenate(parts)


# --- what it says -----------------------------------------------------------------


def merge(counts: Sequence[Counted]) -> list[Counted]:
    """One count for each scheme, set and kind."""
    groups: dict[tuple[str, str, Kind], list[Counted]] = {}
    for item in counts:
        groups.setdefault((item.scheme, item.set, item.kind), []).append(item)
    return [
        Counted(
            *group,
            n=sum(item.n for item in items),
            accepted=sum(item.accepted for item in items),
            best=min(item.best for item in items),
        )
        for group, items in sorted(groups.items())
    ]


def render_counts(counts: Sequence[Counted]) -> str:
    """Acceptances for each kind of content, with the bound that the total allows."""
    body = [
        (c.scheme, c.set, c.kind.value, str(c.n), str(c.accepted), f"{c.best:.1f}") for c in counts
    ]
    lines = [table(("scheme", "set", "kind", "n", "accepted", "lowest log10 p"), body), ""]
    for scheme in dict.fromkeys(c.scheme for c in counts):
        n = sum(c.n for c in counts if c.scheme == scheme)
        accepted = sum(c.accepted for c in counts if c.scheme == scheme)
        # Clopper and Pearson, 1934: the upper end of the exact interval.
        bound = float(stats.beta.ppf(0.95, accepted + 1, n - accepted)) if n > accepted else 1.0
        lines.append(
            f"* {scheme}: {accepted} of {n} accepted; the rate is below {bound:.2g} "
            "with 95 % confidence."
        )
    return "\n".join(lines)


def render_scores(scores: dict[str, Scores]) -> str:
    """Moments and tails of each kind of content, beside what the theory says."""
    everything = {**scores, "all": np.concatenate(list(scores.values()))}
    expected = ["-", "0", "1", *(f"{stats.norm.sf(t):.2g}" for t in _TAILS), "-", "-"]
    hoeffding = ["-", "-", "-", *(f"{math.exp(-(t**2) / 2):.2g}" for t in _TAILS), "-", "-"]
    body = [
        (
            name,
            f"{values.size:,}",
            f"{values.mean():.4f}",
            f"{values.std():.4f}",
            *(f"{np.mean(values > t):.2g}" for t in _TAILS),
            f"{values.max():.2f}",
            f"{stats.kstest(values, 'norm').pvalue:.2g}",
        )
        for name, values in everything.items()
    ]
    head = ("content", "n", "mean", "sd", *(f"P(z > {t:g})" for t in _TAILS), "largest", "KS p")
    return table(head, [*body, ("normal", *expected), ("Hoeffding's bound", *hoeffding)])


def _by_class(outcomes: dict[Task, Outcome], scheme: str) -> dict[str, Scores]:
    groups: dict[str, list[Scores]] = {}
    for task, outcome in outcomes.items():
        if task.scheme == scheme and outcome.scores.size:
            groups.setdefault(task.set, []).append(outcome.scores)
    return {name: np.concatenate(items) for name, items in sorted(groups.items())}


def _offers_scores(name: str) -> bool:
    return schemes.hook(schemes.usable(name), "null_scores") is not None


def _facts() -> str:
    return "; ".join(f"{name} {value}" for name, value in describe(PACKAGES).items())
