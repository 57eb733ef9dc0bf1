"""The registry in SQLite keeps the contract, with many writers too."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conformance.store_contract import StoreContract
from support import records

from provenance.model import RecordState
from provenance.registry import SqliteStore

PROCESSES, THREADS, ROUNDS = 4, 8, 15


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "registry.sqlite3"

    @pytest.fixture
    def store(self, path):
        return SqliteStore.create(path)

    @pytest.fixture
    def reopen(self, path):
        return lambda: SqliteStore(path)

    def test_several_processes_write_at_once(self, store, path):
        context = multiprocessing.get_context("spawn")
        with context.Pool(PROCESSES) as pool:
            work = [(str(path), ROUNDS)] * PROCESSES
            drawn = [value for part in pool.starmap(records.in_process, work) for value in part]
        assert len(set(drawn)) == PROCESSES * ROUNDS
        assert store.count()[RecordState.RELEASED] == PROCESSES * ROUNDS

    def test_several_threads_share_one_store(self, store, path):
        done = subprocess.run(
            [sys.executable, "-m", "support.records", str(path), str(THREADS), str(ROUNDS)],
            cwd=Path(records.__file__).parents[1],
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()[-500:]
        assert store.count()[RecordState.RELEASED] == THREADS * ROUNDS

    def test_as_many_threads_as_there_are_connections_share_one_store(self, store, path):
        command = [sys.executable, "-m", "support.records", str(path), "4", str(ROUNDS)]
        folder = Path(records.__file__).parents[1]
        subprocess.run(command, cwd=folder, check=True, timeout=120)
        assert store.count()[RecordState.RELEASED] == 4 * ROUNDS

    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_store_may_be_handed_to_a_forked_process(self, store):
        before = records.reserved(store)
        child = os.fork()
        if child == 0:
            try:
                found = store.find_by_id(before.record_id) == before
                records.reserved(store)
            finally:
                os._exit(0 if found else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        records.reserved(store)
        assert store.count()[RecordState.RESERVED] == 3
