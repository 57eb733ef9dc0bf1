"""What a run found, counted: rows out, and that they are as many as images in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import pyarrow.parquet as pq

from provenance.audit.ledger import Ledger

_MOST: Final = 100  # kinds of error message that are listed; the rest is counted
_COLUMNS: Final = ("verdict", "system_name", "manifest_status", "error_code", "error_message")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Counts over all rows that are there. `images` is what there was to do."""

    images: int
    rows: int
    complete: bool
    verdicts: dict[str, int]
    systems: dict[str, int]
    manifests: dict[str, int]
    errors: dict[str, int]
    messages: dict[str, int]


def summarise(ledger: Ledger) -> Summary:
    """Read every part once, a part at a time."""
    counters: dict[str, Counter[str]] = {name: Counter() for name in _COLUMNS}
    rows = 0
    for path in sorted(ledger.parts.glob("part-*.parquet")):
        table = pq.read_table(path, columns=list(_COLUMNS))
        rows += table.num_rows
        for name in _COLUMNS:
            counters[name].update(v for v in table.column(name).to_pylist() if v is not None)
    return Summary(
        images=ledger.images,
        rows=rows,
        complete=rows == ledger.images,
        verdicts=dict(counters["verdict"].most_common()),
        systems=dict(counters["system_name"].most_common()),
        manifests=dict(counters["manifest_status"].most_common()),
        errors=dict(counters["error_code"].most_common()),
        messages=dict(counters["error_message"].most_common(_MOST)),
    )
