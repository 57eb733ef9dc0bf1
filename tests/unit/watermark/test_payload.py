"""The payload, bit by bit."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import numpy as np
import pytest

from provenance.model import MarkId
from provenance.model.ids import MARK_ID_BITS, SYSTEM_ID_BITS
from provenance.watermark import Layout, issue
from provenance.watermark.payload import HEADER_BITS, VERSION, header_bits, unpack

KEY = bytes(range(32))
SYSTEM = 0xABCDE
MARK = 0x123456789ABC


def mark_id(layout):
    """A mark id that this layout can carry."""
    return MarkId(MARK >> (MARK_ID_BITS - layout.id_bits) << (MARK_ID_BITS - layout.id_bits))


def issued(layout, key=KEY, system=SYSTEM):
    return issue(layout, system_id=system, mark_id=mark_id(layout), tag_key=key)


def flipped(payload, place):
    bits = payload.bits().copy()
    bits[place] ^= 1
    return unpack(payload.layout, bits)


def accepted(payload, key=KEY, system=SYSTEM):
    """What a verifier asks of a word before it believes it."""
    if payload.layout.has_header and (payload.version, payload.system_id) != (VERSION, system):
        return False
    return payload.tag_verifies(system_id=system, tag_key=key)


@pytest.mark.parametrize(
    ("layout", "total", "id_bits", "tag_bits"),
    [(Layout.FULL, 96, 48, 24), (Layout.SHORT, 56, 40, 16), (Layout.BARE, 32, 32, 0)],
)
def test_the_layouts_are_those_of_the_design(layout, total, id_bits, tag_bits):
    assert (layout.bits, layout.id_bits, layout.tag_bits) == (total, id_bits, tag_bits)
    assert layout.log10_tag_chance == pytest.approx(np.log10(2.0**-tag_bits))


def test_the_full_layout_has_version_system_id_and_tag_in_this_order():
    payload = issued(Layout.FULL)
    text = "".join(map(str, payload.bits()))
    assert int(text[:4], 2) == VERSION
    assert int(text[4 : 4 + SYSTEM_ID_BITS], 2) == SYSTEM
    assert int(text[24:72], 2) == MARK
    assert int(text[72:], 2) == payload.tag


def test_the_short_layout_has_the_upper_bits_of_the_id_and_the_tag():
    payload = issued(Layout.SHORT)
    text = "".join(map(str, payload.bits()))
    assert int(text[:40], 2) == MARK >> 8
    assert int(text[40:], 2) == payload.tag
    assert (payload.system_id, payload.version) == (None, None)


def test_the_bare_layout_is_the_upper_bits_of_the_id():
    assert issued(Layout.BARE).pack() == (MARK >> 16).to_bytes(4)


@pytest.mark.parametrize("layout", [Layout.FULL, Layout.SHORT])
def test_the_tag_is_a_truncated_hmac(layout):
    message = b"/".join(
        (
            b"provenance/payload-tag/1",
            layout.title.encode(),
            VERSION.to_bytes(1),
            SYSTEM.to_bytes(3),
            mark_id(layout).value.to_bytes(6),
        )
    )
    digest = int.from_bytes(hmac.digest(KEY, message, hashlib.sha256))
    assert issued(layout).tag == digest >> (256 - layout.tag_bits)


@pytest.mark.parametrize("layout", list(Layout))
def test_bits_and_bytes_say_the_same(layout):
    payload = issued(layout)
    assert np.packbits(payload.bits()).tobytes() == payload.pack()
    assert payload.bits().shape == (layout.bits,)
    assert set(np.unique(payload.bits())) <= {0, 1}


@pytest.mark.parametrize("layout", list(Layout))
def test_what_was_issued_is_read(layout):
    payload = issued(layout)
    assert unpack(layout, payload.bits()) == payload
    assert accepted(payload) is (layout is not Layout.BARE)


@pytest.mark.parametrize("layout", [Layout.FULL, Layout.SHORT])
def test_every_single_flipped_bit_is_noticed(layout):
    payload = issued(layout)
    assert [place for place in range(layout.bits) if accepted(flipped(payload, place))] == []


@pytest.mark.parametrize("place", range(4))
def test_the_tag_covers_the_version(place):
    changed = flipped(issued(Layout.FULL), place)
    assert not changed.tag_verifies(system_id=SYSTEM, tag_key=KEY)


@pytest.mark.parametrize("layout", [Layout.FULL, Layout.SHORT])
def test_a_tag_is_made_for_one_key_system_and_layout(layout):
    payload = issued(layout)
    assert not accepted(payload, key=bytes(32))
    assert not payload.tag_verifies(system_id=SYSTEM + 1, tag_key=KEY)
    tags = {issued(Layout.FULL).tag >> 8, issued(Layout.SHORT).tag}
    assert len(tags) == 2


def test_a_layout_without_tag_never_verifies():
    assert not issued(Layout.BARE).tag_verifies(system_id=SYSTEM, tag_key=bytes(32))


@pytest.mark.parametrize("layout", [Layout.SHORT, Layout.BARE])
def test_an_id_that_does_not_fit_is_refused(layout):
    with pytest.raises(ValueError, match=layout.title):
        issue(layout, system_id=SYSTEM, mark_id=MarkId(MARK | 1), tag_key=KEY)


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("extra", [-1, 1])
def test_a_wrong_number_of_bits_is_refused(layout, extra):
    with pytest.raises(ValueError, match=str(layout.bits)):
        unpack(layout, np.zeros(layout.bits + extra, dtype=np.uint8))


@pytest.mark.parametrize("bit", [0, 1])
@pytest.mark.parametrize("layout", list(Layout))
def test_any_word_can_be_unpacked(layout, bit):
    word = np.full(layout.bits, bit, dtype=np.uint8)
    assert (unpack(layout, word).bits() == word).all()


def test_bits_may_come_as_truth_values():
    payload = issued(Layout.FULL)
    assert unpack(Layout.FULL, payload.bits().astype(bool)) == payload


def test_payloads_with_another_tag_differ():
    payload = issued(Layout.FULL)
    assert replace(payload, tag=payload.tag ^ 1) != payload


@pytest.mark.parametrize("system", [0, 1, SYSTEM, (1 << SYSTEM_ID_BITS) - 1])
def test_the_header_is_what_every_payload_of_the_system_begins_with(system):
    header = header_bits(system)
    assert header.shape == (HEADER_BITS,)
    assert header.dtype == np.uint8
    for key in (KEY, bytes(32)):
        payload = issued(Layout.FULL, key=key, system=system)
        assert np.array_equal(payload.bits()[:HEADER_BITS], header)
    assert not np.array_equal(header, header_bits(system ^ 1))
