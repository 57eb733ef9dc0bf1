"""Moments: one way to write them, and no guesses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from provenance.errors import ArgumentError
from provenance.trust import moment_text, parse_moment

MOMENT = datetime(2026, 11, 22, 19, 24, 46, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T19:24:46Z", "2026-11-22t19:24:46z", "2026-11-22T19:24:46+00:00"],
)
def test_a_moment_in_utc_is_read(text):
    assert parse_moment(text) == MOMENT


def test_fractions_of_a_second_are_kept():
    assert parse_moment("2026-11-22T19:24:46.5Z") == MOMENT + timedelta(seconds=0.5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "2026-11-22T19:24:46",
        "2026-11-22 19:24:46Z",
        "2026-11-22T19:24:46+01:00",
        "2026-13-22T19:24:46Z",
        "2026-02-30T19:24:46Z",
        "20261122T192446Z",
        "2026-11-22T19:24Z",
        "2026-11-22T19:24:46Z ",
        "2026-11-22T19:24:46Z\n",
        "\u0662026-11-22T19:24:46Z",
    ],
)
def test_everything_else_is_refused_with_an_example(text):
    with pytest.raises(ArgumentError) as caught:
        parse_moment(text)
    assert "2026-11-22T19:24:46Z" in caught.value.hint
    assert "\n" not in str(caught.value)


def test_what_is_written_can_be_read():
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert moment_text(elsewhere) == "2026-11-22T19:24:46Z"
    assert parse_moment(moment_text(elsewhere)) == MOMENT
