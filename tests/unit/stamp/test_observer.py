"""What is told about a stamp, and what never is."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from support import pictures

from provenance import Encoding
from provenance.errors import CapacityError, ErrorCode
from provenance.model import RecordState
from provenance.stamp import Outcome, Stage
from provenance.stamp.observer import observed


class Seen:
    def __init__(self):
        self.events = []

    def observe(self, event):
        self.events.append(event)


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def stamper(bench, seen):
    return replace(bench.stamper, observer=seen)


def test_a_released_picture_is_told_with_every_stage(bench, stamper, seen, picture):
    encoding = Encoding.parse("jpeg")
    stamper.stamp(picture, bench.generation, encoding=encoding, to=bench.folder / "a.jpg")
    (event,) = seen.events
    assert (event.outcome, event.code) == (Outcome.RELEASED, None)
    assert (event.format, event.width, event.height) == ("jpeg", 256, 256)
    assert (event.system, event.scheme) == ("acme-images", stamper.scheme)
    assert list(event.seconds) == list(Stage)
    assert all(seconds >= 0 for seconds in event.seconds.values())
    assert event.total_seconds == sum(event.seconds.values())


def test_marking_and_signing_apart_are_told_apart(bench, stamper, seen, picture):
    stamper.sign(stamper.mark(picture, bench.generation))
    marked, signed = seen.events
    assert (marked.outcome, marked.format, marked.width) == (Outcome.MARKED, "", 256)
    assert (signed.outcome, signed.format, signed.width) == (Outcome.SIGNED, "png", 256)
    parts = {Stage.DECODE, Stage.LOOK, Stage.RESERVE, Stage.VERIFY}
    assert set(marked.seconds) == parts | {Stage.MARK, Stage.FINGERPRINT, Stage.COMMIT}
    assert set(signed.seconds) == set(Stage) - {Stage.MARK}


def test_a_failure_is_told_with_its_code_up_to_where_it_came(bench, stamper, seen):
    with pytest.raises(CapacityError):
        stamper.stamp(pictures.crop(16, 16), bench.generation)
    (event,) = seen.events
    assert (event.outcome, event.code) == (Outcome.FAILED, ErrorCode.LIMIT)
    assert list(event.seconds) == [Stage.DECODE]
    assert (event.width, event.height) == (16, 16)


@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt])
def test_a_defect_is_told_as_one(bench, stamper, seen, picture, kind):
    class Gate:
        def check(self):
            raise kind

    with pytest.raises(kind):
        replace(stamper, log=Gate()).stamp(picture, bench.generation)
    (event,) = seen.events
    assert (event.outcome, event.code) == (Outcome.FAILED, ErrorCode.INTERNAL)
    assert list(event.seconds) == [Stage.DECODE, Stage.LOOK, Stage.RESERVE]


def test_no_event_says_who_asked_for_what(bench, stamper, seen, picture):
    stamped = stamper.stamp(
        picture, bench.generation, name="secret-name.png", account="alice", request="job-77"
    )
    told = repr(seen.events)
    record = bench.workspace.store().find_by_id(stamped.record_id)
    for private in (
        stamped.record_id,
        str(stamped.mark_id),
        stamped.manifest_id,
        bench.stamper.pseudonyms.of("alice").pseudonym,
        record.file.sha256,
        "secret-name",
        "alice",
        "job-77",
        bench.generation.model,
    ):
        assert private not in told


def test_an_observer_that_fails_stops_nothing_and_is_logged_once(bench, picture, caplog):
    class Broken:
        def observe(self, event):
            raise RuntimeError("no connection")

    stamper = replace(bench.stamper, observer=Broken())
    with caplog.at_level(logging.ERROR):
        for _ in range(2):
            stamper.stamp(picture, bench.generation)
    assert bench.states() == {RecordState.RELEASED: 2}
    (record,) = caplog.records
    assert "Broken" in record.getMessage()
    assert "no connection" in caplog.text


def test_a_method_that_calls_another_is_told_once(bench, seen, picture):
    class Both:
        observer, system, scheme = seen, bench.stamper.system, bench.stamper.scheme

        @observed(Outcome.SIGNED)
        def outer(self):
            return self.inner()

        @observed(Outcome.MARKED)
        def inner(self):
            return 7

    assert Both().outer() == 7
    assert [event.outcome for event in seen.events] == [Outcome.SIGNED]


def test_threads_are_told_apart(bench, stamper, seen):
    images = [pictures.crop(256, width) for width in (256, 272, 288, 304)]
    stamper.stamp_batch(images, bench.generation, threads=4)
    assert sorted(event.width for event in seen.events) == [256, 272, 288, 304]
    assert all(list(event.seconds) == list(Stage) for event in seen.events)
