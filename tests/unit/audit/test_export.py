"""CSV, JSON Lines and VICS, with ordinary and with hostile rows."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from support import runs
from support.hostile_rows import hostile_rows

from provenance.audit.export import Export, export
from provenance.audit.results import Results
from provenance.audit.row import COLUMNS
from provenance.model import Verdict


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return runs.make(tmp_path_factory.mktemp("rows") / "run", hostile_rows(), per_part=100)


def written(results: Results, kind: Export, *verdicts: Verdict) -> str:
    return "".join(export(results, kind, verdicts))


def test_json_lines_have_every_row_as_it_is(hostile: Results) -> None:
    text = written(hostile, Export.JSONL)
    rows = [json.loads(line) for line in text.split("\n")[:-1]]
    assert text.isascii()
    expected = hostile_rows()
    assert [row["key"] for row in rows] == [row["key"] for row in expected]
    assert rows == expected


def test_no_cell_of_csv_is_run(hostile: Results) -> None:
    text = written(hostile, Export.CSV)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == list(COLUMNS)
    assert len(rows) == len(hostile_rows()) + 1
    for row in rows[1:]:
        assert len(row) == len(COLUMNS)
        for name, cell in zip(COLUMNS, row, strict=True):
            number = name in ("log10_p", "log10_chance", "marker_log10_p")
            assert (
                number
                or not re.match(r"""[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20]""", cell)
                or (cell.lstrip().startswith("'"))
            )
            assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", cell)


def test_vics_has_the_files_with_hashes(hostile: Results) -> None:
    text = written(hostile, Export.VICS)
    assert text.isascii()
    media = json.loads(text)["value"]
    expected = [row for row in hostile_rows() if row["sha256"]]
    assert [entry["MediaID"] for entry in media] == list(range(1, len(expected) + 1))
    for entry, row in zip(media, expected, strict=True):
        assert entry["MD5"] == row["md5"].upper()
        assert entry["SHA1"] == row["sha1"].upper()
        assert entry["Category"] == 0
        assert entry["MediaFiles"][0]["FilePath"] == row["key"]
        assert row["verdict"] in entry["Comments"]


@pytest.mark.parametrize("kind", Export)
def test_only_what_was_asked_for(tmp_path: Path, kind: Export) -> None:
    rows = [runs.traced("one"), runs.row("two"), runs.error("three")]
    text = written(runs.make(tmp_path / "run", rows), kind, Verdict.TRACED)
    assert "one" in text
    assert "two" not in text
    assert "three" not in text


@pytest.mark.parametrize(("kind", "lines"), [(Export.CSV, 1), (Export.JSONL, 0)])
def test_an_empty_run(tmp_path: Path, kind: Export, lines: int) -> None:
    assert written(runs.make(tmp_path / "run", []), kind).count("\n") == lines


def test_an_empty_run_as_vics(tmp_path: Path) -> None:
    assert json.loads(written(runs.make(tmp_path / "run", []), Export.VICS))["value"] == []
