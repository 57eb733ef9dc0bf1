"""The rule that follows from the size of a run."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.audit.calibration import ALPHA, CONTENT_MATCH, MARKER_CHANCE, Looks, counts
from provenance.markers.public_payload import CHANCE
from provenance.watermark.statistics.bound import LOG10_THRESHOLD


def looks(number: int, log10_p: float = LOG10_THRESHOLD, shares: int = 1) -> Looks:
    return Looks(pictures=number, looks=number, expected=number * 10**log10_p, shares=shares)


@given(st.integers(1, 10**12), st.floats(-15, -5), st.integers(1, 1000))
def test_no_run_accepts_more_than_alpha(number: int, log10_p: float, shares: int) -> None:
    run = looks(number, log10_p, shares)
    accepted_at = min(log10_p, run.log10_threshold)
    # The union bound over all looks of all shares, at the threshold that is really used.
    assert number * shares * 10**accepted_at <= ALPHA * (1 + 1e-9)
    assert run.expected_accepted <= ALPHA
    assert run.expected_traced == run.expected_accepted * CONTENT_MATCH


def test_our_own_scheme_needs_no_more_up_to_a_thousand_million_looks() -> None:
    assert looks(10**9).log10_threshold == pytest.approx(LOG10_THRESHOLD)
    assert looks(10**8).log10_threshold > LOG10_THRESHOLD
    assert looks(10**10).log10_threshold < LOG10_THRESHOLD
    assert looks(10**8).expected_readings == pytest.approx(1e-4)


def test_shards_count_as_the_one_run_that_they_are() -> None:
    assert looks(10**6, shares=10).log10_threshold == looks(10**7).log10_threshold


def test_without_a_look_nothing_is_expected() -> None:
    run = Looks(pictures=0, looks=0, expected=0.0)
    assert (run.log10_threshold, run.expected_accepted, run.expected_markers) == (0, 0, 0)


def test_the_chance_of_public_watermarks_is_that_of_their_reader() -> None:
    assert MARKER_CHANCE == CHANCE
    run = looks(1_000_000)
    assert run.expected_markers == pytest.approx(10)
    assert run.marker_log10_threshold == pytest.approx(math.log10(ALPHA / 1e6))


@pytest.mark.parametrize(
    ("log10_p", "basis", "holds"),
    [
        (-20.0, ["watermark", "other"], True),
        (-9.0, ["watermark", "other"], True),
        (-8.9, ["watermark", "other"], False),
        (None, ["watermark", "other"], False),
        (None, ["metadata"], True),
        (-7.0, ["metadata", "watermark", "other"], True),
    ],
)
def test_what_counts(log10_p: float | None, basis: list[str], holds: bool) -> None:
    assert counts(log10_p, basis, -9.0) is holds
