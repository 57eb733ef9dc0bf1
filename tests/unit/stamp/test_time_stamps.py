"""Stamping with time stamps: required, recorded, or not asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support import pictures, tsa

from provenance.errors import TimeStampError
from provenance.keys import TimeStampMode
from provenance.model import RecordState, TimeStampOutcome, TimeStampStatus

pytestmark = tsa.openssl_needed
PICTURE = pictures.crop()
MODES = (TimeStampMode.RECORD, TimeStampMode.REQUIRE)


@pytest.fixture
def authority(tmp_path):
    folder = tmp_path / "tsa"
    folder.mkdir()
    with tsa.authority(folder) as running:
        yield running


def stamping(bench, authority, mode, *, listed=True):
    """The stamper, asking that authority; its root is on a list, or not."""
    stamper = bench.stamper
    trust = stamper.trust + authority.trust if listed else stamper.trust
    return replace(stamper, trust=trust, time_stamping=authority.asked(mode, seconds=2))


def stamp(bench, stamper):
    return stamper.stamp(PICTURE, bench.generation, to=bench.target)


def recorded(bench, stamped):
    return bench.workspace.store().find_by_id(stamped.record_id).file.time_stamp


@pytest.mark.parametrize("mode", MODES)
def test_the_time_stamp_is_in_the_file_the_result_and_the_record(bench, authority, mode):
    stamper = stamping(bench, authority, mode)
    made = stamp(bench, stamper)
    assert made.time_stamp.outcome is TimeStampOutcome.STAMPED
    assert tsa.NAME in made.time_stamp.detail
    assert recorded(bench, made) == made.time_stamp
    verifier = replace(bench.workspace.verifier(), trust=stamper.trust)
    evidence = verifier.verify(bench.target).evidence
    assert evidence.manifest.time_stamp.status is TimeStampStatus.TRUSTED
    assert evidence.manifest.time_stamp.time in made.time_stamp.detail


@pytest.mark.parametrize("answer", ["server error", "unlisted"])
def test_a_required_time_stamp_that_is_missing_releases_nothing(bench, authority, answer):
    if answer == "server error":
        authority.answer = lambda handler, _: tsa.reply(handler, b"", status=503)
    stamper = stamping(bench, authority, TimeStampMode.REQUIRE, listed=answer != "unlisted")
    with pytest.raises(TimeStampError) as caught:
        stamp(bench, stamper)
    assert "\n" not in str(caught.value)
    assert bench.left_behind() == []
    assert bench.states() == {RecordState.VOID: 1}


@pytest.mark.parametrize("answer", ["server error", "unlisted"])
def test_a_recorded_failure_is_stated_in_the_result_and_the_record(bench, authority, answer):
    if answer == "server error":
        authority.answer = lambda handler, _: tsa.reply(handler, b"", status=503)
    stamper = stamping(bench, authority, TimeStampMode.RECORD, listed=answer != "unlisted")
    made = stamp(bench, stamper)
    assert made.time_stamp.outcome is TimeStampOutcome.FAILED
    assert {"server error": "status 503", "unlisted": "no time-stamping list"}[answer] in (
        made.time_stamp.detail
    )
    assert recorded(bench, made) == made.time_stamp
    assert bench.states() == {RecordState.RELEASED: 1}


def test_off_is_the_default_and_asks_nobody(bench, authority):
    made = stamp(bench, bench.stamper)
    off = stamping(bench, authority, TimeStampMode.OFF)
    again = off.stamp(PICTURE, bench.generation)
    assert authority.queries == []
    for result in (made, again):
        assert result.time_stamp.outcome is TimeStampOutcome.NOT_ASKED
        assert recorded(bench, result) == result.time_stamp
