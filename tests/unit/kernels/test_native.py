"""The compiled loops do what the Python code beside them does, and refuse wrong sizes."""

from __future__ import annotations

import os
import shutil
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from provenance.fingerprint import pdq
from provenance.imaging import quality
from provenance.kernels import native
from provenance.markers import public_glance
from provenance.watermark.carriers.lattice import FULL_BAND
from provenance.watermark.coding import convolutional
from provenance.watermark.reading import filter as filters
from provenance.watermark.schemes.lattice import residual
from provenance.watermark.sync import candidates, glance

if native is None and "CI" in os.environ and shutil.which("cc"):
    pytest.fail("there is a C compiler, and the kernels were not built", pytrace=False)
pytestmark = pytest.mark.skipif(native is None, reason="the kernels were not built")

SIDES = st.integers(1, 40)
SEEDS = st.integers(0, 2**32 - 1)


def without(module, function):
    """What a function returns where nothing is compiled."""
    with patch.object(module, "native", None):
        return function()


def pixels(shape, seed, spread):
    """A picture between a flat one and noise of the whole range."""
    values = np.random.default_rng(seed).normal(128, spread, shape)
    return np.clip(values, 0, 255).astype(np.uint8)


@given(st.integers(1, 90), st.integers(1, 90), SIDES, SIDES, st.sampled_from([1, 2]), SEEDS)
def test_added(height, width, rows, columns, planes, seed):
    rgb = pixels((height, width, 3), seed, 90)
    given = np.random.default_rng(seed).normal(0, 9, (rows, min(columns, width), planes))
    given = given.astype(np.float32)
    made = residual.add(rgb, given)
    assert np.array_equal(made, without(residual, lambda: residual.add(rgb, given)))


def test_added_to_parts_of_a_picture():
    rgb = pixels((700, 640, 3), 1, 60)[:650, 20:620]
    given = np.random.default_rng(1).normal(0, 3, (400, 500, 3)).astype(np.float32)[..., 1:]
    made = residual.add(rgb, given)
    assert np.array_equal(made, without(residual, lambda: residual.add(rgb, given)))


@given(SIDES, SIDES, SEEDS, st.sampled_from([0.5, 3, 40, 900]))
def test_waves_of_blocks(rows, columns, seed, spread):
    half = pixels((4 * rows, 4 * columns, 3), seed, spread)
    made = public_glance._waves(half)
    assert np.array_equal(made, without(public_glance, lambda: public_glance._waves(half)))


def test_waves_of_every_chroma():
    steps = np.arange(256, dtype=np.uint8)
    red, green, blue = np.meshgrid(steps[::4], steps[::5], steps, indexing="ij")
    colours = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    half = np.ascontiguousarray(colours[: len(colours) // 64 * 64].reshape(-1, 64, 3)[:13312])
    made = public_glance._waves(half)
    assert np.array_equal(made, without(public_glance, lambda: public_glance._waves(half)))


@given(
    st.integers(1, 70),
    st.integers(1, 600),
    st.sampled_from([1, 2]),
    st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=70), min_size=1, max_size=4),
    SEEDS,
)
def test_sums_of_payloads(rows, columns, every, bits, seed):
    blocks = public_glance._Blocks(rows, columns, every)
    count = len(blocks.of(np.zeros(1)))
    waves = np.random.default_rng(seed).integers(-33792, 33793, (count, 2, 8), dtype=np.int32)

    def sums():
        return public_glance._sums(waves, tuple(map(tuple, bits)), blocks)

    for made, expected in zip(sums(), without(public_glance, sums), strict=True):
        assert np.array_equal(made, expected)


@given(SIDES, SIDES, SEEDS, st.sampled_from([0.5, 3, 40, 900]))
def test_whitened(height, width, seed, spread):
    plane = pixels((height, width), seed, spread).astype(np.float32)
    made = filters.whiten(plane)
    assert np.array_equal(made, without(filters, lambda: filters.whiten(plane)))


@given(st.integers(1, 300), st.integers(1, 300), SEEDS, st.sampled_from([3, 900]))
def test_sampled_rows(height, width, seed, spread):
    rgb = pixels((height, width, 3), seed, spread)
    made = pdq._rows(rgb)
    assert np.array_equal(made, without(pdq, lambda: pdq._rows(rgb)))


def test_sampled_rows_of_white_and_of_parts_of_a_picture():
    white = np.full((900, 70, 3), 255, dtype=np.uint8)
    assert np.array_equal(pdq._rows(white), without(pdq, lambda: pdq._rows(white)))
    part = pixels((200, 300, 3), 1, 60)[3:190, 5:250]
    assert np.array_equal(pdq._rows(part), without(pdq, lambda: pdq._rows(part)))


