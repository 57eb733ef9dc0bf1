"""The leaf of a record: every fact that never changes counts, and nothing else does."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from support.records import GENERATION, SCHEME, SYSTEM, a_request, issued_file, parent_file

from provenance.model import (
    Fingerprint,
    Generation,
    IssuedFile,
    MarkId,
    MarkQuality,
    Record,
    RecordState,
    SystemRef,
    TimeStampOutcome,
    TimeStampResult,
    new_record_id,
)
from provenance.model.commitment import commitment

SALT = bytes(range(32))
MOMENT = datetime(2026, 11, 1, tzinfo=UTC)


def issued(**changed):
    values = {
        "record_id": "11111111-2222-4333-8444-555555555555",
        "system": SYSTEM,
        "mark_id": MarkId(5),
        "epoch": 3,
        "scheme": SCHEME,
        "generation": GENERATION,
        "state": RecordState.ISSUED,
        "reserved_at": MOMENT,
        "issued_at": MOMENT + timedelta(seconds=1),
        "file": issued_file(parents=(parent_file(), parent_file(1))),
    }
    return Record(**values | changed)


def test_a_leaf_is_what_the_formula_says():
    record = issued(file=issued_file())
    file = record.file
    parts = [
        SALT,
        record.record_id.encode(),
        b"77",
        b"acme-images",
        b"000000000005",
        b"3",
        SCHEME.encode(),
        b"acme-1",
        b"2.0",
        b"inpaint upscale",
        b"2026-11-01T00:00:00+00:00",
        b"2026-11-01T00:00:01+00:00",
        b"",
        b"png",
        b"640x480",
        b"123456789012",
        file.sha256.encode(),
        file.fingerprint.bits + bytes([88]),
        hashlib.sha256(file.manifest).digest(),
        b"41.25/0.98765/87.5",
        b"not asked",
        hashlib.sha256(file.grid).digest(),
        file.signer.encode(),
        hashlib.sha256(file.envelope).digest(),
    ]
    text = b"provenance/leaf/1\0" + b"".join(len(p).to_bytes(8) + p for p in parts)
    assert commitment(record, SALT) == hashlib.sha256(text).digest()


@pytest.mark.parametrize(
    "changed",
    [
        {"record_id": new_record_id()},
        {"system": SystemRef(78, "acme-images")},
        {"system": SystemRef(77, "acme")},
        {"mark_id": MarkId(6)},
        {"epoch": 4},
        {"scheme": "another"},
        {"generation": Generation(model="acme-1", model_version="2.0")},
        {"generation": replace(GENERATION, model="acme-")},
        {"reserved_at": MOMENT - timedelta(microseconds=1)},
        {"issued_at": MOMENT},
        {"request": a_request()},
    ],
)
def test_every_fact_of_a_record_counts(changed):
    record = issued()
    assert commitment(replace(record, **changed), SALT) != commitment(record, SALT)


CHANGES = {
    "format": "jpeg",
    "width": 641,
    "height": 481,
    "byte_size": 1,
    "sha256": "0" * 64,
    "fingerprint": Fingerprint(bits=bytes(32), quality=88),
    "manifest": b"another",
    "quality": MarkQuality(psnr_db=41.25, ssim=0.98765, margin=87.25),
    "time_stamp": TimeStampResult(outcome=TimeStampOutcome.FAILED, detail="why"),
    "grid": b"",
    "parents": (),
    "signer": "",
    "envelope": b"",
}


@pytest.mark.parametrize("name", [field.name for field in fields(IssuedFile)])
def test_every_fact_of_a_file_counts(name):
    record = issued()
    other = replace(record, file=replace(record.file, **{name: CHANGES[name]}))
    assert commitment(other, SALT) != commitment(record, SALT)


def test_the_salt_counts():
    record = issued()
    assert commitment(record, bytes(32)) != commitment(record, SALT)


def test_what_may_change_later_does_not_count():
    record = issued()
    later = replace(record, state=RecordState.RELEASED, pseudonym="ab" * 16, log_position=7)
    assert commitment(later, SALT) == commitment(record, SALT)


def test_only_an_issued_record_and_a_whole_salt_make_a_leaf():
    record = issued()
    with pytest.raises(ValueError, match="32 bytes"):
        commitment(record, SALT[:31])
    with pytest.raises(ValueError, match="issued"):
        commitment(replace(record, state=RecordState.RESERVED, file=None), SALT)
