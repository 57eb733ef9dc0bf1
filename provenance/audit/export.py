"""The rows of a run for other programs: CSV, JSON Lines, VICS. Written as they are read."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Final

from provenance.audit.journal import events
from provenance.audit.results import Results
from provenance.audit.row import COLUMNS
from provenance.audit.timeline import timeline
from provenance.model import Verdict
from provenance.report.result import Digests
from provenance.report.rows import cell
from provenance.report.vics import CONTEXT, media_entry

Row = dict[str, Any]
_LISTS: Final = frozenset(name for name, (kind, _) in COLUMNS.items() if kind == "texts")


class Export(StrEnum):
    """What is written."""

    CSV = "csv"
    JSONL = "jsonl"
    VICS = "vics"


def export(
    results: Results, kind: Export, verdicts: Iterable[Verdict] = (), *, examined: bool = False
) -> Iterator[str]:
    """The rows as pieces of text, in the order of the run.

    Args:
        results: the run.
        kind: CSV and VICS are ASCII or show text as a page would; JSON Lines have it as it is.
        verdicts: only rows with one of these; all where none is named.
        examined: only rows that are no errors.
    """
    wanted = frozenset(verdict.value for verdict in verdicts)
    rows = (
        row
        for row in results.rows()
        if (not wanted or row["verdict"] in wanted) and not (examined and row["error_code"])
    )
    match kind:
        case Export.CSV:
            return _csv(rows)
        case Export.JSONL:
            return _jsonl(rows)
        case Export.VICS:
            return _vics(rows, results)


def plain(value: object) -> object:
    """A value of a row as JSON has it: bytes in hexadecimal."""
    return value.hex() if isinstance(value, bytes) else value


def _jsonl(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        fields = {name: plain(value) for name, value in row.items()}
        yield json.dumps(fields, ensure_ascii=True, allow_nan=False) + "\n"


def _csv(rows: Iterable[Row]) -> Iterator[str]:
    """RFC 4180; see `provenance.report.rows` for what is done to cells."""
    yield _line(COLUMNS)
    for row in rows:
        yield _line(
            cell("; ".join(value) if name in _LISTS else plain(value))
            for name, value in row.items()
        )


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _vics(rows: Iterable[Row], results: Results) -> Iterator[str]:
    """VICS 2.0. Files without hashes are not in it; `MediaID` counts those that are."""
    moment = timeline(events(results.directory)).ended
    yield f'{{"@odata.context": {json.dumps(CONTEXT)}, "value": ['
    comma, number = "\n", 0
    for row in rows:
        if not row["sha256"]:
            continue
        number += 1
        yield comma + json.dumps(_entry(number, row, moment), ensure_ascii=True)
        comma = ",\n"
    yield "\n]}\n"


def _entry(number: int, row: Row, moment: str) -> Row:
    name = str(row["name"] or row["key"])
    return media_entry(
        number,
        Digests(byte_size=row["byte_size"], sha256=row["sha256"], sha1=row["sha1"], md5=row["md5"]),
        updated=moment,
        kind=f"image/{row['format']}" if row["format"] else "",
        comments=f"provenance {row['tool_version']}: {_comment(row)}",
        names=(re.split(r"[/\\]", name)[-1] or name, row["key"]),
    )


def _comment(row: Row) -> str:
    """What the row says, and that it is a row: nobody has looked at this picture."""
    if row["error_code"]:
        return f"not examined: {row['error_message']} [{row['error_code']}]"
    facts = {
        "system": row["system_name"],
        "mark": row["mark_id"],
        "log10 p": row["log10_p"] and round(row["log10_p"], 1),
        "record": row["record_id"],
        "content": row["content_match"],
        "manifest": row["manifest_status"],
        "signer": row["signer"],
        "markers": "; ".join(row["markers"]),
    }
    told = ", ".join(f"{name} {value}" for name, value in facts.items() if value)
    return f"{row['verdict']} in a bulk audit; verify the file itself before relying on it. {told}"