@given(st.integers(2, 90), st.integers(2, 90), SEEDS, st.sampled_from([0.5, 3, 40, 900]))
def test_half_luma(height, width, seed, spread):
    rgb = pixels((height, width, 3), seed, spread)
    made = glance._half_luma(rgb)
    assert np.array_equal(made, without(glance, lambda: glance._half_luma(rgb)))


@pytest.mark.parametrize(("dtype", "factor"), [(np.uint8, 25), (np.float32, 1)])
@given(SEEDS)
def test_shifted_sums(dtype, factor, seed):
    power = np.minimum(np.random.default_rng(seed).exponential(1, (384, 384)), 10) * factor
    polar = power.astype(dtype)

    def found():
        return candidates.similarities(polar, FULL_BAND, 5)

    assert np.array_equal(found(), without(candidates, found))


@given(arrays(np.uint16, (9, 12)), st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5))))
def test_shifted_sums_of_any_place(plane, places):
    shifts = np.array(places[:64], dtype=np.int32).reshape(-1, 2)
    out = np.ones((5, 7), dtype=np.uint16)
    native.shifted_sum(plane, shifts, out, 12, 7, 2)
    expected = np.zeros((5, 7), dtype=np.uint16)
    for row, column in shifts:
        expected += plane[row : row + 5, column : column + 7]
    assert np.array_equal(out, expected)


@given(st.integers(1, 200), SIDES, SEEDS, st.sampled_from([0.5, 3, 40, 900]))
def test_structural_similarity(height, width, seed, spread):
    before = pixels((height, width, 3), seed, 40)
    after = pixels((height, width, 3), seed + 1, spread) // 2 + before // 2
    made = quality.ssim(before, after)
    assert made == without(quality, lambda: quality.ssim(before, after))
    assert quality.ssim(before, before) == 1


def test_structural_similarity_of_parts_of_a_picture():
    before, after = (pixels((300, 400, 3), seed, 60)[7:270, 20:333] for seed in (1, 2))
    assert quality.ssim(before, after) == without(quality, lambda: quality.ssim(before, after))


@pytest.mark.parametrize("whole", [False, True], ids=["any evidence", "ties"])
@given(st.integers(1, 100), SEEDS, st.sampled_from([0, 0.25, 1]))
def test_viterbi(whole, length, seed, share):
    rng = np.random.default_rng(seed)
    soft = rng.normal(0, 2, (length, convolutional.RATE)).astype(np.float32)
    if whole:
        soft = np.round(soft)
    bits = rng.integers(0, 2, length)
    known = np.where(rng.random(length) < share, bits, convolutional.UNKNOWN).astype(np.int8)

    def block():
        return convolutional.decode(soft, known)

    made = block()
    assert np.array_equal(made, without(convolutional, block))
    assert np.array_equal(made[known >= 0], known[known >= 0])


def zeros(*shape, dtype=np.float32):
    return np.zeros(shape, dtype=dtype)


def whole(*shape):
    return np.zeros(shape, dtype=np.int32)


CIRCLE = whole(2, 511)
BITS = zeros(5, dtype=np.uint8)
LENGTHS = np.array([2, 3], dtype=np.int32)
SUMS = zeros(3, 16, dtype=np.int64)
HALF = zeros(8, 8, 3, dtype=np.uint8)
TAPS = whole(4, 8)
WEIGHTS = zeros(4, 8)
ADDED = (HALF, zeros(8, 8, 2), TAPS, WEIGHTS, TAPS, WEIGHTS, HALF.copy())
SIZES = (8, 8, 8, 8, 2, 0.5, 0.5)


def added(place, other, sizes=SIZES):
    """Arguments of which one is wrong."""
    return ("added", *ADDED[:place], other, *ADDED[place + 1 :], *sizes)


WINDOW = quality._WEIGHTS
TOTAL = zeros(1, dtype=np.int64)


def similarity(first, second, weights, out, *, height=8, width=8):
    return ("structural_similarity", first, second, weights, out, height, width, 6.5, 58.5)


