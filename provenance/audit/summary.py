"""What a run found, counted: rows out, and that they are as many as images in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import provenance
from provenance.audit import duplicates
from provenance.audit.calibration import ALPHA, RULE, Looks, counts
from provenance.audit.journal import events
from provenance.audit.results import Results
from provenance.audit.tally import Counted, Tally
from provenance.audit.timeline import Timeline, timeline
from provenance.errors import ErrorCode, ProvenanceError
from provenance.printable import shown

SUMMARY_VERSION: Final = 1
SUMMARY: Final = "summary.json"
#: Columns whose values are counted.
COUNTED: Final = (
    "verdict", "basis", "system_name", "mark_status", "scheme", "manifest_status", "signer",
    "trust_list", "revocation", "time_stamp", "record_status", "content_match", "markers",
    "format", "flags", "error_code", "error_message",
)  # fmt: skip
EXAMPLES: Final = 50  # rows of a kind that are shown
SHOWN: Final = (
    "key", "verdict", "system_name", "mark_id", "log10_p", "record_id", "signer", "error_code",
    "error_message", "milliseconds",
)  # fmt: skip
_OTHERS: Final = ("issued_at", "looks", "log10_chance")
_MOST_MILLISECONDS: Final = 3_600_000
_PERCENTILES: Final = (50, 90, 99)


class Distinct(StrEnum):
    """What counts once."""

    ROWS = "rows"  # every row
    EXACT = "exact"  # the same bytes
    NEAR = "near"  # pictures that look alike, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What the size of the run asks of a reading, and what does not reach it.

    `weak_traced` are rows with the verdict `TRACED` that a run of this size does not accept, and
    `weak_markers` those with a public watermark of another system that it does not. The rows stay
    as they are: the first of them are named by their keys.
    """

    looks: Looks
    weak_traced: int
    weak_traced_keys: tuple[str, ...]
    weak_markers: int

    @property
    def fields(self) -> dict[str, Any]:
        """As JSON types."""
        looks = self.looks
        return {
            "rule": RULE,
            "alpha": ALPHA,
            "pictures": looks.pictures,
            "looks": looks.looks,
            "shares": looks.shares,
            "log10_threshold": round(looks.log10_threshold, 3),
            "expected_false_readings": looks.expected_readings,
            "expected_false_readings_accepted": looks.expected_accepted,
            "expected_false_traced_as_measured": looks.expected_traced,
            "expected_false_public_watermarks": looks.expected_markers,
            "public_watermark_log10_threshold": round(looks.marker_log10_threshold, 3),
            "traced_not_accepted": self.weak_traced,
            "traced_not_accepted_keys": list(self.weak_traced_keys),
            "public_watermarks_not_accepted": self.weak_markers,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Counts over the rows that are there. `images` is what there was to do.

    Attributes:
        counted: how many rows the counts are over, see `distinct`.
        same_bytes: rows that repeat the bytes of an earlier one.
        alike: rows that repeat an earlier picture; None where that was not looked for.
        counts: of each column in `COUNTED`.
        issued: day -> rows that lead to a record issued on it.
        milliseconds: of a row: mean, percentiles, most.
        durations: at most so many milliseconds -> rows.
        examples: "TRACED", "CONFLICT", "errors" and "slowest": the first rows of each.
    """

    images: int
    rows: int
    distinct: Distinct
    counted: int
    same_bytes: int
    alike: int | None
    counts: dict[str, Counted]
    issued: dict[str, int]
    milliseconds: dict[str, float]
    durations: dict[str, int]
    timeline: Timeline
    calibration: Calibration
    examples: dict[str, list[dict[str, Any]]]
    settings: dict[str, Any]
    chunks: int

    @property
    def complete(self) -> bool:
        """True where every image has its row."""
        return self.rows == self.images

    @property
    def errors(self) -> int:
        """Rows that say why an image was not examined."""
        return self.counts["error_code"].total

    @property
    def fields(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "summary_version": SUMMARY_VERSION,
            "tool_version": provenance.__version__,
            "images": self.images,
            "rows": self.rows,
            "complete": self.complete,
            "chunks": self.chunks,
            "counted": self.distinct.value,
            "rows_counted": self.counted,
            "rows_not_examined": self.errors,
            "rows_with_the_bytes_of_an_earlier_one": self.same_bytes,
            "rows_that_look_like_an_earlier_one": self.alike,
            "counts": {name: counted.fields for name, counted in self.counts.items()},
            "issued_on": self.issued,
            "milliseconds": self.milliseconds,
            "milliseconds_at_most": self.durations,
            "throughput": {"images_per_second": self.timeline.per_second, **asdict(self.timeline)},
            "calibration": self.calibration.fields,
            "examples": self.examples,
            "settings": self.settings,
        }


def summarise(results: Results, distinct: Distinct = Distinct.ROWS) -> Summary:
    """Read the rows of a run a few times, some thousand at a time.

    Raises:
        ConfigError: a part is damaged.
        ArgumentError: too many fingerprints to look for near pictures.
    """
    rows = sum(batch.num_rows for batch in results.batches(["looks"]))
    first = duplicates.exact(results, rows)
    alike = duplicates.near(results, rows) if distinct is Distinct.NEAR else None
    wanted = {Distinct.ROWS: np.ones(rows, bool), Distinct.EXACT: first}.get(distinct, alike)
    assert wanted is not None  # noqa: S101 - one of the three
    counting = _Counting()
    for batch in _of(results, wanted, (*dict.fromkeys((*COUNTED, *SHOWN, *_OTHERS)),)):
        counting.add(batch)
    looks = Looks(
        pictures=counting.pictures,
        looks=counting.looks,
        expected=counting.expected,
        shares=int(results.settings.get("selection", {}).get("shard", "1/1").partition("/")[2]),
    )
    return Summary(
        images=results.images,
        rows=rows,
        distinct=distinct,
        counted=int(wanted.sum()),
        same_bytes=rows - int(first.sum()),
        alike=None if alike is None else rows - int(alike.sum()),
        counts={name: tally.counted for name, tally in counting.tallies.items()},
        issued=dict(sorted(counting.issued.kinds.items())),
        milliseconds=_milliseconds(counting.times),
        durations=_durations(counting.times),
        timeline=timeline(events(results.directory)),
        calibration=_calibration(results, wanted, looks),
        examples=counting.examples,
        settings=results.settings,
        chunks=int(results.run["chunks"]),
    )


def write(directory: Path, summary: Summary) -> Path:
    """Write `summary.json` into the run's directory; returns its path.

    Raises:
        ProvenanceError: `E_IO`.
    """
    text = json.dumps(summary.fields, indent=1, ensure_ascii=True, allow_nan=False)
    return write_aside(directory / SUMMARY, f"{text}\n".encode("ascii"))


def write_aside(path: Path, data: bytes) -> Path:
    """Write a file of the run, whole or not at all, over an older one.

    Raises:
        ProvenanceError: `E_IO`.
    """
    aside = path.with_name(f"{path.name}.{os.getpid()}.incomplete")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise ProvenanceError(
            f"cannot write {path}: {error.strerror or error}", code=ErrorCode.IO
        ) from error
    return path


class _Counting:
    """Everything that is counted in one pass."""

    def __init__(self) -> None:
        self.tallies = {name: Tally() for name in COUNTED}
        self.issued = Tally()
        self.times = np.zeros(1, np.int64)
        self.examples: dict[str, list[dict[str, Any]]] = {
            "TRACED": [], "CONFLICT": [], "errors": [], "slowest": [],
        }  # fmt: skip
        self.pictures = self.looks = 0
        self.expected = 0.0

    def add(self, batch: pa.RecordBatch) -> None:
        for name, tally in self.tallies.items():
            tally.add_column(batch[name])
        self.issued.add_column(pc.utf8_slice_codeunits(batch["issued_at"], 0, 10))
        self.pictures += int(pc.sum(batch["error_code"].is_null(), min_count=0).as_py())
        self.looks += pc.sum(batch["looks"], min_count=0).as_py()
        chances = batch["log10_chance"].drop_null().to_numpy(zero_copy_only=False)
        self.expected += float(np.sum(10.0**chances))
        self._time(batch)
        self._show(batch)

    def _time(self, batch: pa.RecordBatch) -> None:
        """How often each number of milliseconds occurs: a list of bounded length."""
        values = batch["milliseconds"].drop_null().to_numpy(zero_copy_only=False)
        found = np.bincount(np.clip(values, 0, _MOST_MILLISECONDS))
        length = max(len(found), len(self.times))
        self.times = np.pad(self.times, (0, length - len(self.times)))
        self.times[: len(found)] += found

    def _show(self, batch: pa.RecordBatch) -> None:
        lists = {
            "TRACED": pc.equal(batch["verdict"], "TRACED"),
            "CONFLICT": pc.equal(batch["verdict"], "CONFLICT"),
            "errors": batch["error_code"].is_valid(),
        }
        fields = batch.select(list(SHOWN))
        for name, mask in lists.items():
            room = EXAMPLES - len(self.examples[name])
            if room:
                self.examples[name] += map(_legible, fields.filter(mask)[:room].to_pylist())
        slow = pc.top_k_unstable(batch["milliseconds"], min(EXAMPLES, batch.num_rows)).sort()
        some = [*self.examples["slowest"], *map(_legible, fields.take(slow).to_pylist())]
        some.sort(key=lambda row: -(row["milliseconds"] or 0))  # stable: the first rows first
        self.examples["slowest"] = some[:EXAMPLES]


def _of(
    results: Results, wanted: npt.NDArray[np.bool_], columns: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """The wanted rows, a batch at a time."""
    begin = 0
    for batch in results.batches(columns):
        here = wanted[begin : begin + batch.num_rows]
        begin += batch.num_rows
        if here.any():
            yield batch if here.all() else batch.filter(pa.array(here))


def _legible(row: dict[str, Any]) -> dict[str, Any]:
    return {name: shown(x) if isinstance(x, str) else x for name, x in row.items()}


def _milliseconds(times: npt.NDArray[np.int64]) -> dict[str, float]:
    """Mean, percentiles and most, exact to the millisecond."""
    total = int(times.sum())
    if not total:
        return {}
    until = np.cumsum(times)
    ranks = {f"p{p}": int(np.searchsorted(until, -(-total * p // 100))) for p in _PERCENTILES}
    mean = float(np.dot(times, np.arange(len(times)))) / total
    return {"mean": round(mean, 1), **ranks, "most": int(np.flatnonzero(times)[-1])}


def _durations(times: npt.NDArray[np.int64]) -> dict[str, int]:
    """How many rows took at most 1, 2, 5, 10, ... milliseconds and more than the step before."""
    steps = [digit * 10**power for power in range(8) for digit in (1, 2, 5)]
    last = next((i for i, step in enumerate(steps) if step >= len(times) - 1), len(steps) - 1)
    edges = [0, *(step + 1 for step in steps[: last + 1])]
    found = [int(times[a:b].sum()) for a, b in pairwise(edges)]
    return {f"{step:,}": n for step, n in zip(steps, found, strict=False)} if sum(found) else {}


def _calibration(results: Results, wanted: npt.NDArray[np.bool_], looks: Looks) -> Calibration:
    """Once more through the readings, now that the size of the run is known."""
    weak, markers = 0, 0
    keys: list[str] = []
    columns = ("key", "verdict", "basis", "log10_p", "marker_log10_p")
    for batch in _of(results, wanted, columns):
        for row in batch.filter(pc.equal(batch["verdict"], "TRACED")).to_pylist():
            if not counts(row["log10_p"], row["basis"], looks.log10_threshold):
                weak += 1
                keys += [shown(row["key"])] if len(keys) < EXAMPLES else []
        above = pc.greater(batch["marker_log10_p"], looks.marker_log10_threshold)
        markers += pc.sum(above, min_count=0).as_py()
    return Calibration(
        looks=looks, weak_traced=weak, weak_traced_keys=tuple(keys), weak_markers=markers
    )
