"""Equal and similar pictures, against a comparison of each row with each."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import runs

from provenance.audit import duplicates
from provenance.audit.row import Row
from provenance.errors import ArgumentError, ConfigError


@given(st.lists(st.one_of(st.none(), st.integers(0, 6)), max_size=30), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_the_first_of_equal_bytes_counts(contents: list[int | None], per_pass: int) -> None:
    rows = [
        runs.error(f"{i}") if content is None else runs.row(f"{i}", f"content {content}")
        for i, content in enumerate(contents)
    ]
    expected = [c is None or c not in contents[:i] for i, c in enumerate(contents)]
    with tempfile.TemporaryDirectory() as folder:
        results = runs.make(Path(folder) / "run", rows)
        assert duplicates.exact(results, len(rows), per_pass).tolist() == expected


def _by_hand(rows: list[Row], within: int) -> list[bool]:
    leaders: list[int] = []
    seen: set[str] = set()
    found = []
    for row in rows:
        new = row["sha256"] not in seen
        seen.add(row["sha256"])
        if new and row["pdq"] is not None and row["pdq_quality"] >= 50:
            bits = int(row["pdq"], 16)
            new = all((bits ^ other).bit_count() > within for other in leaders)
            if new:
                leaders.append(bits)
        found.append(new)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_first_of_similar_pictures_counts(tmp_path: Path, seed: int) -> None:
    draw = np.random.default_rng(seed)
    base = [draw.integers(0, 2, 256) for _ in range(4)]
    rows = []
    for number in range(120):
        bits = base[draw.integers(4)].copy()
        flips = draw.choice(256, draw.integers(0, 50), replace=False)
        bits[flips] ^= 1
        pdq = np.packbits(bits).tobytes().hex()
        quality = int(draw.choice([100, 50, 49, 0], p=[0.6, 0.2, 0.1, 0.1]))
        content = f"content {draw.integers(60)}"
        rows.append(runs.row(f"{number}", content, pdq=pdq, pdq_quality=quality))
    rows.append(runs.row("no hash", "content x", pdq=None, pdq_quality=None))
    rows.append(runs.error("no image"))
    results = runs.make(tmp_path / "run", rows, per_part=50)
    expected = [*_by_hand(rows[:-2], 31), True, True]
    assert duplicates.near(results, len(rows)).tolist() == expected


def test_an_empty_run(tmp_path: Path) -> None:
    results = runs.make(tmp_path / "run", [])
    assert duplicates.near(results, 0).tolist() == []


def test_too_many_pictures_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MOST_NEAR", 2)
    results = runs.make(tmp_path / "run", [runs.row(f"{i}") for i in range(3)])
    with pytest.raises(ArgumentError, match="3 different"):
        duplicates.near(results, 3)


@pytest.mark.parametrize("digest", ["ab", "zz" * 32, " " * 64, "ab " * 21 + "a"])
def test_what_is_no_hash_is_refused(tmp_path: Path, digest: str) -> None:
    results = runs.make(tmp_path / "run", [runs.row("a", sha256=digest)])
    with pytest.raises(ConfigError):
        duplicates.exact(results, 1)
