"""A run over many files, in worker processes, that can be gone on with at any time."""

from __future__ import annotations

import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from provenance.errors import ArgumentError

from .console import complain, out_json, shown, shown_path, talk
from .exit_codes import ExitCode, combined
from .inputs import STDIN, below, named
from .issuance import publish, warn_of_expiry, warn_of_time_stamp
from .meter import Meter
from .rows import record_row, stamp_error_row
from .stopping import stopping_on_signals

if TYPE_CHECKING:
    from provenance import Stamper
    from provenance.batch import BatchRun, Orders, Outcome, RunState
    from provenance.batch.tasks import Found


def stamp_run(
    orders: Orders,
    files: list[str],
    directory: Path,
    *,
    workers: int | None,
    resume: bool,
    jsonl: bool,
) -> NoReturn:
    """Begin a run or go on with it, and exit."""
    from provenance.batch import RunState

    if STDIN in files:
        raise ArgumentError("a run reads no standard input", hint="name files and directories")
    inputs = named(files)
    _require_apart(inputs, directory)
    stamper = orders.stamper()  # what cannot be used is said before anything is done
    warn_of_expiry(stamper)
    with RunState.working(directory, resume=resume, settings=orders.settings()) as (state, lock):
        report = _Report(orders, jsonl=jsonl)
        run = _make(orders, state, stamper, lock, workers or len(os.sched_getaffinity(0)), report)
        try:
            _do(run, inputs, state, report)
        finally:
            if report.done:  # whoever reads the output may be gone
                publish(orders.workspace)
            report.summarise()
            if run.stopped:
                _say_how_to_go_on()
        if run.stopped:
            raise typer.Exit(ExitCode.STOPPED)
        _clear(stamper, directory)
    raise typer.Exit(report.exit_code)


class _Report:
    """Tells of every outcome, and counts them."""

    def __init__(self, orders: Orders, *, jsonl: bool) -> None:
        self._encoding = orders.encoding
        self._jsonl = jsonl
        self._counts: Counter[str] = Counter()
        self.meter: Meter | None = None

    def __call__(self, outcome: Outcome) -> None:
        kind = outcome.kind.value
        self._counts[kind] += 1
        if self.meter is not None:
            self.meter.tell(1, int(outcome.error is not None), before=kind == "skipped")
        if outcome.error is not None:
            if self._jsonl:
                out_json(stamp_error_row(outcome.path, outcome.error), indent=None)
            else:
                complain(outcome.error, about=outcome.path)
        elif outcome.record is not None and outcome.target is not None:
            if self._jsonl:
                row = record_row(outcome.path, outcome.target, outcome.record, self._encoding, kind)
                out_json(row, indent=None)
            if outcome.record.file is not None and kind == "stamped":
                warn_of_time_stamp(outcome.path, outcome.record.file.time_stamp)

    @property
    def done(self) -> int:
        """Files that are stamped now."""
        return self._counts["stamped"] + self._counts["skipped"]

    @property
    def exit_code(self) -> ExitCode:
        """Of a run that is complete."""
        refused = self._counts["refused"]
        return combined([ExitCode.ERROR] * min(refused, 2) + [ExitCode.TRACED] * min(self.done, 2))

    def summarise(self) -> None:
        """In is the sum of out."""
        counts = ", ".join(f"{self._counts[name]:,} {name}" for name in _KINDS)
        talk(f"{counts}: {self._counts.total():,} in all")


_KINDS = ("stamped", "skipped", "refused")


def _make(
    orders: Orders, state: RunState, stamper: Stamper, lock: int, workers: int, report: _Report
) -> BatchRun:
    from provenance.batch import BatchRun
    from provenance.batch.worker import WorkerOrders

    return BatchRun(
        orders=WorkerOrders(orders=orders, state=state),
        store=stamper.store,
        lock=lock,
        workers=workers,
        report=report,
    )


def _do(run: BatchRun, inputs: list[Path], state: RunState, report: _Report) -> None:
    from provenance.batch import Names, tasks

    names = Names(
        run.orders.orders.encoding,
        [path for path in inputs if not path.is_dir()],
        [path for path in inputs if path.is_dir()],
    )
    total = sum(1 for _ in tasks(_found(inputs), names, state.directory))
    with Meter(total, what="files", bad="refused") as meter, stopping_on_signals(run, "files"):
        report.meter = meter
        run.run(tasks(_found(inputs), names, state.directory))


def _found(inputs: Iterable[Path]) -> Iterator[Found]:
    from provenance.batch.tasks import Found

    for path in inputs:
        for item in below(path):
            assert item.path is not None  # noqa: S101 - only standard input has none
            yield Found(
                path=item.path, relative=item.relative, walked=item.walked, problem=item.problem
            )


def _require_apart(inputs: Iterable[Path], directory: Path) -> None:
    """Outputs that are inputs would never come to an end, and be marked twice."""
    place = directory.resolve()
    for path in inputs:
        source = path.resolve()
        if path.is_dir() and (source.is_relative_to(place) or place.is_relative_to(source)):
            raise ArgumentError(
                f"--out {shown_path(directory)} and the input {shown_path(path)} overlap",
                hint="name an --out that is apart from every input",
            )


def _clear(stamper: Stamper, directory: Path) -> None:
    """Remove what killed workers left beside."""
    from provenance.stamp import Action, Sweep

    for deed in Sweep(store=stamper.store, before=datetime.now(UTC)).leftovers(directory):
        if deed.action is not Action.REMOVED:
            talk(f"warning: {shown_path(deed.path or directory)}: {shown(deed.detail)}")


def _say_how_to_go_on() -> None:
    words = ["provenance", *sys.argv[1:]]
    if "--resume" not in words:
        words.append("--resume")
    talk(f"go on with: {shown(shlex.join(words), 2000)}")
