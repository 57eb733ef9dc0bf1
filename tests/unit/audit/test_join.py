"""Shards put together again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import runs

from provenance.audit.join import join
from provenance.audit.results import Results
from provenance.errors import ConfigError


def shard(text: str, **changes: Any) -> dict[str, Any]:
    return runs.SETTINGS | {"selection": runs.SETTINGS["selection"] | {"shard": text}} | changes


@pytest.mark.parametrize("chunks", [0, 1, 2, 3, 7])
def test_the_whole_is_as_it_would_have_been(tmp_path: Path, chunks: int) -> None:
    rows = [runs.row(f"{i}") for i in range(chunks)]
    whole = runs.make(tmp_path / "whole", rows, per_part=1)
    for i in range(3):
        runs.make(tmp_path / f"{i}", rows[i::3], per_part=1, settings=shard(f"{i + 1}/3"))
    join([tmp_path / "2", tmp_path / "0", tmp_path / "1"], tmp_path / "joined")
    joined = Results.open(tmp_path / "joined")
    assert list(joined.rows()) == list(whole.rows())
    assert [path.name for path in joined.paths] == [path.name for path in whole.paths]
    assert [path.read_bytes() for path in joined.paths] == [p.read_bytes() for p in whole.paths]
    assert joined.settings == whole.settings
    assert (joined.images, joined.run["chunks"]) == (whole.images, whole.run["chunks"])


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (shard("1/3"), shard("2/3"), "shard 1 of 3, and not of the 2"),
        (shard("1/2"), shard("1/2"), "named twice"),
        (shard("1/2"), shard("2/2", sources=["other"]), "different settings"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], message: str
) -> None:
    runs.make(tmp_path / "a", [runs.row("a")], settings=first)
    runs.make(tmp_path / "b", [runs.row("b")], settings=second)
    with pytest.raises(ConfigError, match=message):
        join([tmp_path / "a", tmp_path / "b"], tmp_path / "joined")
    assert not (tmp_path / "joined").exists()


def test_a_shard_that_is_not_done_is_refused(tmp_path: Path) -> None:
    results = runs.make(tmp_path / "a", [runs.row("a")], settings=shard("1/1"))
    results.paths[0].unlink()
    with pytest.raises(ConfigError, match="not done"):
        join([tmp_path / "a"], tmp_path / "joined")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    runs.make(tmp_path / "a", [runs.row("a")])
    with pytest.raises(ConfigError, match="there already"):
        join([tmp_path / "a"], tmp_path / "a")
