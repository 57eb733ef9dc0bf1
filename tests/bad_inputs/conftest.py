"""A lab for the whole session: a workspace, stamped pictures and a server that must stay idle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bad_inputs.lab import Files, Lab
from bad_inputs.server import IdleServer, serving


@pytest.fixture(scope="session")
def idle_server() -> Iterator[IdleServer]:
    """The server that the remote manifests of the lab point to."""
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, idle_server: IdleServer) -> Lab:
    """Keys, a workspace and stamped pictures."""
    return Lab.create(tmp_path_factory.mktemp("lab"), remote_url=idle_server.url)


@pytest.fixture
def files(tmp_path: Path, lab: Lab) -> Iterator[Files]:
    """Bad inputs, removed after the test: some are large."""
    folder = tmp_path / "in"
    folder.mkdir()
    yield Files(folder, lab)
    for path in folder.iterdir():
        path.unlink()
