"""Requests, whatever database the registry is in."""

from __future__ import annotations

from functools import partial

import pytest
from conformance.request_contract import RequestContract

from provenance.registry import SqliteStore, open_store


class TestSqliteRequests(RequestContract):
    @pytest.fixture
    def opener(self, tmp_path):
        SqliteStore.create(tmp_path / "registry.sqlite3")
        return partial(SqliteStore, tmp_path / "registry.sqlite3")


class TestPostgresRequests(RequestContract):
    @pytest.fixture
    def opener(self, postgres_url):
        return partial(open_store, postgres_url)
