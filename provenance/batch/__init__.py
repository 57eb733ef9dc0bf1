"""Stamping whole directories: in processes that may die, and to be gone on with at any time."""

from provenance.batch.orders import Orders
from provenance.batch.run import BatchRun
from provenance.batch.state import RunState
from provenance.batch.task import Outcome, OutcomeKind, Task
from provenance.batch.tasks import Names, tasks

__all__ = [
    "BatchRun",
    "Names",
    "Orders",
    "Outcome",
    "OutcomeKind",
    "RunState",
    "Task",
    "tasks",
]
