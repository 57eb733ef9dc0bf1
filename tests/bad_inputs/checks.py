"""What several of these tests ask of a run."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from bad_inputs.command import MAX_SECONDS, Ran, provenance
from bad_inputs.lab import Lab
from provenance.model.generation import RecordState

ERROR, SOME_ROWS_FAILED = 2, 6


def verify(lab: Lab, *arguments: str | bytes | Path, seconds: float = MAX_SECONDS) -> Ran:
    """`provenance verify --jsonl` with the keys of the lab."""
    workspace = lab.workspace.path
    ran = provenance("verify", "-w", workspace, "--jsonl", *arguments, seconds=seconds)
    assert ran.out.isascii()
    return ran


def stamp(lab: Lab, *arguments: str | bytes | Path, out: Path, seconds: float = MAX_SECONDS) -> Ran:
    """`provenance stamp --jsonl` with the keys of the lab."""
    workspace = lab.workspace.path
    options = ("-w", workspace, "--out", out, "--jsonl")
    ran = provenance("stamp", *options, *arguments, seconds=seconds)
    assert ran.out.isascii()
    return ran


def everything_below(folder: Path) -> list[Path]:
    """All files of a folder that may not exist, hidden and temporary ones included."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def open_records(lab: Lab) -> int:
    """Records of pictures that neither left nor were given up."""
    counts = lab.workspace.store(read_only=True).count()
    return counts.get(RecordState.RESERVED, 0) + counts.get(RecordState.ISSUED, 0)


def check_plain(output: bytes) -> None:
    """Nothing that a terminal would obey or that changes the direction of reading."""
    for character in output.decode("utf-8"):
        control = unicodedata.category(character).startswith("C") or character in "\u2028\u2029"
        assert character == "\n" or not control, f"raw {character!r} in the output"
