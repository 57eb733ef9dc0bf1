"""The registry in SQLite is a source of leaves like any other."""

from __future__ import annotations

import pytest
from conformance.leaf_source_contract import LeafSourceContract
from support.records import issued_file, reserved

from provenance.registry import SqliteStore


class TestSqliteLeaves(LeafSourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return SqliteStore.create(tmp_path / "registry.sqlite3")

    @pytest.fixture
    def issue(self, source):
        def made(count):
            records = [
                source.issue(reserved(source).record_id, issued_file()) for _ in range(count)
            ]
            return [source.commitment_of(record.record_id) for record in records]

        return made

    @pytest.fixture
    def reopen(self, source):
        return lambda: SqliteStore(source.path)
