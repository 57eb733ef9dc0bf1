"""What every registry that is shared does while several write to it at once."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

import pytest
from support import records
from support.records import SYSTEM, a_request

from provenance.model import RecordState
from provenance.registry import StoreRule

PROCESSES, THREADS, ROUNDS = 4, 8, 15


def in_processes(work, *arguments):
    """What each of several processes makes of it, none of them with an error."""
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        return pool.starmap(work, [arguments] * PROCESSES)


class ManyWriters(ABC):
    """Subclass it together with `StoreContract`, and say where the store lies."""

    @pytest.fixture
    @abstractmethod
    def address(self):
        """Where `store` lies, for `open_store`."""

    def test_several_processes_write_at_once(self, store, address):
        drawn = [
            value for part in in_processes(records.in_process, address, ROUNDS) for value in part
        ]
        assert len(set(drawn)) == PROCESSES * ROUNDS
        assert store.count()[RecordState.RELEASED] == PROCESSES * ROUNDS

    def test_several_processes_that_got_the_same_requests_make_one_record_of_each(
        self, store, address
    ):
        requests = [a_request() for _ in range(ROUNDS)]
        answers = in_processes(records.race_for, address, requests)
        assert all(answer == answers[0] for answer in answers)
        assert len(set(answers[0])) == ROUNDS
        for request, record_id in zip(requests, answers[0], strict=True):
            assert store.find_by_request(SYSTEM.id, request.key).record_id == record_id
        assert store.count()[RecordState.RELEASED] == ROUNDS
        assert store.sequence() == ROUNDS
        assert len(set(store.leaves(0, ROUNDS))) == ROUNDS
        assert store.broken_rules() == dict.fromkeys(StoreRule, ())

    @pytest.mark.parametrize("threads", [4, THREADS])
    def test_several_threads_share_one_store(self, store, address, threads):
        done = subprocess.run(
            [sys.executable, "-m", "support.records", address, str(threads), str(ROUNDS)],
            cwd=Path(records.__file__).parents[1],
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()[-500:]
        assert store.count()[RecordState.RELEASED] == threads * ROUNDS

    @pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
    def test_a_store_may_be_handed_to_a_forked_process(self, store):
        before = records.reserved(store)
        child = os.fork()
        if child == 0:
            found = False
            try:
                found = store.find_by_id(before.record_id) == before
                records.reserved(store)
            finally:
                os._exit(0 if found else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        records.reserved(store)
        assert store.count()[RecordState.RESERVED] == 3
