"""The page about report formats, and the JSON Schema of the saved report."""

from __future__ import annotations

import json
from collections.abc import Iterator

from provenance.printable import MAX_SHOWN
from provenance.report.render import ReportFormat
from provenance.report.result import SCHEMA_VERSION
from provenance.report.rows import COLUMNS
from provenance.report.schema import json_schema


def schema_text() -> str:
    """`report.schema.json`; the order of its keys is that of the model."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=True) + "\n"


def formats_page(note: str) -> str:
    """`formats.md`."""
    return "\n".join(("# Report formats", "", note, "", *_lines())) + "\n"


def _lines() -> Iterator[str]:
    yield "`provenance verify --report FILE` writes a report in the form that the file's name asks"
    yield "for; `provenance report render SAVED.json --to FORMAT` makes any form from a saved one,"
    yield "in either language, without the picture and without keys. Save the JSON: it is the only"
    yield "form that holds everything. No form holds a picture, a thumbnail or a prompt."
    yield from ("", "| name | file name ends in | |", "|---|---|---|")
    for form in ReportFormat:
        yield f"| `{form.value}` | `{form.extension}` | {form.meaning} |"
    yield from _json()
    yield from _rows()
    yield from _case()
    yield from _vics()


def _json() -> Iterator[str]:
    yield from ("", "## JSON", "")
    yield f"Schema version {SCHEMA_VERSION}: [report.schema.json](report.schema.json) (JSON Schema"
    yield "2020-12). Unknown fields do not conform, and a report that does not conform, lacks a"
    yield "value that one of its sentences needs, or has more than 256 MB is refused. The text is"
    yield "ASCII: everything else is escaped, so nothing in it can steer a terminal. Bytes are"
    yield "hexadecimal; numbers that are not finite are the texts `Infinity`, `-Infinity`, `NaN`."


def _rows() -> Iterator[str]:
    yield from ("", "## JSON Lines and CSV", "")
    yield "JSON Lines: one object in ASCII for each file, every object with the same fields, texts"
    yield "whole. CSV: RFC 4180, UTF-8 without a byte order mark, one line for each file:"
    yield ""
    yield "* control, direction and private characters are spelled out (`\\x1b`, `\\u202e`), so a"
    yield "  cell never holds a line break;"
    yield f"* cells are cut after {MAX_SHOWN} characters, marked by `...`; the JSON has all;"
    yield "* an apostrophe stands before `=`, `+`, `-` and `@`, full-width ones included, where a"
    yield "  spreadsheet would begin a formula: at the beginning of a cell or behind a semicolon,"
    yield "  blanks and quotes skipped. Numbers are not touched."
    yield from ("", "| column | holds |", "|---|---|")
    for column, meaning in COLUMNS.items():
        yield f"| `{column}` | {meaning} |"


def _case() -> Iterator[str]:
    yield from ("", "## CASE/UCO", "")
    yield "JSON-LD of CASE 1.5 and UCO 1.5 without concepts of our own; the tests hold it against"
    yield "the ontology with `case_validate`, warnings and remarks included. The run is an"
    yield "`InvestigativeAction`; the tool, its version, code hash and settings are the instrument;"
    yield "each file has a `ProvenanceRecord` that groups it with an `AnalyticResult`, or with an"
    yield "`Assertion` that says why it could not be examined. The verdict is the `class` of an"
    yield "`ArtifactClassification`. The ontology has no place for error rates: they are in the"
    yield "sentences of `core:description`, and as numbers in the JSON. Ids are derived from the"
    yield "content: the same report gives the same bytes."


def _vics() -> Iterator[str]:
    yield from ("", "## VICS", "")
    yield "Hashes, size, media type and name of each file as Project VIC media entries. `Category`"
    yield "is always 0, uncategorised: people categorise. The verdict is in `Comments`. `MediaID`"
    yield "is the file's place in the report. A file that could not be read has no hashes and so no"
    yield "entry; the command says on standard error how many were left out. The data model is not"
    yield "published with a schema to hold this against: the fields are those that public readers"
    yield "and writers of it agree on."
