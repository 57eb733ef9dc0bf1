"""Whatever a report quotes, a row of CSV or JSON Lines stays one row."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from support import reports

from provenance.report.build import digests
from provenance.report.rows import COLUMNS, render_csv, render_jsonl

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
# Surrogates cannot stand in a report; what begins formulas and cells is drawn often.
characters = st.one_of(
    st.sampled_from(f"{SIGNS};,\"' \t\r\n\0\u202e\u2028\ufeff\u00a0"),
    st.characters(exclude_categories=["Cs"]),
)
names = st.text(characters, min_size=1, max_size=40)


def rows_of(name):
    result = reports.problem(name, digests(b"x"))
    return list(csv.reader(io.StringIO(render_csv([result]), newline=""), strict=True))


@given(names)
def test_csv_comes_back_as_one_row_of_harmless_cells(name):
    header, cells = rows_of(name)
    assert header == list(COLUMNS)
    assert len(cells) == len(COLUMNS)
    shown = cells[list(COLUMNS).index("path")]
    assert not any(unicodedata.category(character).startswith("C") for character in shown)
    for begin in re.finditer(rf"(?:^|;)[\s\"']*([{re.escape(SIGNS)}])", shown):
        assert shown[begin.start(1) - 1] == "'"


@given(names.filter(str.isprintable))
def test_csv_keeps_printable_text_but_for_the_apostrophes(name):
    _, cells = rows_of(name)
    shown = cells[list(COLUMNS).index("path")]
    assert shown.replace("'", "") == name.replace("'", "")


@given(names)
def test_json_lines_are_one_line_of_ascii_with_the_whole_text(name):
    text = render_jsonl([reports.problem(name, digests(b"x"))])
    assert text.isascii()
    assert text.count("\n") == 1
    assert json.loads(text)["path"] == name
