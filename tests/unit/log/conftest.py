"""Fixtures for tests of the issuance log."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes end in these tests, machines do not; `test_files.py` looks at what is synced."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
