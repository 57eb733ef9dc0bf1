"""Fixtures that every test may use."""

from __future__ import annotations

import pytest

from provenance import Workspace


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One workspace for all tests that only add records to it."""
    return Workspace.create(
        tmp_path_factory.mktemp("session") / "workspace", system_name="test-system"
    )
