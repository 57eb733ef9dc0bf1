"""Ending a run on a signal: first when what was begun is done, then at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from .console import talk


class Stoppable(Protocol):
    """A run that can be told to begin nothing any more."""

    @property
    def stopped(self) -> bool:
        """True once it was told."""
        ...

    def stop(self) -> None:
        """Begin nothing any more."""
        ...


@contextmanager
def stopping_on_signals(run: Stoppable, what: str) -> Iterator[None]:
    """The first SIGINT or SIGTERM ends the run when what was begun is done; the second at once."""

    def stop(*_: object) -> None:
        if run.stopped:
            run.stop()
            raise KeyboardInterrupt
        talk(f"stopping: the {what} that were begun are finished; once more stops at once")
        run.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
