"""Scores of records on a picture: what was kept from the last record changes nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.fingerprint.scores import (
    Question,
    _Placed,
    _windows,
    best_fit,
    best_window,
    window_may_reach,
)

STRIDE = 8


def features(seed, height=34, width=41):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 20, (height, width, 3)).astype(np.float32)


def trits(seed, height=32, width=32):
    return np.random.default_rng(seed).integers(-1, 2, (height, width, 3)).astype(np.int8)


def question(seed=1):
    return Question.of(features(seed), STRIDE, inverted=False)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(14, 40), st.integers(14, 40)), min_size=1, max_size=6))
def test_every_bit_is_that_of_a_fresh_question(shapes):
    used = question()
    for seed, (height, width) in enumerate(shapes):
        record = trits(seed, height, width)
        assert best_fit(used, record) == best_fit(question(), record)
        assert best_window(used, record) == best_window(question(), record)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([1, 5, 17]), st.integers(0, 30))
def test_windows_that_are_not_looked_at_closely_could_not_have_won(seed, grain, inside):
    """Also for smooth pictures, whose kappa is far above 1, and where a part does agree."""
    values = cv2.blur(features(seed), (grain, grain))
    record = np.sign(cv2.blur(features(seed + 1, 32, 32), (grain, grain))).astype(np.int8)
    values[:inside, :inside] = record[:inside, :inside]
    asked = Question.of(values, STRIDE, inverted=False)
    fits = [
        fit
        for top, left, window in _windows(record)
        if (fit := _Placed.of(asked, window, top=top, left=left).best())
    ]
    offsets = sum(fit.offsets for fit in fits)
    assert best_window(asked, record) == replace(max(fits, key=lambda f: f.z), offsets=offsets)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.sampled_from([1, 3, 9]), st.integers(0, 30), st.integers(14, 40))
def test_a_quick_look_never_misses_a_window(seed, grain, inside, width):
    """Where it says no, the best window is no better than that; it says no often enough."""
    values = cv2.blur(features(seed), (grain, grain))
    record = np.sign(cv2.blur(features(seed + 1, 32, width), (grain, grain))).astype(np.int8)
    inside = min(inside, width)
    values[:inside, :inside] = record[:inside, :inside]
    asked = Question.of(values, STRIDE, inverted=False)
    best = best_window(asked, record)
    log10_p = -math.inf if best is None else math.log10(best.offsets) - best.z**2 / 2 / math.log(10)
    for limit in (-1.0, -2.0, -4.0, -6.0):
        if best is not None and log10_p <= limit:
            assert window_may_reach(asked, record, limit)
    assert not window_may_reach(asked, record, -300.0)


def test_most_unrelated_pairs_need_no_second_look():
    looks = [window_may_reach(question(seed), trits(seed + 100), -2.0) for seed in range(50)]
    assert sum(looks) <= 10


def test_what_is_too_large_to_be_laid_out_is_looked_at_closely(monkeypatch):
    monkeypatch.setattr("provenance.fingerprint.scores._MOST_LAID_OUT", 1000)
    assert window_may_reach(question(), trits(1), -300.0)


def test_a_record_is_found_where_it_lies():
    record = trits(3, 24, 24)
    values = np.zeros((40, 40, 3), np.float32)
    values[8:32, 16:40] = 30 * record
    fit = best_fit(Question.of(values, STRIDE, inverted=False), record)
    assert (fit.row, fit.column) == (8, 16)
    assert fit.agreement == pytest.approx(1.0)
    assert fit.z > 20


def test_inverted_tones_are_undone():
    upside_down = Question.of(-features(1), STRIDE, inverted=True)
    assert np.array_equal(upside_down.soft, question(1).soft)


def test_a_record_too_small_for_windows_has_none():
    assert best_window(question(), trits(1, 12, 12)) is None


def test_nothing_in_common_is_no_fit():
    assert best_fit(Question.of(np.zeros((30, 30, 3), np.float32), STRIDE, inverted=False),
                    trits(1)) is None  # fmt: skip
