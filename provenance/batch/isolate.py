"""A stamping worker at arm's length: an answer for every file, whatever becomes of the process."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self

from provenance.batch.task import Outcome, OutcomeKind, Task
from provenance.batch.worker import WorkerOrders
from provenance.errors import ErrorCode, ProvenanceError
from provenance.isolation import START_SECONDS, Process, WorkerLostError, started
from provenance.isolation.child import order
from provenance.model.generation import RecordState
from provenance.registry import RecordStore

_MODULE: Final = "provenance.batch.worker"
#: How often a file is tried that loses its worker; more where that came from outside.
_TRIES: Final = 2
_TRIES_IF_KILLED: Final = 5
#: A worker is replaced when it holds more memory than this, in bytes, or has done so many files:
#: what a native library leaks comes back.
MOST_RESIDENT: Final = 1_000_000_000
MOST_FILES: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a worker answered; `ours` says that a refusal is no fault of the file."""

    outcome: Outcome
    ours: bool = False


class Worker:
    """One process at a time, started when it is needed and after each loss; for one thread."""

    def __init__(self, orders: WorkerOrders, store: RecordStore, seconds: float, lock: int) -> None:
        """Nothing is started yet.

        Args:
            orders: what a worker is told first.
            store: where the records are, for reading; what a worker says of them is not believed.
            seconds: what one file may take.
            lock: descriptor of the run's lock.
        """
        self._orders = order(orders)
        self._store = store
        self._seconds = seconds
        self._lock = lock
        self._process: Process | None = None
        self._files = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def do(self, task: Task) -> Answer:
        """What became of a file.

        Raises:
            ProvenanceError: no worker can be started, or one cannot be stopped.
        """
        losses = 0
        while True:
            try:
                return self._once(task)
            except WorkerLostError as error:
                self.stop()
                losses += 1
                if losses >= (_TRIES_IF_KILLED if error.killed else _TRIES):
                    self._give_up(task)
                    lost = ProvenanceError(str(error), code=error.code)
                    return Answer(outcome=Outcome.refused(task.path, lost))
            except BaseException:
                self.stop()
                raise

    def _once(self, task: Task) -> Answer:
        process = self._ready()
        process.send(order((task, False)), START_SECONDS)
        answer = self._understood(task, process.receive(self._seconds))
        self._files += 1
        if process.resident > MOST_RESIDENT or self._files >= MOST_FILES:
            self.stop()
        return answer

    def _give_up(self, task: Task) -> None:
        """Void what is left of it; where that fails too, the next run or the sweeper does."""
        try:
            process = self._ready()
            with suppress(WorkerLostError):
                process.send(order((task, True)), START_SECONDS)
                if process.receive(self._seconds) == ["given up"]:
                    return
        except BaseException:
            self.stop()
            raise
        self.stop()

    def _ready(self) -> Process:
        if self._process is None:
            self._process, self._files = started(_MODULE, self._orders, (self._lock,)), 0
        return self._process

    def _understood(self, task: Task, message: list[Any]) -> Answer:
        match message:
            case ["stamped" | "skipped" as kind, str(record_id)]:
                record = self._store.find_by_id(record_id)
                if record is None or record.state is not RecordState.RELEASED:
                    raise WorkerLostError("the worker answered about something else")
                outcome = Outcome(
                    path=task.path, target=task.target, kind=OutcomeKind(kind), record=record
                )
                return Answer(outcome=outcome)
            case ["refused", str(code), str(text), str(hint), bool(ours)] if code in set(ErrorCode):
                error = ProvenanceError(text, hint=hint, code=ErrorCode(code))
                return Answer(outcome=Outcome.refused(task.path, error), ours=ours)
        raise WorkerLostError("the worker answered with something else")
