"""Differences of two runs, against a comparison by hand."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from support import runs

from provenance.audit.diff import By, Change, differences
from provenance.audit.row import Row

SIDES = st.dictionaries(
    st.integers(0, 12), st.sampled_from(["NOT_FOUND", "TRACED", None]), max_size=12
)


def _rows(side: dict[int, str | None]) -> list[Row]:
    return [
        runs.row(f"{key}", verdict=verdict, milliseconds=key)
        if verdict
        else runs.error(f"{key}", milliseconds=1)
        for key, verdict in side.items()
    ]


@given(SIDES, SIDES)
@settings(max_examples=25, deadline=None)
def test_by_key(before: dict[int, str | None], after: dict[int, str | None]) -> None:
    expected = {f"{k}": Change.NEW for k in after.keys() - before.keys()}
    expected |= {f"{k}": Change.GONE for k in before.keys() - after.keys()}
    both = before.keys() & after.keys()
    expected |= {f"{k}": Change.CHANGED for k in both if before[k] != after[k]}
    with tempfile.TemporaryDirectory() as folder:
        one = runs.make(Path(folder) / "one", _rows(before))
        two = runs.make(Path(folder) / "two", _rows(after))
        found = list(differences(one, two))
    assert {item.image: item.change for item in found} == expected
    assert [item.image for item in found] == sorted(item.image for item in found)


def test_the_columns_are_named(tmp_path: Path) -> None:
    one = runs.make(tmp_path / "one", [runs.row("a"), runs.row("b")])
    two = runs.make(tmp_path / "two", [runs.row("a", verdict="CONFLICT"), runs.row("b")])
    (found,) = differences(one, two)
    assert found.columns == {"verdict": ("NOT_FOUND", "CONFLICT")}


def test_by_hash_names_and_order_do_not_matter(tmp_path: Path) -> None:
    one = runs.make(tmp_path / "one", [runs.row("a", "x"), runs.row("b", "y"), runs.error("c")])
    rows = [runs.row("q", "y"), runs.row("r", "x"), runs.row("s", "x"), runs.error("t")]
    assert list(differences(one, runs.make(tmp_path / "two", rows), By.SHA256)) == []
    rows = [runs.row("q", "y", verdict="CONFLICT"), runs.row("r", "z")]
    found = differences(one, runs.make(tmp_path / "three", rows), By.SHA256)
    changes = {item.image: item.change for item in found}
    names = {runs.row("", text)["sha256"]: text for text in "xyz"}
    assert {names[image]: change for image, change in changes.items()} == {
        "x": Change.GONE,
        "y": Change.CHANGED,
        "z": Change.NEW,
    }


def test_times_and_versions_are_not_compared(tmp_path: Path) -> None:
    one = runs.make(tmp_path / "one", [runs.row("a")])
    two = runs.make(tmp_path / "two", [runs.row("a", milliseconds=99, tool_version="9")])
    assert list(differences(one, two)) == []
