"""The journal, and what it tells."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from provenance.audit.journal import JOURNAL, Event, Journal, events
from provenance.audit.timeline import BINS, timeline

BEGUN = datetime(2026, 11, 27, 10, tzinfo=UTC)


def event(kind: str, seconds: float, rows: int = 0, errors: int = 0) -> Event:
    return Event(event=kind, at=BEGUN + timedelta(seconds=seconds), rows=rows, errors=errors)


def test_pauses_between_runs_do_not_count() -> None:
    found = timeline(
        [
            event("begin", 0),
            event("chunk", 10, 100, 1),
            event("begin", 1000),
            event("chunk", 1020, 200),
            event("end", 1030),
        ]
    )
    assert (found.runs, found.rows, found.seconds) == (2, 300, 40)
    assert found.per_second == 7.5
    assert (found.begun, found.ended) == ("2026-11-27T10:00:00Z", "2026-11-27T10:17:10Z")


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 500)), min_size=1, max_size=40))
def test_every_row_is_in_one_bin(chunks: list[tuple[int, int]]) -> None:
    found = timeline([event("chunk", at, rows, rows // 2) for at, rows in chunks])
    assert sum(item.rows for item in found.bins) == sum(rows for _, rows in chunks)
    assert sum(item.errors for item in found.bins) == sum(rows // 2 for _, rows in chunks)
    assert len(found.bins) <= BINS


def test_nothing_is_known_without_a_journal(tmp_path: Path) -> None:
    assert timeline(events(tmp_path)).per_second is None


def test_lines_that_make_no_sense_are_skipped(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.note("begin", workers=2)
    journal.close()
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b'{"event": "chunk", "at": "yesterday"}\n[]\n7\nnull\n{"event"\n\xff\n')
        file.write(b"[" * 100_000 + b'\n{"event": "chunk", "at": "2026-11-27T10:00:00Z", "ro')
    journal = Journal.open(tmp_path)
    journal.note("chunk", rows=5, errors=1)
    journal.close()
    found = list(events(tmp_path))
    assert [(item.event, item.rows, item.errors) for item in found] == [
        ("begin", 0, 0),
        ("chunk", 5, 1),
    ]


def test_a_line_is_json_with_a_time(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.note("chunk", rows=5, errors=1)
    journal.close()
    line = json.loads((tmp_path / JOURNAL).read_text())
    assert datetime.fromisoformat(line["at"]).tzinfo is not None
