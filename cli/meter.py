"""How far a run is: a bar where somebody watches, else a line now and then."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, Self

from .console import talk

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_FIRST_SECONDS: Final = 5.0  # until the first line, and between lines at first
_MOST_SECONDS: Final = 60.0


class Meter:
    """Told of what is done, by one thread at a time."""

    def __init__(self, total: int, done: int = 0, *, what: str, bad: str) -> None:
        """`done` of the `total` were done before; what they are called, and the bad ones."""
        self._total, self._done, self._errors = total, done, 0
        self._what, self._bad = what, bad
        self._begun_with, self._begun = done, time.monotonic()
        self._next, self._pause = self._begun + _FIRST_SECONDS, _FIRST_SECONDS
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._bar = _bar()
            self._task = self._bar.add_task("", total=self._total, completed=self._done)
            self._bar.start()
        elif self._done:
            talk(f"{self._done:,} of {self._total:,} {self._what} are done already")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, done: int, errors: int, *, before: bool = False) -> None:
        """So many more are done, so many of them bad; `before` where that was by an earlier run."""
        self._done += done
        self._errors += errors
        if before:
            self._begun_with += done
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, description=self.state)
            return
        now = time.monotonic()
        if now >= self._next or self._done >= self._total:
            self._pause = min(_MOST_SECONDS, self._pause * 1.5)
            self._next = now + self._pause
            talk(f"{self._done:,} of {self._total:,} {self._what}, {self.state}")

    @property
    def state(self) -> str:
        """Errors, rate and what is left of the time, as this run goes."""
        seconds = time.monotonic() - self._begun
        rate = (self._done - self._begun_with) / seconds if seconds > 0 else 0.0
        left = self._total - self._done
        words = [f"{self._errors:,} {self._bad}", f"{rate:,.1f} a second"]
        if left and rate:
            words.append(f"about {duration(left / rate)} left")
        return ", ".join(words)


def duration(seconds: float) -> str:
    """A time in two units at most."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours / 24:.1f} days"


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    return Progress(
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
    )
