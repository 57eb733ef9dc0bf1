"""The rows of a run: one JSON object per line, of two kinds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.watermark.metrics import Quality
from provenance.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class StampRow:
    """One picture stamped by one scheme.

    `refused` says why it was not, in the words of the scheme; then there is no quality.
    """

    scheme: str
    set: str
    image: str
    width: int
    height: int
    refused: str = ""
    quality: Quality | None = None
    embed_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackRow:
    """One attacked picture read by one scheme.

    `recovered`: exactly an issued payload came back, and log10_p is at most the threshold.
    `wrong`: a payload was accepted that was never put into this picture.
    `skipped` says why the attack does not apply to the scheme; then nothing was read.
    """

    scheme: str
    set: str
    image: str
    attack: str
    draw: int
    skipped: str = ""
    status: str = ""
    recovered: bool = False
    wrong: bool = False
    log10_p: float = 0.0
    log10_threshold: float = 0.0
    path: str = ""
    detect_ms: float = 0.0


Row = StampRow | AttackRow


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write a file of rows at once: it is there in full, or not at all."""
    lines = [json.dumps({"kind": _kind(row), **asdict(row)}) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text("".join(line + "\n" for line in lines))
    part.replace(path)


def read(paths: Iterable[Path]) -> list[Row]:
    """All rows of several files.

    Raises:
        InputError: a line is not a row; or two rows say how the same thing went.
    """
    rows: dict[tuple[object, ...], Row] = {}
    for path in paths:
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            try:
                row = _row(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise InputError(f"{path.name}, line {number} is not a row: {error}") from error
            if rows.setdefault(_identity(row), row) is not row:
                raise InputError(
                    f"{path.name}, line {number} repeats a row of another file",
                    hint="name each run once, and runs with different seeds apart",
                )
    return list(rows.values())


def _kind(row: Row) -> str:
    return "stamp" if isinstance(row, StampRow) else "attack"


def _row(data: dict[str, Any]) -> Row:
    kind = data.pop("kind")
    if kind == "attack":
        return AttackRow(**data)
    if kind != "stamp":
        raise ValueError(f"unknown kind {kind!r}")
    if data.get("quality") is not None:
        data["quality"] = Quality(**data["quality"])
    return StampRow(**data)


def _identity(row: Row) -> tuple[object, ...]:
    where = (row.scheme, row.set, row.image)
    return where if isinstance(row, StampRow) else (*where, row.attack, row.draw)
