"""A workspace of its own for each test: its records are counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from provenance import Generation, Workspace
from provenance.model import RecordState
from provenance.stamp import Stamper


class Bench:
    """A workspace, its stamper, and an output folder to look at afterwards."""

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace.create(folder / "workspace", system_name="acme-images")
        self.stamper: Stamper = self.workspace.stamper()
        self.folder = folder / "out"
        self.folder.mkdir()
        self.target = self.folder / "stamped.png"
        self.generation = Generation(model="acme-1", model_version="2.0")

    def left_behind(self) -> list[str]:
        """Names in the output folder, hidden ones included."""
        return sorted(path.name for path in self.folder.iterdir())

    def states(self) -> dict[RecordState, int]:
        """How many records are in which state, without the zeros."""
        return {state: n for state, n in self.workspace.store().count().items() if n}


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)
