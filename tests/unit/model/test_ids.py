"""Identifiers: their range, their text, and that they tell nothing."""

from __future__ import annotations

import uuid

import pytest

from provenance.model import MarkId, SystemRef, manifest_id_for, new_record_id
from provenance.model.ids import MARK_ID_BITS, SYSTEM_ID_BITS


def test_a_mark_id_is_written_and_read_again():
    for value in (0, 1, 0xABC, (1 << MARK_ID_BITS) - 1):
        assert MarkId.parse(str(MarkId(value))) == MarkId(value)


def test_a_mark_id_is_always_written_in_full():
    assert {len(str(MarkId(1 << i))) for i in range(MARK_ID_BITS)} == {MARK_ID_BITS // 4}


@pytest.mark.parametrize("value", [-1, 1 << MARK_ID_BITS])
def test_a_mark_id_outside_its_bits_is_refused(value):
    with pytest.raises(ValueError, match="48 bits"):
        MarkId(value)


@pytest.mark.parametrize("text", ["", "12", "0" * 13, "g" * 12, "-00000000001"])
def test_text_that_is_no_mark_id_is_refused(text):
    with pytest.raises(ValueError):
        MarkId.parse(text)


@pytest.mark.parametrize("text", ["+00000000001", "0000_0000_00", " 0000000001 "])
def test_only_hexadecimal_digits_are_a_mark_id(text):
    with pytest.raises(ValueError):
        MarkId.parse(text)


@pytest.mark.parametrize("bits", [32, 40, 48])
def test_random_ids_use_the_upper_bits_and_no_others(bits):
    drawn = [MarkId.random(bits=bits).value for _ in range(400)]
    low = MARK_ID_BITS - bits
    assert all(value % (1 << low) == 0 for value in drawn)
    for place in range(low, MARK_ID_BITS):
        ones = sum(value >> place & 1 for value in drawn)
        assert 100 < ones < 300, place
    assert len(set(drawn)) == len(drawn)


def test_mark_ids_have_an_order():
    assert sorted([MarkId(3), MarkId(1), MarkId(2)]) == [MarkId(1), MarkId(2), MarkId(3)]


@pytest.mark.parametrize("number", [-1, 1 << SYSTEM_ID_BITS])
def test_a_system_id_outside_its_bits_is_refused(number):
    with pytest.raises(ValueError, match="20 bits"):
        SystemRef(number, "x")


def test_a_system_is_shown_with_its_number_where_it_has_one():
    assert str(SystemRef(7, "acme")) == "acme (#7)"
    assert str(SystemRef(None, "acme")) == "acme"


def test_a_record_id_names_its_manifest():
    record_id = new_record_id()
    assert manifest_id_for(record_id) == f"urn:c2pa:{uuid.UUID(record_id)}"


def test_record_ids_are_random_uuids():
    drawn = {new_record_id() for _ in range(50)}
    assert len(drawn) == 50
    assert {uuid.UUID(item).version for item in drawn} == {4}


def test_something_else_is_no_record_id():
    with pytest.raises(ValueError):
        manifest_id_for("not a uuid")
