"""The tail-biting code: what its literature says, and what decoding is worth."""

from __future__ import annotations

import numpy as np
import pytest

from provenance.watermark.coding.convolutional import (
    GENERATORS,
    MEMORY,
    RATE,
    UNKNOWN,
    decode,
    encode,
    interleave,
)

#: Largest free distance of rate 1/4 with memory 12 (Larsen 1973, table III).
FREE_DISTANCE = 33
LENGTHS = pytest.mark.parametrize("length", [56, 96])


def block(length, seed=0):
    return np.random.default_rng(seed).integers(0, 2, length).astype(np.uint8)


def unknown(length):
    return np.full(length, UNKNOWN, dtype=np.int8)


def evidence(code, z, rng):
    """What is read of code bits at a score of about z: float32 (n, 4)."""
    deviation = np.sqrt(len(code)) / z
    sent = 1 - 2.0 * code + rng.normal(0, deviation, len(code))
    return sent.astype(np.float32).reshape(-1, RATE)


def shift_register(bits):
    """The code bits by a plain shift register that starts in its last state."""
    register = [int(bit) for bit in bits[::-1][:MEMORY]]  # newest first
    code = []
    for bit in bits:
        window = [int(bit), *register]
        for generator in GENERATORS:
            taps = [int(digit) for digit in f"{generator:0{MEMORY + 1}b}"]
            code.append(sum(tap * value for tap, value in zip(taps, window, strict=True)) % 2)
        register = window[:MEMORY]
    return code


@pytest.mark.parametrize("length", [12, 13, 56, 96])
def test_the_code_bits_are_those_of_a_shift_register(length):
    bits = block(length)
    code = encode(bits)
    assert code.dtype == np.uint8
    assert code.tolist() == shift_register(bits)


@LENGTHS
def test_a_single_one_weighs_what_the_generators_weigh(length):
    weight = sum(generator.bit_count() for generator in GENERATORS)
    for place in range(length):
        bits = np.zeros(length, np.uint8)
        bits[place] = 1
        assert encode(bits).sum() == weight


def test_the_free_distance_is_that_of_the_literature():
    """Least weight of a path that leaves the zero state and comes back, by relaxation."""
    state = np.arange(1 << MEMORY)
    register = state[None] | (np.array([0, 1])[:, None] << MEMORY)
    weight = sum(np.bitwise_count(register & g) % 2 for g in GENERATORS).astype(int)
    reached = register >> 1
    least = np.full(1 << MEMORY, 10_000)
    least[reached[1, 0]] = weight[1, 0]
    for _ in range(200):
        before = least.copy()
        for bit in (0, 1):
            np.minimum.at(least, reached[bit, 1:], least[1:] + weight[bit, 1:])
        if np.array_equal(before, least):
            break
    assert least[0] == FREE_DISTANCE


@LENGTHS
def test_a_clean_word_is_decoded(length):
    for seed in range(4):
        bits = block(length, seed)
        soft = (1 - 2 * encode(bits).astype(np.float32)).reshape(-1, RATE)
        assert np.array_equal(decode(soft, unknown(length)), bits)


@pytest.mark.parametrize("value", [0, 1])
def test_constant_words_are_decoded(value):
    bits = np.full(96, value, np.uint8)
    soft = (1 - 2 * encode(bits).astype(np.float32)).reshape(-1, RATE)
    assert np.array_equal(decode(soft, unknown(96)), bits)


@LENGTHS
def test_a_noisy_word_is_always_decoded_at_z_16(length):
    rng = np.random.default_rng(1)
    for seed in range(20):
        bits = block(length, seed)
        assert np.array_equal(decode(evidence(encode(bits), 16, rng), unknown(length)), bits)


def test_evidence_of_any_strength_is_decoded_alike():
    bits = block(96)
    soft = evidence(encode(bits), 14, np.random.default_rng(3))
    for factor in (1e-6, 1e6):
        assert np.array_equal(decode(soft * np.float32(factor), unknown(96)), bits)


def test_erased_code_bits_are_made_up_for():
    bits = block(96)
    soft = (1 - 2 * encode(bits).astype(np.float32)).reshape(-1, RATE)
    soft[np.random.default_rng(4).random(soft.shape) < 0.55] = 0
    assert np.array_equal(decode(soft, unknown(96)), bits)


def test_known_bits_help_and_are_kept():
    """The same noise with and without: nothing is lost, and some words are won."""
    rng = np.random.default_rng(2)
    order = interleave(96, 24)
    blind, helped = [], []
    for seed in range(24):
        bits = block(96, seed)
        known = np.where(order < 24, bits, UNKNOWN).astype(np.int8)
        soft = evidence(encode(bits), 12.2, rng)
        blind.append(np.array_equal(decode(soft, unknown(96)), bits))
        found = decode(soft, known)
        assert np.array_equal(found[known >= 0], bits[known >= 0])
        helped.append(np.array_equal(found, bits))
    assert all(h >= b for h, b in zip(helped, blind, strict=True))
    assert sum(helped) > sum(blind) + 2
    assert sum(blind) > 2  # the noise is where it matters


def test_known_bits_are_kept_against_all_evidence():
    bits = block(96)
    known = unknown(96)
    known[::4] = 1 - bits[::4]
    soft = (1 - 2 * encode(bits).astype(np.float32)).reshape(-1, RATE)
    assert np.array_equal(decode(soft, known)[::4], known[::4])


def test_a_word_that_is_known_whole_needs_no_evidence():
    bits = block(56)
    assert np.array_equal(decode(np.zeros((56, RATE), np.float32), bits.astype(np.int8)), bits)


@pytest.mark.parametrize(("bits", "known"), [(96, 24), (56, 0), (96, 96), (12, 5)])
def test_interleaving_is_a_permutation_that_spreads_what_is_known(bits, known):
    order = interleave(bits, known)
    assert np.array_equal(np.sort(order), np.arange(bits))
    places = np.flatnonzero(order < known)
    if known:
        gaps = np.diff(np.append(places, places[0] + bits))
        assert gaps.max() - gaps.min() <= 1
