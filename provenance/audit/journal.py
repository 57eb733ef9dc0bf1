"""When things happened: one line for each time a run began, went on, kept a chunk or ended.

    DIR/journal.jsonl  {"event": "begin", "at": "2026-11-27T21:15:49Z", "workers": 2, ...}

Rows never depend on it. It is for throughput and the timeline alone, so a line that a killed
process left half written is skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Self

from provenance.errors import ErrorCode, ProvenanceError

JOURNAL: Final = "journal.jsonl"
_MAX_LINE: Final = 4096


@dataclass(slots=True)
class Journal:
    """Appends to the journal of a run."""

    _file: IO[str]

    @classmethod
    def open(cls, directory: Path) -> Self:
        """The journal of the run in a directory.

        Raises:
            ProvenanceError: `E_IO`.
        """
        try:
            file = (directory / JOURNAL).open("a", encoding="ascii")
            if file.tell():  # what a killed process left unfinished must not spoil the next line
                file.write("\n")
            return cls(file)
        except OSError as error:
            raise ProvenanceError(
                f"cannot keep a journal in {directory}: {error.strerror or error}",
                code=ErrorCode.IO,
            ) from error

    def note(self, event: str, **facts: int | str | bool) -> None:
        """Write one line, at once."""
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self._file.write(json.dumps({"event": event, "at": now, **facts}) + "\n")
        self._file.flush()

    def close(self) -> None:
        """No more lines."""
        self._file.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A line of a journal."""

    event: str
    at: datetime
    rows: int = 0
    errors: int = 0


def events(directory: Path) -> Iterator[Event]:
    """The lines that can be read, in their order; none where there is no journal."""
    path = directory / JOURNAL
    if not path.exists():
        return
    with path.open("rb") as file:
        while line := file.readline(_MAX_LINE):
            if (found := _event(line)) is not None:
                yield found


def _event(line: bytes) -> Event | None:
    try:
        fields: dict[str, Any] = json.loads(line)
        at = datetime.fromisoformat(fields["at"])
        rows, errors = int(fields.get("rows", 0)), int(fields.get("errors", 0))
        event = str(fields["event"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return Event(event=event, at=at.astimezone(UTC), rows=rows, errors=errors)
