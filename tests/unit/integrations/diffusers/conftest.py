"""One stamper for all, and the command line to judge what was saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import Command

from provenance import Workspace
from provenance.stamp import Stamped, Stamper

#: Whether the command line traces a file to the record of this picture.
Traced = Callable[[Path, Stamped], bool]


@pytest.fixture(scope="session")
def stamper(workspace: Workspace) -> Stamper:
    """The stamper of the session's workspace."""
    return workspace.stamper()


@pytest.fixture
def traced(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Traced:
    """What `provenance verify` says of a saved file: TRACED, and to this record."""
    monkeypatch.delenv("PROVENANCE_WORKSPACE", raising=False)
    command = Command(monkeypatch, capfd)

    def run(path: Path, stamped: Stamped) -> bool:
        (row,) = command("verify", "-w", workspace.path, path, "--jsonl").rows
        return (row["verdict"], row["mark_id"]) == ("TRACED", str(stamped.mark_id))

    return run
