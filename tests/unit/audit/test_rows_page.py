"""The documented columns are the ones that are written."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa

from provenance.audit.parts import SCHEMA
from provenance.audit.row import COLUMNS

PAGE = Path(__file__).parents[3] / "docs" / "audit-rows.md"
TYPES = {
    "string": pa.string(),
    "list of strings": pa.list_(pa.string()),
    "int64": pa.int64(),
    "double": pa.float64(),
    "binary": pa.binary(),
}


def test_the_page_has_every_column() -> None:
    found = re.findall(r"^\| `(\w+)` \| ([\w ]+) \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert [name for name, _, _ in found] == list(COLUMNS)
    for name, kind, meaning in found:
        assert SCHEMA.field(name).type == TYPES[kind], name
        assert meaning == COLUMNS[name][1], name
