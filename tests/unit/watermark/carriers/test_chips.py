"""The keyed chips: fair, repeatable, and different for every key and plane."""

from __future__ import annotations

import numpy as np
import pytest

from provenance.watermark.carriers.chips import PLANES, chips
from provenance.watermark.carriers.lattice import FULL_BAND, SHORT_BAND, lattice

CASES = pytest.mark.parametrize(
    ("band", "code_bits"), [(FULL_BAND, 384), (SHORT_BAND, 224)], ids=["full", "short"]
)
KEY = bytes(range(32))


def agreement(a, b):
    """Correlation of two sets of signs in standard deviations of chance."""
    return float((a * b).sum() / np.sqrt(a.size))


@CASES
def test_chips_are_made_again_from_the_key(band, code_bits):
    first = chips(band, KEY, code_bits)
    chips.cache_clear()
    second = chips(band, KEY, code_bits)
    assert first is not second
    assert np.array_equal(first.sign, second.sign)
    assert np.array_equal(first.bit, second.bit)


@CASES
def test_signs_are_balanced(band, code_bits):
    sign = chips(band, KEY, code_bits).sign
    assert sign.shape == (PLANES, lattice(band).freedoms)
    assert set(np.unique(sign)) == {-1, 1}
    assert abs(agreement(sign, np.ones_like(sign))) < 3.5


@CASES
def test_every_code_bit_is_carried_equally_often(band, code_bits):
    made = chips(band, KEY, code_bits)
    for bit in made.bit:
        counts = np.bincount(bit, minlength=code_bits + 1)[:code_bits]
        assert counts.max() - counts.min() <= 1
        assert counts.min() >= 2


@CASES
def test_pilots_carry_no_data(band, code_bits):
    made = chips(band, KEY, code_bits)
    for bit in made.bit:
        assert np.array_equal(bit == code_bits, lattice(band).pilot)


@CASES
def test_the_planes_are_independent(band, code_bits):
    made = chips(band, KEY, code_bits)
    assert abs(agreement(*made.sign)) < 3.5
    data = ~lattice(band).pilot
    assert (made.bit[0] == made.bit[1])[data].mean() < 4 / code_bits + 0.01


@CASES
def test_other_keys_have_unrelated_chips(band, code_bits):
    first = chips(band, KEY, code_bits)
    for place in range(0, 256, 51):  # one bit of the key is enough
        other = bytearray(KEY)
        other[place // 8] ^= 1 << place % 8
        second = chips(band, bytes(other), code_bits)
        assert abs(agreement(first.sign, second.sign)) < 4
        assert (first.bit == second.bit)[:, ~lattice(band).pilot].mean() < 4 / code_bits + 0.01


def test_a_code_word_is_its_bits_times_the_signs():
    made = chips(FULL_BAND, KEY, 384)
    code = np.random.default_rng(2).integers(0, 2, 384).astype(np.uint8)
    word = made.codeword(code)
    for plane, place in ((0, 0), (0, 700), (1, 3), (1, 1200)):
        bit = made.bit[plane, place]
        flipped = bit < 384 and code[bit]
        assert word[plane, place] == made.sign[plane, place] * (-1 if flipped else 1)


def test_pilots_do_not_depend_on_the_code_word():
    made = chips(FULL_BAND, KEY, 384)
    pilot = lattice(FULL_BAND).pilot
    zeros, ones = (made.codeword(np.full(384, bit, np.uint8)) for bit in (0, 1))
    assert np.array_equal(zeros[:, pilot], ones[:, pilot])
    assert np.array_equal(zeros[:, ~pilot], -ones[:, ~pilot])
