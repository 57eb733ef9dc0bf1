"""Threads with a worker each, which keep what they did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from unit.audit.conftest import chunk_of
from unit.audit.test_parts import file_size_limit

from provenance.audit import parts
from provenance.audit.check import check
from provenance.audit.chunk import Chunk
from provenance.audit.isolate import Confinement
from provenance.audit.ledger import Ledger
from provenance.audit.run import LocalRun, Progress
from provenance.audit.worker import Orders
from provenance.errors import ErrorCode, ProvenanceError
from provenance.verify import Verifier


def chunks(folder: Path, count: int) -> list[Chunk]:
    made = []
    for number in range(count):
        below = folder / f"{number}"
        below.mkdir(parents=True)
        made.append(chunk_of(below, ["", ""]))
    return made


def a_run(ledger: Ledger, said: list[Progress], workers: int = 1) -> LocalRun:
    confinement = Confinement()
    return LocalRun(
        ledger=ledger,
        orders=Orders(verifier=Verifier(), memory=confinement.memory),
        confinement=confinement,
        workers=workers,
        report=said.append,
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "run", {}, chunks(tmp_path / "in", 3))


def test_everything_is_done_once(ledger: Ledger) -> None:
    said: list[Progress] = []
    a_run(ledger, said, workers=2).run()
    assert list(check(ledger)) == []
    assert sum(progress.rows for progress in said) == ledger.images == 6
    a_run(ledger, said).run()
    assert len(said) == 3


def test_one_that_is_stopped_keeps_what_was_begun(ledger: Ledger) -> None:
    said: list[Progress] = []
    run = a_run(ledger, said)
    run.report = lambda progress: (said.append(progress), run.stop())[0]
    run.run()
    assert run.stopped
    assert [number for number, _ in ledger.todo()] == [1, 2]
    a_run(ledger, said).run()
    assert list(check(ledger)) == []
    assert len(said) == 3


def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(ledger: Ledger) -> None:
    said: list[Progress] = []
    with file_size_limit(1000), pytest.raises(ProvenanceError) as caught:
        a_run(ledger, said).run()
    assert caught.value.code is ErrorCode.IO
    assert str(caught.value).count("\n") == 0
    assert not said
    assert parts.done(ledger.parts) == set()
    a_run(ledger, said).run()
    assert list(check(ledger)) == []


def test_a_second_run_at_the_same_time_is_refused(ledger: Ledger) -> None:
    with ledger.working(), pytest.raises(ProvenanceError) as caught:
        a_run(ledger, []).run()
    assert caught.value.code is ErrorCode.BUSY


def test_a_failure_of_the_report_is_raised_where_the_run_is(ledger: Ledger) -> None:
    run = a_run(ledger, [])

    def broken(_: Progress) -> None:
        raise BrokenPipeError

    run.report = broken
    with pytest.raises(BrokenPipeError):
        run.run()


def test_a_list_of_chunks_that_was_changed_ends_it(ledger: Ledger) -> None:
    path = ledger.directory / "chunks.jsonl"
    line = json.loads(path.read_text().splitlines()[0])
    path.write_text(json.dumps(line) + "\n")
    with pytest.raises(ProvenanceError, match="was changed"):
        a_run(ledger, []).run()
