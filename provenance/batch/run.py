"""Doing every task of a run, on the cores of this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from provenance.batch.isolate import Answer, Worker
from provenance.batch.task import Outcome, Task
from provenance.batch.worker import WorkerOrders
from provenance.errors import ProvenanceError
from provenance.isolation import on_threads
from provenance.registry import RecordStore

#: What one file may take. The largest picture that is accepted takes about a minute.
SECONDS: Final = 600.0
#: So many files in a row that are refused for a reason which is not theirs end the run.
MOST_IN_A_ROW: Final = 8


@dataclass(slots=True, kw_only=True)
class BatchRun:
    """One thread for each worker; each takes the next task when the one before is done.

    `stop` ends the run once the files that were begun are done.

    Attributes:
        orders: what every worker is told.
        store: the registry, for reading.
        lock: descriptor of the run's lock.
        workers: how many processes.
        report: told of every outcome, by one thread at a time.
        seconds: what one file may take.
    """

    orders: WorkerOrders
    store: RecordStore
    lock: int
    workers: int
    report: Callable[[Outcome], None]
    seconds: float = SECONDS
    _stopping: bool = False  # no Event: a signal handler that sets one may wait for itself
    _in_a_row: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def stop(self) -> None:
        """Begin no file any more."""
        self._stopping = True

    @property
    def stopped(self) -> bool:
        """True once it was told to stop."""
        return self._stopping

    def run(self, tasks: Iterator[Task | Outcome]) -> None:
        """Do them all; an outcome among them is only reported.

        Raises:
            ProvenanceError: a worker cannot be started, or the run is not worth going on with;
                the first failure, once every thread has ended.
        """
        on_threads(self.workers, partial(self._work, tasks), self.stop)

    def _work(self, tasks: Iterator[Task | Outcome]) -> None:
        with Worker(self.orders, self.store, self.seconds, self.lock) as worker:
            while (task := self._next(tasks)) is not None:
                self._note(worker.do(task))

    def _next(self, tasks: Iterator[Task | Outcome]) -> Task | None:
        with self._turn:
            while not self._stopping and (item := next(tasks, None)) is not None:
                if isinstance(item, Task):
                    return item
                self.report(item)
        return None

    def _note(self, answer: Answer) -> None:
        with self._turn:
            self.report(answer.outcome)
            self._in_a_row = self._in_a_row + 1 if answer.ours else 0
            error = answer.outcome.error
            if error is not None and self._in_a_row >= MOST_IN_A_ROW and not self._stopping:
                raise ProvenanceError(
                    f"stopped: {MOST_IN_A_ROW} files in a row failed for a reason that is not "
                    f"theirs: {error.message}",
                    hint=error.hint,
                    code=error.code,
                )
