"""Payloads: whatever is packed is unpacked, and no single error passes for another mark."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.model import MarkId
from provenance.model.ids import MARK_ID_BITS, SYSTEM_ID_BITS
from provenance.watermark import Layout, issue
from provenance.watermark.payload import VERSION, unpack

systems = st.integers(0, (1 << SYSTEM_ID_BITS) - 1)
keys = st.binary(min_size=32, max_size=32)
layouts = st.sampled_from(list(Layout))
tagged = st.sampled_from([layout for layout in Layout if layout.tag_bits])


@st.composite
def payloads(draw, layout=layouts):
    """A payload, and the system and key that it was issued under."""
    chosen, system, key = draw(layout), draw(systems), draw(keys)
    low = MARK_ID_BITS - chosen.id_bits
    mark_id = MarkId(draw(st.integers(0, (1 << chosen.id_bits) - 1)) << low)
    made = issue(chosen, system_id=system, mark_id=mark_id, tag_key=key)
    return made, system, key


def accepted(payload, system, key):
    """What a detector asks of a word before it believes it."""
    if payload.layout.has_header and (payload.version, payload.system_id) != (VERSION, system):
        return False
    return payload.tag_verifies(system_id=system, tag_key=key)


@given(payloads())
def test_what_was_packed_is_unpacked(made):
    payload, system, key = made
    assert unpack(payload.layout, payload.bits()) == payload
    assert accepted(payload, system, key) is (payload.layout is not Layout.BARE)


@given(layouts.flatmap(lambda x: st.tuples(st.just(x), st.binary(min_size=12, max_size=12))))
def test_any_word_survives_unpacking_and_packing(case):
    layout, word = case
    bits = np.unpackbits(np.frombuffer(word, dtype=np.uint8))[: layout.bits]
    assert np.array_equal(unpack(layout, bits).bits(), bits)


@given(payloads(tagged))
def test_no_single_flipped_bit_passes(made):
    """The examples are always the same; a tag of 16 bits would let one in 65,536 through."""
    payload, system, key = made
    for place in range(payload.layout.bits):
        bits = payload.bits().copy()
        bits[place] ^= 1
        assert not accepted(unpack(payload.layout, bits), system, key), place


@given(payloads(tagged), keys, systems)
def test_no_other_key_or_system_passes(made, other_key, other_system):
    payload, system, key = made
    if other_key != key:
        assert not accepted(payload, system, other_key)
    if other_system != system:
        assert not payload.tag_verifies(system_id=other_system, tag_key=key)


@pytest.mark.parametrize("layout", [Layout.SHORT, Layout.BARE])
@given(value=st.integers(0, (1 << MARK_ID_BITS) - 1))
def test_an_id_is_issued_exactly_where_the_layout_can_carry_it(layout, value):
    fits = value % (1 << (MARK_ID_BITS - layout.id_bits)) == 0
    try:
        payload = issue(layout, system_id=1, mark_id=MarkId(value), tag_key=bytes(32))
    except ValueError:
        assert not fits
    else:
        assert fits
        assert payload.mark_id.value == value


@given(st.integers(0, (1 << MARK_ID_BITS) - 1))
def test_mark_ids_are_written_and_read(value):
    assert MarkId.parse(str(MarkId(value))).value == value
