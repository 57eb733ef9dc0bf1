"""The registry in SQLite keeps the contract, with many writers too."""

from __future__ import annotations

import pytest
from conformance.many_writers import ManyWriters
from conformance.store_contract import StoreContract

from provenance.registry import SqliteStore


class TestSqliteStore(StoreContract, ManyWriters):
    @pytest.fixture
    def address(self, tmp_path):
        return str(tmp_path / "registry.sqlite3")

    @pytest.fixture
    def store(self, address, tmp_path):
        return SqliteStore.create(tmp_path / "registry.sqlite3")

    @pytest.fixture
    def reopen(self, tmp_path):
        return lambda: SqliteStore(tmp_path / "registry.sqlite3")
