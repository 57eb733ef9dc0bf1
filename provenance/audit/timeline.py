"""What the journal of a run tells: how fast it went, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from provenance.audit.journal import Event

BINS: Final = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Rows, and errors among them, that were kept in a stretch of time; `at` is its beginning."""

    at: str
    rows: int
    errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """How a run went. `seconds` is the time in which something ran, all runs together."""

    runs: int = 0
    rows: int = 0
    seconds: float = 0.0
    begun: str = ""
    ended: str = ""
    bin_seconds: int = 0
    bins: tuple[Bin, ...] = ()

    @property
    def per_second(self) -> float | None:
        """Images a second while it ran; None where too little is known."""
        return round(self.rows / self.seconds, 2) if self.rows and self.seconds >= 1 else None


def timeline(journal: Iterable[Event]) -> Timeline:
    """From the lines of a journal, in the order of their times."""
    events = sorted(journal, key=lambda event: event.at)
    if not events:
        return Timeline()
    begun, ended = events[0].at, events[-1].at
    width = _width((ended - begun).total_seconds())
    return Timeline(
        runs=sum(event.event == "begin" for event in events),
        rows=sum(event.rows for event in events),
        seconds=_active(events),
        begun=_text(begun),
        ended=_text(ended),
        bin_seconds=width,
        bins=tuple(_bins(events, begun, width)),
    )


def _active(events: list[Event]) -> float:
    """From each beginning to the last thing that happened before the next."""
    seconds, before = 0.0, None
    for event in events:
        if before is not None and event.event != "begin":
            seconds += (event.at - before).total_seconds()
        before = event.at
    return seconds


def _width(span: float) -> int:
    """A legible stretch of time, so that there are at most `BINS` of them."""
    steps = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 86_400)
    least = span / (BINS - 1)
    return next((step for step in steps if step >= least), 86_400 * (int(least // 86_400) + 1))


def _bins(events: list[Event], begun: datetime, width: int) -> Iterator[Bin]:
    last = int((events[-1].at - begun).total_seconds() // width)
    rows, errors = [0] * (last + 1), [0] * (last + 1)
    for event in events:
        place = int((event.at - begun).total_seconds() // width)
        rows[place] += event.rows
        errors[place] += event.errors
    for place in range(last + 1):
        at = begun + timedelta(seconds=place * width)
        yield Bin(at=_text(at), rows=rows[place], errors=errors[place])


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
