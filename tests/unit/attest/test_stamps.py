"""Time stamps of checkpoints: the log, a real authority, and what happens without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import tsa
from support.leaves import NOON, MemorySource, make_log

from provenance.attest import TimeStamps
from provenance.errors import TimeStampError
from provenance.keys import TimeStamping, TimeStampMode
from provenance.log import IssuanceLog, token_in
from provenance.model.trust import TimeStampStatus
from provenance.trust import TrustStore


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tsa.Authority]:
    tsa.need_openssl()
    with tsa.authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture(autouse=True)
def answering(authority: tsa.Authority) -> Iterator[None]:
    yield
    authority.answer = None


def unavailable(handler: object, _: bytes) -> None:
    tsa.reply(handler, b"", status=503)


def stamped_log(
    folder: Path, authority: tsa.Authority, mode: TimeStampMode, trust: TrustStore | None = None
) -> tuple[MemorySource, IssuanceLog]:
    source = MemorySource()
    stamps = TimeStamps(
        time_stamping=authority.asked(mode), trust=authority.trust if trust is None else trust
    )
    log = make_log(folder, source, time_stamps=stamps)
    source.issue(3)
    return source, log


def test_a_checkpoint_is_stamped_and_the_stamp_is_over_its_text(
    tmp_path: Path, authority: tsa.Authority
) -> None:
    source, log = stamped_log(tmp_path, authority, TimeStampMode.REQUIRE)
    published = log.publish(NOON)
    assert published.problem == ""
    token = token_in(published.checkpoint.time_stamp)
    text = published.checkpoint.note.partition(b"\n\n")[0] + b"\n"
    assert token is not None
    assert log.time_stamps is not None
    evidence = log.time_stamps.examine(token, text)
    assert (evidence.status, evidence.authority) == (TimeStampStatus.TRUSTED, tsa.NAME)
    assert log.fsck() == []
    other = log.time_stamps.examine(token, text.replace(b"\n3\n", b"\n4\n"))
    assert other.status is TimeStampStatus.INVALID
    asked = len(authority.queries)
    log.publish(NOON)
    assert len(authority.queries) == asked  # one is enough
    unlisted = TimeStamps(time_stamping=TimeStamping(), trust=TrustStore())
    elsewhere = make_log(tmp_path, source, time_stamps=unlisted)
    assert [item.detail for item in elsewhere.fsck()] == ["its time stamp is UNTRUSTED"]


def test_without_a_required_stamp_nothing_is_published_and_the_next_call_gets_it(
    tmp_path: Path, authority: tsa.Authority
) -> None:
    source, log = stamped_log(tmp_path, authority, TimeStampMode.REQUIRE)
    authority.answer = unavailable
    for _ in range(2):
        with pytest.raises(TimeStampError):
            log.publish(NOON)
    assert source.newest_checkpoint() is None
    assert not (log.directory / "checkpoint").exists()
    log.check()  # stamping goes on
    authority.answer = None
    assert log.publish(NOON).checkpoint.time_stamp
    assert log.fsck() == []


def test_a_stamp_that_is_only_wished_for_is_had_later(
    tmp_path: Path, authority: tsa.Authority
) -> None:
    source, log = stamped_log(tmp_path, authority, TimeStampMode.RECORD)
    authority.answer = unavailable
    published = log.publish(NOON)
    assert "503" in published.problem
    assert published.checkpoint.time_stamp == b""
    assert log.fsck() == []
    authority.answer = None
    again = log.publish(NOON)
    assert again.checkpoint.note == published.checkpoint.note
    assert source.stored[3].time_stamp == again.checkpoint.time_stamp != b""


def test_a_stamp_of_an_authority_on_no_list_does_not_count(
    tmp_path: Path, authority: tsa.Authority
) -> None:
    source, log = stamped_log(tmp_path, authority, TimeStampMode.REQUIRE, TrustStore())
    with pytest.raises(TimeStampError, match="UNTRUSTED"):
        log.publish(NOON)
    assert source.stored == {}


def test_nobody_is_asked_unless_configured(tmp_path: Path, authority: tsa.Authority) -> None:
    asked = len(authority.queries)
    _, log = stamped_log(tmp_path, authority, TimeStampMode.OFF)
    assert log.publish(NOON).checkpoint.time_stamp == b""
    assert len(authority.queries) == asked
    with pytest.raises(TimeStampError, match="no time-stamping authority"):
        TimeStamps(time_stamping=TimeStamping(), trust=TrustStore()).token(b"x")
