"""`lattice-1`: the laws of its code, its bound and its geometry."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from support import copies, marks

from provenance.watermark import Depth
from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import FULL_BAND, TILE, lattice, shifted, tile
from provenance.watermark.coding.convolutional import RATE, UNKNOWN, decode, encode, interleave
from provenance.watermark.reading.filter import whiten
from provenance.watermark.reading.soft import score, soft_values
from provenance.watermark.statistics.bound import log10_chance, required_score

GRID = lattice(FULL_BAND)
SIDE = 512

lengths = st.sampled_from([12, 24, 56, 96])
seeds = st.integers(0, 2**32 - 1)


def blocks(length):
    return arrays.arrays(np.uint8, length, elements=st.integers(0, 1))


pairs = lengths.flatmap(lambda n: st.tuples(blocks(n), blocks(n)))


def clean(code):
    return (1 - 2 * code.astype(np.float32)).reshape(-1, RATE)


def lines(seed):
    rng = np.random.default_rng(seed)
    parts = rng.normal(size=(2, len(GRID.kx)))
    return (parts[0] + 1j * parts[1]).astype(np.complex64)


# --- the code ---------------------------------------------------------------------------------


@given(pairs)
def test_the_code_is_linear(pair):
    one, other = pair
    assert np.array_equal(encode(one ^ other), encode(one) ^ encode(other))


@given(pairs, st.integers(0, 95))
def test_a_rotated_block_has_a_rotated_code(pair, turns):
    block, _ = pair
    assert np.array_equal(encode(np.roll(block, turns)), np.roll(encode(block), RATE * turns))


@given(pairs)
def test_different_blocks_have_different_codes(pair):
    one, other = pair
    assert np.array_equal(encode(one), encode(other)) is np.array_equal(one, other)


@settings(max_examples=25)
@given(st.sampled_from([56, 96]).flatmap(blocks), st.data())
def test_any_block_is_decoded_in_spite_of_a_few_wrong_code_bits(block, data):
    """Sixteen is half of the free distance, wherever they are."""
    places = st.lists(st.integers(0, RATE * len(block) - 1), max_size=16, unique=True)
    code = encode(block)
    code[data.draw(places)] ^= 1
    assert np.array_equal(decode(clean(code), np.full(len(block), UNKNOWN, np.int8)), block)


@settings(max_examples=25)
@given(seeds, st.sampled_from([56, 96]), st.data())
def test_what_is_known_is_never_decoded_otherwise(seed, length, data):
    elements = st.sampled_from([UNKNOWN, 0, 1])
    known = data.draw(arrays.arrays(np.int8, length, elements=elements))
    noise = np.random.default_rng(seed).normal(size=(length, RATE)).astype(np.float32)
    found = decode(noise, known)
    assert set(np.unique(found)) <= {0, 1}
    assert np.array_equal(found[known != UNKNOWN], known[known != UNKNOWN])


@given(st.integers(1, 200), st.data())
def test_interleaving_is_a_permutation_that_spreads_evenly(bits, data):
    known = data.draw(st.integers(0, bits))
    order = interleave(bits, known)
    assert np.array_equal(np.sort(order), np.arange(bits))
    for part in (order[order < known], order[order >= known]):
        assert (np.diff(part) > 0).all()
    places = np.flatnonzero(order < known)
    if known:
        gaps = np.diff(np.append(places, places[0] + bits))
        assert gaps.max() - gaps.min() <= 1


# --- the bound ----------------------------------------------------------------------------------

scores = st.floats(0, 60)
words = st.integers(0, 96)
trials = st.integers(1, 10**9)


@given(scores, scores, words, trials)
def test_a_higher_score_is_never_more_likely_by_chance(one, other, count, tried):
    low, high = sorted((one, other))
    chance = [log10_chance(z, words=count, trials=tried) for z in (low, high)]
    assert chance[1] <= chance[0] <= 0


@given(scores, words, words, trials, trials)
def test_more_words_or_trials_are_never_less_likely_by_chance(z, one, other, first, second):
    few = log10_chance(z, words=min(one, other), trials=min(first, second))
    many = log10_chance(z, words=max(one, other), trials=max(first, second))
    assert few <= many


@given(words, trials, st.floats(-300, -0.5))
def test_the_required_score_is_where_the_bound_is_met(count, tried, threshold):
    z = required_score(words=count, trials=tried, log10_threshold=threshold)
    assert log10_chance(z, words=count, trials=tried) == pytest.approx(threshold, abs=1e-6)


@settings(max_examples=20)
@given(arrays.arrays(np.float64, 10, elements=st.floats(-100, 100)), st.floats(0.1, 3.2))
def test_no_weights_let_fair_signs_exceed_hoeffdings_bound(weights, t):
    """All 1,024 signs are counted: the bound holds for any weights at all."""
    norm = np.linalg.norm(weights)
    assume(norm > 1e-6)
    signs = 1 - 2 * ((np.arange(1024)[:, None] >> np.arange(10)) & 1)
    assert (signs @ weights / norm >= t + 1e-9).mean() <= math.exp(-t * t / 2)


# --- carriers and reading ---------------------------------------------------------------------


@given(st.integers(32, 30_000), st.integers(32, 30_000))
def test_every_frame_has_the_same_area(width, height):
    columns, rows = frame.size(width, height)
    exact = frame.scale(width, height)
    assert abs(columns - max(8, width * exact)) <= 0.5
    assert abs(rows - max(8, height * exact)) <= 0.5
    assert frame.size(height, width) == (rows, columns)


@settings(max_examples=20)
@given(seeds, st.integers(-500, 500), st.integers(-500, 500))
def test_moving_the_tile_turns_its_lines(seed, dx, dy):
    values = lines(seed)
    moved = np.roll(tile(values, GRID), (-dy, -dx), axis=(0, 1))
    assert np.allclose(tile(shifted(values, GRID, dx=dx, dy=dy), GRID), moved, atol=2e-3)


@settings(max_examples=30)
@given(
    arrays.arrays(np.uint8, st.tuples(st.integers(8, 40), st.integers(8, 40))),
)
def test_the_filter_is_bounded_whatever_comes_in(pixels):
    made = whiten(pixels.astype(np.float32))
    assert np.isfinite(made).all()
    assert np.abs(made).max() <= 9


@settings(max_examples=30)
@given(seeds, st.floats(1e-3, 1e3))
def test_no_score_exceeds_the_root_of_the_number_of_values(seed, factor):
    values = soft_values(np.complex64(factor) * lines(seed), GRID)
    signs = np.where(values < 0, -1, 1).astype(np.float32)
    best = score([values], signs[None])
    assert 0 < best <= math.sqrt(len(values)) + 1e-3
    assert score([values], -signs[None]) == pytest.approx(-best)


# --- detection: any similarity ------------------------------------------------------------------


@settings(max_examples=20)
@given(
    degrees=st.floats(-180, 180),
    scale=st.floats(0.75, 1.5),
    x=st.floats(-90, 90),
    y=st.floats(-90, 90),
    mirrored=st.booleans(),
    inverted=st.booleans(),
)
def test_any_similar_copy_is_read_and_located(degrees, scale, x, y, mirrored, inverted):
    rgb, payload = marks.sample("kitchen.png", SIDE, SIDE)
    width, height = 400, 420
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    turn = turn @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    middle = np.array([width - 1, height - 1]) / 2
    to_original = np.column_stack([turn, (SIDE - 1) / 2 + np.array([x, y]) - turn @ middle])
    copy = copies.warped(rgb, to_original, width, height)
    found = marks.detect(255 - copy if inverted else copy, payload)
    assert found.payload == payload
    geometry = found.geometry
    # In this frame canonical pixels are pixels of the original.
    points = np.array([[0, 0], [width - 1, 0], [0, height - 1], middle, [width - 1, height - 1]])
    matrix = np.array([[geometry.xx, geometry.xy], [geometry.yx, geometry.yy]])
    stated = points @ matrix.T + [geometry.dx, geometry.dy]
    apart = stated - (points @ to_original[:, :2].T + to_original[:, 2])
    apart = np.mod(apart + TILE / 2, TILE) - TILE / 2
    assert np.abs(apart).max() < 1
    assert np.abs(apart[3]).max() < 0.6
    assert geometry.mirrored is mirrored
    assert geometry.inverted is inverted
    assert geometry.scale == pytest.approx(1 / scale, rel=0.005)


@settings(max_examples=20)
@given(
    arrays.arrays(np.uint8, st.tuples(st.integers(32, 90), st.integers(32, 90), st.just(3))),
    st.sampled_from([Depth.FAST, Depth.STANDARD]),
)
def test_no_picture_makes_a_detection_fail_or_read_a_payload(pixels, depth):
    assert marks.SCHEME.detect(pixels, marks.RING, depth=depth).payload is None
