"""Payload to code word: what a reader knows in advance, and what is carried."""

from __future__ import annotations

import numpy as np
import pytest
from support import marks

from provenance.model import MarkId
from provenance.watermark import Layout, issue
from provenance.watermark.coding.convolutional import UNKNOWN, decode, encode
from provenance.watermark.payload import HEADER_BITS
from provenance.watermark.schemes.lattice.words import FULL, SHORT, SHORT_BELOW, carried, format_of

FORMATS = pytest.mark.parametrize("format_", [FULL, SHORT], ids=["full", "short"])


def payload(format_, mark=0xABCDEF012300):
    return issue(format_.layout, system_id=77, mark_id=MarkId(mark), tag_key=bytes(32))


@FORMATS
def test_what_is_known_agrees_with_every_payload_of_the_system(format_):
    known = format_.known(77)
    for mark in (0, 0xABCDEF012300, 0xFFFFFFFFFF00):
        bits = payload(format_, mark).bits()[format_.order]
        assert np.array_equal(bits[known != UNKNOWN], known[known != UNKNOWN])
    expected = HEADER_BITS if format_.layout.has_header else 0
    assert (known != UNKNOWN).sum() == expected


@FORMATS
def test_a_code_word_is_decoded_back_to_its_payload(format_):
    made = payload(format_)
    word = carried(made, marks.KEY.carrier_key)
    chips = format_.chips(marks.KEY.carrier_key)
    evidence = np.zeros(chips.code_bits + 1)
    for plane in range(2):
        evidence += np.bincount(
            chips.bit[plane], word[plane] * chips.sign[plane], minlength=chips.code_bits + 1
        )
    soft = evidence[:-1].astype(np.float32).reshape(-1, 4)
    bits = np.empty(format_.layout.bits, np.uint8)
    bits[format_.order] = decode(soft, format_.known(77))
    assert np.array_equal(bits, made.bits())
    assert np.array_equal(np.sign(evidence[:-1]), 1 - 2.0 * encode(made.bits()[format_.order]))


@FORMATS
def test_the_number_of_accepted_words_is_that_of_the_free_bits(format_):
    layout = format_.layout
    header = HEADER_BITS if layout.has_header else 0
    assert format_.words(tag_known=False) == layout.bits - header
    assert format_.words(tag_known=True) == layout.id_bits


def test_each_layout_has_its_format():
    assert format_of(Layout.FULL) is FULL
    assert format_of(Layout.SHORT) is SHORT
    assert FULL.band.low > SHORT.band.low
    assert marks.SCHEME.info.small_below == SHORT_BELOW


def test_code_words_of_different_payloads_are_far_apart():
    one, other = (carried(payload(FULL, m), bytes(32)) for m in (0x1, 0x2))
    data = ~FULL.grid.pilot
    assert 0.2 < (one != other)[:, data].mean() < 0.8
    assert np.array_equal(one[:, ~data], other[:, ~data])
