"""Fixtures for tests of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import Command

from provenance import Encoding, Workspace
from provenance.imaging import Metadata, encode
from provenance.workspace.selftest import synthetic_picture


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.delenv("PROVENANCE_WORKSPACE", raising=False)
    return Command(monkeypatch, capfd)


@pytest.fixture(scope="session")
def plain_png() -> bytes:
    """An unmarked picture."""
    return encode(synthetic_picture(), None, Encoding.parse("png"), Metadata())


@pytest.fixture
def folder(tmp_path: Path, plain_png: bytes) -> Path:
    """A directory with two good pictures and one file that is none."""
    pictures = tmp_path / "pictures"
    (pictures / "below").mkdir(parents=True)
    (pictures / "a.png").write_bytes(plain_png)
    (pictures / "below" / "b.png").write_bytes(plain_png)
    (pictures / "notes.txt").write_text("not a picture")
    return pictures


@pytest.fixture(scope="session")
def own_workspace(workspace: Workspace) -> Path:
    """Path of the session's workspace."""
    return workspace.path
