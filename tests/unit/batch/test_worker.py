"""What one worker does with one file, and what it makes of what was left there."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import pictures

from provenance import Encoding, Generation, Workspace
from provenance.batch import Orders, OutcomeKind, RunState, Task
from provenance.batch.worker import Hands, _refused
from provenance.errors import ErrorCode, InputError, LogError, ProvenanceError
from provenance.model import RecordState
from provenance.model.generation import Record
from provenance.stamp.picture import picture
from provenance.stamp.requests import request_of


@pytest.fixture
def owner(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "workspace")


@pytest.fixture
def hands(owner: Workspace, tmp_path: Path) -> Iterator[Hands]:
    settings = owner.settings.stamp
    orders = Orders(
        workspace=owner,
        generation=Generation(model="m"),
        encoding=Encoding.parse("png"),
        scheme=settings.scheme,
        formats=settings.formats,
        time_stamping=settings.time_stamping(),
    )
    working = RunState.working(tmp_path / "out", resume=True, settings=orders.settings())
    with working as (state, _):
        yield Hands(orders=orders, state=state, stamper=orders.stamper())


@pytest.fixture
def task(tmp_path: Path) -> Task:
    path = tmp_path / "a.png"
    path.write_bytes(pictures.file(pictures.crop(), "PNG"))
    return Task(path=path, target=tmp_path / "out" / "below" / "a.png", walked=True)


def reserved(hands: Hands, task: Task) -> Record:
    """What a worker leaves that dies after it has reserved a record."""
    data, stamper = task.path.read_bytes(), hands.stamper
    assert stamper.pseudonyms is not None
    assert stamper.system.id is not None
    request = request_of(
        stamper.pseudonyms,
        hands.state.request_of(Path("below/a.png"), data),
        stamper.system.id,
        picture(data, formats=stamper.formats),
        generation=hands.orders.generation,
        encoding=hands.orders.encoding,
        scheme=stamper.scheme,
        parents=(),
    )
    return stamper.store.reserve(
        system=stamper.system,
        epoch=0,
        scheme=stamper.scheme,
        generation=hands.orders.generation,
        id_bits=48,
        request=request,
    )


def test_a_record_that_a_dead_worker_reserved_is_void(hands: Hands, task: Task) -> None:
    left = reserved(hands, task)
    kind, record_id = hands.do(task)
    assert kind is OutcomeKind.STAMPED
    assert record_id != left.record_id
    found = hands.stamper.store.find_by_id(left.record_id)
    assert found is not None
    assert found.state is RecordState.VOID
    assert hands.do(task) == (OutcomeKind.SKIPPED, record_id)


def test_giving_up_leaves_no_open_record(hands: Hands, task: Task) -> None:
    reserved(hands, task)
    hands.give_up(task)
    count = hands.stamper.store.count()
    assert count[RecordState.VOID] == 1
    assert count[RecordState.RESERVED] == 0
    assert not task.target.exists()


def test_a_file_whose_place_or_content_changed_is_another_one(hands: Hands) -> None:
    ids = {
        hands.state.request_of(Path(place), data)
        for place, data in [("a", b"1"), ("a", b"2"), ("b", b"1"), ("a/b", b"1")]
    }
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (InputError("no image"), False),
        (LogError("old backup"), True),
        (ProvenanceError("x", code=ErrorCode.IO), False),
    ],
)
def test_whose_fault_it_is(error: ProvenanceError, ours: bool) -> None:
    assert _refused(error)[-1] is ours


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.ENAMETOOLONG])
def test_a_full_disk_is_no_fault_of_the_file(number: int) -> None:
    error = ProvenanceError("cannot write", code=ErrorCode.IO)
    error.__cause__ = OSError(number, "")
    assert _refused(error)[-1] is (number != errno.ENAMETOOLONG)
