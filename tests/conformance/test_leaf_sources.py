"""The sources of leaves that tests use keep the contract too."""

from __future__ import annotations

import pytest
from conformance.leaf_source_contract import LeafSourceContract
from support.leaves import DiskSource, MemorySource


class TestMemorySource(LeafSourceContract):
    @pytest.fixture
    def source(self):
        return MemorySource()

    @pytest.fixture
    def issue(self, source):
        return source.issue

    @pytest.fixture
    def reopen(self, source):
        return lambda: source


class TestDiskSource(LeafSourceContract):
    @pytest.fixture
    def source(self, tmp_path):
        return DiskSource(tmp_path / "registry")

    @pytest.fixture
    def issue(self, source):
        return source.issue

    @pytest.fixture
    def reopen(self, source, tmp_path):
        return lambda: DiskSource(tmp_path / "registry")
