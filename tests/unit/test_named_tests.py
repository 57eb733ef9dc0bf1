"""The pages of faults and of ways out name tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DOCS = TESTS.parent / "docs"


@pytest.mark.parametrize(("page", "rows"), [("faults.md", 21), ("pipelines.md", 10)])
def test_every_test_that_is_named_is_there(page, rows):
    text = (DOCS / page).read_text("utf-8")
    names = set(re.findall(r"`((?:unit|cli|conformance|integration)/\S+?\.py)`", text))
    assert len(names) >= rows
    assert sorted(name for name in names if not (TESTS / name).is_file()) == []
    assert re.findall(r"^\| (\d+) \|", text, re.MULTILINE) == [str(n + 1) for n in range(rows)]
