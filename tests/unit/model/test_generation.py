"""What the operator states, and the record that is kept of it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime

import pytest

from provenance.errors import ArgumentError
from provenance.model import (
    Fingerprint,
    Generation,
    IssuedFile,
    MarkId,
    MarkQuality,
    Operation,
    Record,
    RecordState,
    Relationship,
    SystemRef,
    new_record_id,
)
from provenance.model.generation import MAX_TEXT

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILE = IssuedFile(
    format="png",
    width=10,
    height=20,
    byte_size=300,
    sha256="0" * 64,
    fingerprint=Fingerprint(bits=bytes(32), quality=50),
    manifest=b"manifest",
    quality=MarkQuality(psnr_db=40.0, ssim=0.99),
)


def record(state=RecordState.RESERVED, file=None):
    return Record(
        record_id=new_record_id(),
        system=SystemRef(1, "acme"),
        mark_id=MarkId(5),
        epoch=0,
        scheme="s",
        generation=Generation(model="m"),
        state=state,
        reserved_at=NOW,
        file=file,
    )


def test_a_model_has_a_name():
    with pytest.raises(ArgumentError, match="empty"):
        Generation(model="")


@pytest.mark.parametrize("field", ["model", "model_version"])
@pytest.mark.parametrize("text", ["a\nb", "a\x1b[31mb", "a\u202eb", "a\0b", "x" * (MAX_TEXT + 1)])
def test_text_that_cannot_be_printed_in_one_line_is_refused(field, text):
    with pytest.raises(ArgumentError, match=field):
        Generation(**{"model": "m", field: text})


def test_text_of_the_largest_length_is_accepted():
    assert len(Generation(model="漢" * MAX_TEXT).model) == MAX_TEXT


@pytest.mark.parametrize("state", [RecordState.RESERVED, RecordState.VOID])
def test_a_record_that_was_never_issued_has_no_file(state):
    assert record(state).file is None
    with pytest.raises(ValueError, match="file"):
        record(state, FILE)


@pytest.mark.parametrize("state", [RecordState.ISSUED, RecordState.RELEASED])
def test_a_record_that_was_issued_has_a_file(state):
    assert record(state, FILE).file is FILE
    with pytest.raises(ValueError, match="file"):
        record(state)


def test_issuing_changes_state_file_and_time_only():
    before = record()
    after = before.issued(FILE, NOW)
    assert after == replace(before, state=RecordState.ISSUED, file=FILE, issued_at=NOW)
    assert before.state is RecordState.RESERVED


def test_a_record_names_its_manifest():
    made = record()
    assert made.record_id in made.manifest_id


def test_records_do_not_change():
    with pytest.raises(FrozenInstanceError):
        record().state = RecordState.VOID


@pytest.mark.parametrize("bits", [b"", bytes(31), bytes(33)])
def test_a_fingerprint_has_256_bits(bits):
    with pytest.raises(ValueError, match="32 bytes"):
        Fingerprint(bits=bits, quality=0)


@pytest.mark.parametrize("quality", [-1, 101])
def test_the_quality_of_a_fingerprint_has_a_scale(quality):
    with pytest.raises(ValueError, match=r"0\.\.100"):
        Fingerprint(bits=bytes(32), quality=quality)


def test_the_distance_counts_differing_bits():
    zero = Fingerprint(bits=bytes(32), quality=100)
    for count in (0, 1, 8, 255, 256):
        number = (1 << count) - 1
        other = Fingerprint(bits=number.to_bytes(32), quality=1)
        assert zero.distance(other) == count


# --- edits ---------------------------------------------------------------------------------


@pytest.mark.parametrize("operations", [("inpaint",), ("a prompt",), (None,)])
def test_operations_come_from_a_closed_list(operations):
    with pytest.raises(ArgumentError, match="members of Operation"):
        Generation(model="m", operations=operations)


def test_an_operation_is_named_once():
    with pytest.raises(ArgumentError, match="twice"):
        Generation(model="m", operations=(Operation.FACE, Operation.FACE))


@pytest.mark.parametrize("operation", list(Operation))
def test_an_operation_is_parsed_from_its_name(operation):
    assert Operation.parse(operation.value) is operation


def test_an_unknown_operation_is_told_the_list():
    with pytest.raises(ArgumentError) as caught:
        Operation.parse("make it nicer")
    assert all(operation.value in caught.value.hint for operation in Operation)


def test_only_the_first_file_is_the_parent():
    assert Relationship.at(0) is Relationship.PARENT_OF
    assert {Relationship.at(n) for n in range(1, 5)} == {Relationship.COMPONENT_OF}
