"""One request, one record, whatever the registry is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from support import pictures
from support.requests import GENERATION, PROCESSES, at_once

from provenance.errors import ErrorCode, RegistryError, RequestError
from provenance.model import RecordState
from provenance.stamp import Requests

NAMES = ("one", "two", "three")


class RequestContract(ABC):
    """Subclass it, and say how the registry is opened."""

    @pytest.fixture
    @abstractmethod
    def opener(self):
        """Opens one and the same empty store; can be pickled and called in another process."""

    @pytest.fixture
    def stamper(self, workspace, opener):
        return replace(
            workspace.stamper(),
            store=opener(),
            requests=Requests(wait_s=0.2, poll_s=0.01),
        )

    @pytest.mark.parametrize("where", ["memory", "one file"])
    def test_many_processes_with_one_request_get_one_record(
        self, workspace, opener, tmp_path, where
    ):
        folder = None if where == "memory" else tmp_path / "out"
        if folder:
            folder.mkdir()
        answers = at_once(workspace.path, opener, NAMES, folder)
        assert len(answers) == PROCESSES
        assert all(answer == answers[0] for answer in answers)
        assert len({record_id for record_id, _ in answers[0]}) == len(NAMES)
        store = opener()
        counts = {state: number for state, number in store.count().items() if number}
        assert counts == {RecordState.RELEASED: len(NAMES)}
        assert not any(store.broken_rules().values())
        for record_id, sha256 in answers[0]:
            assert store.find_by_id(record_id).file.sha256 == sha256
        if folder:
            assert sorted(p.name for p in folder.iterdir()) == sorted(f"{n}.png" for n in NAMES)

    def test_an_id_that_was_used_for_another_input_is_refused(self, stamper):
        stamper.stamp(pictures.crop(), GENERATION, request="one")
        with pytest.raises(RequestError) as caught:
            stamper.stamp(pictures.crop(top=1), GENERATION, request="one")
        assert caught.value.code is ErrorCode.REQUEST
        assert stamper.store.count()[RecordState.RELEASED] == 1
        assert stamper.store.unfinished(datetime.now(UTC)) == ()

    def test_whoever_is_at_work_is_waited_for_but_not_for_ever(self, stamper, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(type(stamper.store), "void", lambda *_: None)
            patch.setattr(type(stamper.store), "issue", _dies)
            with pytest.raises(KeyboardInterrupt):
                stamper.stamp(pictures.crop(), GENERATION, request="one")
        with pytest.raises(RegistryError) as caught:
            stamper.stamp(pictures.crop(), GENERATION, request="one")
        assert caught.value.code is ErrorCode.BUSY
        (left,) = stamper.store.unfinished(datetime.now(UTC))
        stamper.store.void(left.record_id)  # as the sweeper does
        assert stamper.stamp(pictures.crop(), GENERATION, request="one").record_id != left.record_id


def _dies(*_):
    raise KeyboardInterrupt
