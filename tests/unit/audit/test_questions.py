"""Questions to a run, by name and in SQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import runs
from support.attack_strings import CLASSES
from support.hostile_rows import hostile_rows

from provenance.audit.questions import QUESTIONS, ask
from provenance.audit.results import Results
from provenance.audit.sql import query
from provenance.errors import ArgumentError


@pytest.fixture
def results(tmp_path: Path) -> Results:
    rows = [
        runs.traced("a"),
        runs.traced("a") | {"key": "copy"},
        runs.row("b", verdict="CONFLICT", signer="X", milliseconds=500),
        runs.row("c", verdict="OTHER_SYSTEM", signer="X", markers=["signed: X"]),
        runs.row("d", verdict="INDETERMINATE", pdq=runs.row("b")["pdq"]),
        runs.error("e"),
    ]
    return runs.make(tmp_path / "run", rows, per_part=4)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("traced", ["a", "copy"]),
        ("conflicts", ["b"]),
        ("uncertain", ["d"]),
        ("other-systems", ["c"]),
        ("errors", ["e"]),
        ("duplicates", ["copy"]),
        ("near-duplicates", ["copy", "d"]),
        ("slowest", ["b", "a", "copy", "c", "d", "e"]),
    ],
)
def test_rows(results: Results, name: str, keys: list[str]) -> None:
    assert [row["key"] for row in ask(results, name)] == keys


def test_counts(results: Results) -> None:
    assert list(ask(results, "signers")) == [{"signer": "X", "rows": 2}]
    assert list(ask(results, "markers")) == [{"markers": "signed: X", "rows": 1}]


@pytest.mark.parametrize("name", QUESTIONS)
def test_hostile_rows_answer_every_question(tmp_path: Path, name: str) -> None:
    rows = hostile_rows()
    results = runs.make(tmp_path / "run", rows, per_part=100)
    keys = {row["key"] for row in rows}
    for answer in ask(results, name):
        assert answer.get("key", rows[0]["key"]) in keys


def test_a_question_that_there_is_not_is_refused(results: Results) -> None:
    with pytest.raises(ArgumentError, match="no question"):
        ask(results, "everything")


# --- SQL -----------------------------------------------------------------------------


def test_sql(results: Results) -> None:
    statement = "select verdict, count(*) as n from rows group by verdict order by n desc, verdict"
    assert next(query(results, statement)) == {"verdict": "TRACED", "n": 2}


def test_sql_gives_hostile_text_as_it_is(tmp_path: Path) -> None:
    rows = hostile_rows()
    results = runs.make(tmp_path / "run", rows, per_part=100)
    assert {row["key"] for row in query(results, "select key from rows")} == {
        row["key"] for row in rows
    }


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from glob('/etc/*')",
        "select * from '{part}'",
        "select * from 'https://example.org/x.parquet'",
        "copy (select 1) to '{folder}/x.csv'",
        "copy rows to '{folder}/x.parquet'",
        "export database '{folder}/x'",
        "attach '{folder}/x.db'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "reset lock_configuration",
        "select * from results",
        "select * from statement",
        "select getenv('HOME')",
        "select 1; copy (select 1) to '{folder}/x.csv'",
        *CLASSES["sql"].values(),
    ],
)
def test_sql_reaches_nothing_but_the_rows(results: Results, tmp_path: Path, statement: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    part = results.paths[0]
    text = statement.replace("{part}", str(part)).replace("{folder}", str(tmp_path))
    with pytest.raises(ArgumentError, match="refused"):
        list(query(results, text))
    assert sorted(tmp_path.rglob("*")) == before


def test_sql_changes_nothing(results: Results) -> None:
    before = [path.read_bytes() for path in results.paths]
    list(query(results, "select 1 as x"))
    with pytest.raises(ArgumentError):
        list(query(results, "delete from rows"))
    assert [path.read_bytes() for path in results.paths] == before
