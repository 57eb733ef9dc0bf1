"""Rows that a worker which was taken over could send."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import provenance
from provenance.audit import parts
from provenance.audit.answers import checked
from provenance.audit.row import COLUMNS, empty
from provenance.isolation import WorkerLostError

KEY = "dump/a.png"


def row(**fields: Any) -> dict[str, Any]:
    return empty(KEY, provenance.__version__) | fields


def test_a_row_passes() -> None:
    sent = row(verdict="TRACED", width=3, log10_p=-7.5, pdq="00ff", markers=["a: b"], name="n")
    assert checked(json.loads(json.dumps(sent)), KEY) == sent


@pytest.mark.parametrize(
    "fields",
    [
        {"key": "dump/b.png"},
        {"key": None},
        {"tool_version": "9"},
        {"more": 1},
        {"verdict": 1},
        {"verdict": ["TRACED"]},
        {"signer": "\ud800"},
        {"basis": None},
        {"basis": "text"},
        {"basis": [1]},
        {"basis": ["\udfff"]},
        {"markers": [["nested"]]},
        {"width": 2**63},
        {"width": True},
        {"width": 1.0},
        {"log10_p": float("inf")},
        {"log10_p": 10**400},
        {"log10_p": "0"},
        {"pdq": "zz"},
        {"pdq": "0 0"},
        {"pdq": 7},
        {"milliseconds": {}},
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(WorkerLostError):
        checked(row(**fields), KEY)


@pytest.mark.parametrize("value", [None, [], "row", 3, {}, {"key": KEY}])
def test_what_is_no_row_is_refused(value: object) -> None:
    with pytest.raises(WorkerLostError):
        checked(value, KEY)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([n for n in COLUMNS if n != "key"]), _JSON, max_size=4))
def test_whatever_passes_can_be_written(fields: dict[str, Any]) -> None:
    """The law that keeps a worker from ending a run: what is accepted fits the table."""
    try:
        accepted = checked(row(**fields), KEY)
    except WorkerLostError:
        return
    parts.digest(parts.table([accepted]))