FILTER = (4, 32, 7, 6, 51200.0)
SHIFTS = zeros(1, 2, dtype=np.int32)
KNOWN = zeros(12, dtype=np.int8)
BRANCHES = zeros(2048, dtype=np.uint8)
BLOCK = zeros(12, dtype=np.uint8)
WRONG = {
    "added: rgb": added(0, HALF[:7].copy()),
    "added: residual": added(1, zeros(8, 7, 2)),
    "added: across": added(2, TAPS[:3].copy()),
    "added: before": added(2, TAPS - 1),
    "added: behind": added(2, TAPS + 8),
    "added: across weights": added(3, zeros(4, 7)),
    "added: down": added(4, whole(4, 9)),
    "added: above": added(4, TAPS - 1),
    "added: below": added(4, TAPS + 8),
    "added: down weights": added(5, zeros(4, 7)),
    "added: out": added(6, HALF[:7].copy()),
    "added: nothing": added(0, HALF, (0, 8, 8, 8, 2, 0.5, 0.5)),
    "added: no rows": added(0, HALF, (8, 8, -8, -8, 2, 0.5, 0.5)),
    "added: huge": added(0, HALF, (1 << 40, 1 << 40, 1 << 40, 1 << 40, 2, 0.5, 0.5)),
    "added: planes": added(0, HALF, (8, 8, 8, 8, 3, 0.5, 0.5)),
    "waves: half": ("block_waves", HALF[:4].copy(), CIRCLE, whole(4, 16), 8, 8, 33),
    "waves: circle": ("block_waves", HALF, CIRCLE[:, :510].copy(), whole(4, 16), 8, 8, 33),
    "waves: out": ("block_waves", HALF, CIRCLE, whole(3, 16), 8, 8, 33),
    "waves: no multiple": ("block_waves", HALF, CIRCLE, whole(4, 16), 6, 8, 33),
    "waves: nothing": ("block_waves", HALF, CIRCLE, whole(4, 16), 0, 8, 33),
    "waves: below nothing": ("block_waves", HALF, CIRCLE, whole(4, 16), -8, -8, 33),
    "waves: huge": ("block_waves", HALF, CIRCLE, whole(4, 16), 1 << 40, 1 << 40, 33),
    "waves: window": ("block_waves", HALF, CIRCLE, whole(4, 16), 8, 8, 32),
    "payloads: waves": ("payload_sums", whole(63), BITS, LENGTHS, SUMS, 8, 16),
    "payloads: bits": ("payload_sums", whole(4, 16), BITS[:4], LENGTHS, SUMS, 8, 16),
    "payloads: lengths": ("payload_sums", whole(4, 16), BITS, LENGTHS - 4, SUMS, 8, 16),
    "payloads: out": ("payload_sums", whole(4, 16), BITS, LENGTHS, SUMS[:2], 8, 16),
    "payloads: run": ("payload_sums", whole(4, 16), BITS, LENGTHS, SUMS, 0, 16),
    "payloads: stride": ("payload_sums", whole(4, 16), BITS, LENGTHS, SUMS, 8, 7),
    "luma: rgb": ("half_luma", HALF, zeros(4, 4, dtype=np.uint8), 9, 8),
    "luma: out": ("half_luma", HALF, zeros(4, 3, dtype=np.uint8), 8, 8),
    "luma: one row": ("half_luma", HALF, zeros(0, 32, dtype=np.uint8), 1, 64),
    "rows: rgb": ("sampled_rows", HALF, SHIFTS, zeros(2, 3), zeros(2, 8), 9, 8),
    "rows: weights": ("sampled_rows", HALF, SHIFTS, zeros(7), zeros(2, 8), 8, 8),
    "rows: out": ("sampled_rows", HALF, SHIFTS, zeros(2, 3), zeros(2, 7), 8, 8),
    "rows: no cells": ("sampled_rows", HALF, SHIFTS[:0], zeros(2, 3), zeros(2, 8), 8, 8),
    "sum: pitch": ("shifted_sum", zeros(8, 8), SHIFTS, zeros(4, 4), 7, 4, 4),
    "sum: out": ("shifted_sum", zeros(8, 8), SHIFTS, zeros(3, 5), 8, 4, 4),
    "sum: higher": ("shifted_sum", zeros(8, 8), SHIFTS, zeros(9, 4), 8, 4, 4),
    "sum: wider": ("shifted_sum", zeros(8, 8), SHIFTS, zeros(4, 9), 8, 9, 4),
    "sum: below": ("shifted_sum", zeros(8, 8), SHIFTS + 5, zeros(4, 4), 8, 4, 4),
    "sum: before": ("shifted_sum", zeros(8, 8), SHIFTS - 1, zeros(4, 4), 8, 4, 4),
    "sum: cells": ("shifted_sum", zeros(8, 8), SHIFTS, zeros(4, 4), 8, 4, 8),
    "sum: lines": ("shifted_sum", zeros(8, 8), zeros(65, 2, dtype=np.int32), zeros(4, 4), 8, 4, 4),
    "sum: nothing": ("shifted_sum", zeros(8, 8), SHIFTS, zeros(4, 4), 8, 0, 4),
    "similarity: first": similarity(HALF[:7].copy(), HALF, WINDOW, TOTAL),
    "similarity: second": similarity(HALF, HALF[:7].copy(), WINDOW, TOTAL),
    "similarity: weights": similarity(HALF, HALF, WINDOW[:10].copy(), TOTAL),
    "similarity: heavier": similarity(HALF, HALF, WINDOW + 1, TOTAL),
    "similarity: lopsided": similarity(HALF, HALF, np.sort(WINDOW), TOTAL),
    "similarity: negative": similarity(HALF, HALF, -WINDOW, TOTAL),
    "similarity: out": similarity(HALF, HALF, WINDOW, TOTAL[:0]),
    "similarity: nothing": similarity(HALF, HALF, WINDOW, TOTAL, height=0),
    "similarity: below nothing": similarity(HALF, HALF, WINDOW, TOTAL, height=-8, width=-8),
    "similarity: wide": similarity(HALF, HALF, WINDOW, TOTAL, height=1, width=1 << 40),
    "viterbi: metrics": ("viterbi", zeros(11, 16), KNOWN, BRANCHES, BLOCK, 40),
    "viterbi: no whole row": ("viterbi", zeros(12 * 16 + 1), KNOWN, BRANCHES, BLOCK, 40),
    "viterbi: above a bit": ("viterbi", zeros(12, 16), KNOWN + np.int8(2), BRANCHES, BLOCK, 40),
    "viterbi: below unknown": ("viterbi", zeros(12, 16), KNOWN - np.int8(2), BRANCHES, BLOCK, 40),
    "viterbi: branches": ("viterbi", zeros(12, 16), KNOWN, BRANCHES[1:], BLOCK, 40),
    "viterbi: output": ("viterbi", zeros(12, 16), KNOWN, BRANCHES + np.uint8(16), BLOCK, 40),
    "viterbi: out": ("viterbi", zeros(12, 16), KNOWN, BRANCHES, BLOCK[1:], 40),
    "viterbi: nothing": ("viterbi", zeros(0), KNOWN[:0], BRANCHES, BLOCK[:0], 40),
    "viterbi: overlap": ("viterbi", zeros(12, 16), KNOWN, BRANCHES, BLOCK, -1),
    "viterbi: huge": ("viterbi", zeros(12, 16), KNOWN, BRANCHES, BLOCK, 1 << 40),
    "whitened: smooth": ("whitened", zeros(8, 7), zeros(8, 8), 8, 8, *FILTER),
    "whitened: out": ("whitened", zeros(8, 8), zeros(8, 7), 8, 8, *FILTER),
    "whitened: nothing": ("whitened", zeros(0), zeros(0), 0, 8, *FILTER),
    "whitened: below nothing": ("whitened", zeros(8, 8), zeros(8, 8), -8, -8, *FILTER),
    "whitened: huge": ("whitened", zeros(8, 8), zeros(8, 8), 1 << 40, 1 << 40, *FILTER),
    "whitened: radius": ("whitened", zeros(8, 8), zeros(8, 8), 8, 8, 0, 32, 7, 6, 1.0),
    "whitened: large radius": ("whitened", zeros(8, 8), zeros(8, 8), 8, 8, 9, 32, 7, 6, 1.0),
    "whitened: level": ("whitened", zeros(8, 8), zeros(8, 8), 8, 8, 4, 33, 7, 6, 1.0),
    "whitened: weight": ("whitened", zeros(8, 8), zeros(8, 8), 8, 8, 4, 32, -1, 6, 1.0),
    "whitened: large sums": ("whitened", zeros(8, 8), zeros(8, 8), 8, 8, 4, 32, 64, 64, 1.0),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_sizes_are_refused(name):
    function, *arguments = WRONG[name]
    with pytest.raises(ValueError, match=r"agree|range|multiples|leaves|bytes"):
        getattr(native, function)(*arguments)


def test_what_is_filled_has_to_be_writable_and_in_one_piece():
    frozen = whole(4, 16)
    frozen.flags.writeable = False
    with pytest.raises((BufferError, TypeError, ValueError)):
        native.block_waves(HALF, CIRCLE, frozen, 8, 8, 33)
    with pytest.raises((BufferError, TypeError, ValueError)):
        native.block_waves(HALF[:, ::2], CIRCLE, whole(2, 16), 8, 4, 33)
