"""The page of faults names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "faults.md"


def test_every_test_that_is_named_is_there():
    text = PAGE.read_text("utf-8")
    names = set(re.findall(r"`((?:unit|cli|conformance|integration)/\S+?\.py)`", text))
    assert len(names) >= 15
    assert sorted(name for name in names if not (TESTS / name).is_file()) == []
    assert re.findall(r"^\| (\d+) \|", text, re.MULTILINE) == [str(n) for n in range(1, 22)]
