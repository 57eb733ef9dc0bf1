"""The registry in PostgreSQL keeps the contract, with many writers too."""

from __future__ import annotations

import pytest
from conformance.many_writers import ManyWriters
from conformance.store_contract import StoreContract

from provenance.registry import open_store


class TestPostgresStore(StoreContract, ManyWriters):
    @pytest.fixture
    def address(self, postgres_url):
        return postgres_url

    @pytest.fixture
    def store(self, address):
        return open_store(address)

    @pytest.fixture
    def reopen(self, address):
        return lambda: open_store(address)
