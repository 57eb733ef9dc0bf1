"""Running what a ledger has to do, on the cores of this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from provenance.audit import parts
from provenance.audit.chunk import Chunk
from provenance.audit.isolate import Confinement, Worker
from provenance.audit.ledger import Ledger
from provenance.audit.row import Row
from provenance.audit.worker import Orders
from provenance.isolation import on_threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A chunk that is done: how many rows it has, and how many of them are errors."""

    rows: int
    errors: int


@dataclass(slots=True)
class LocalRun:
    """One thread for each worker; each takes the next chunk, and keeps it before the next.

    `stop` ends the run once the chunks that were begun are kept; what is left is done by the
    next run on the same ledger. Only one process at a time works on a ledger.
    """

    ledger: Ledger
    orders: Orders
    confinement: Confinement
    workers: int
    report: Callable[[Progress], None]
    _stopping: bool = False  # no Event: a signal handler that sets one may wait for itself
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self) -> None:
        """Begin no chunk any more."""
        self._stopping = True

    @property
    def stopped(self) -> bool:
        """True once it was told to stop."""
        return self._stopping

    def run(self) -> None:
        """Do what is to be done.

        Raises:
            ProvenanceError: another process works on it (`E_BUSY`), a worker cannot be started,
                or a part cannot be written; the first failure, once every thread has ended.
        """
        with self.ledger.working():
            on_threads(self.workers, partial(self._work, self.ledger.todo()), self.stop)

    def _work(self, todo: Iterator[tuple[int, Chunk]]) -> None:
        with Worker(self.orders, self.confinement) as worker:
            while (work := self._next(todo)) is not None:
                number, chunk = work
                rows: list[Row] = list(worker.rows(chunk))
                parts.write(self.ledger.parts, number, rows)
                errors = sum(row["error_code"] is not None for row in rows)
                with self._lock:
                    self.report(Progress(rows=len(rows), errors=errors))

    def _next(self, todo: Iterator[tuple[int, Chunk]]) -> tuple[int, Chunk] | None:
        with self._lock:
            return None if self._stopping else next(todo, None)
