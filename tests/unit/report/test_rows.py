"""JSON Lines and CSV: stable fields, no formula, one line for each file."""

from __future__ import annotations

import csv
import io
import json

import pytest
from support import reports

from provenance.report.build import digests
from provenance.report.document import Document
from provenance.report.rows import COLUMNS, render_csv, render_jsonl, row


def table(results):
    return list(csv.DictReader(io.StringIO(render_csv(results), newline=""), strict=True))


def cell(name):
    (only,) = table([reports.problem(name, digests(b"x"))])
    return only["path"]


def test_every_row_has_the_same_fields_whatever_happened():
    rows = [row(result) for result in reports.document().results]
    assert len({tuple(item) for item in rows}) == 1
    lines = render_jsonl(reports.document().results).splitlines()
    assert [json.loads(line) for line in lines] == rows


def test_csv_has_its_columns_and_a_line_for_each_file():
    results = reports.document().results
    text = render_csv(results)
    assert text.split("\r\n")[0] == ",".join(COLUMNS)
    assert text.count("\r\n") == text.count("\n") == text.count("\r") == len(results) + 1
    assert [item["verdict"] for item in table(results)] == [
        result.finding.verdict.value if result.finding else "" for result in results
    ]


@pytest.mark.parametrize("sign", "=+-@\uff1d\uff0b\uff0d\uff20")
@pytest.mark.parametrize("before", ["", " ", "\u00a0", "\u3000", '"', "'", " ' \" ", "a;", 'a; "'])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(sign, before):
    assert cell(f"{before}{sign}1+1") == f"{before}'{sign}1+1"


@pytest.mark.parametrize("before", ["\t", "\r", "\n", "\0", "\ufeff", "\u200b", "\u202e"])
def test_control_characters_are_spelled_out_before_a_formula(before):
    shown = cell(f"{before}=1+1")
    assert shown.startswith("\\")
    assert shown.endswith("=1+1")


def test_signs_inside_of_a_text_are_left_alone():
    assert cell("a-b=c (d@e) 1+1") == "a-b=c (d@e) 1+1"


def test_long_cells_are_cut_in_csv_and_whole_in_json_lines():
    name = "n" * 10_000
    result = reports.problem(name, digests(b"x"))
    assert cell(name) == "n" * 400 + "..."
    assert json.loads(render_jsonl([result]))["path"] == name


def test_a_name_that_is_not_utf8_is_kept_as_bytes():
    (only,) = table([reports.problem(b"odd-\xff")])
    assert (only["path"], only["path_base64"]) == ("odd-\\xff", "b2RkLf8=")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_not_finite_are_written_as_words(number):
    saved = json.loads(reports.document().to_json())
    saved["results"][0]["evidence"]["watermarks"][0]["log10_p"] = number
    document = Document.from_json(json.dumps(saved).encode())
    assert json.loads(render_jsonl(document.results[:1]))["log10_p"] == number
