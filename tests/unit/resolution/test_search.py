"""Search by fingerprint: exact within the distance, nearest first, nothing left unsaid."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support import pictures
from support.records import issued_file, parent_file, reserved

from provenance.errors import ArgumentError
from provenance.fingerprint import fingerprint
from provenance.fingerprint.match import MISMATCH_DISTANCE
from provenance.fingerprint.pdq import MIN_QUALITY
from provenance.model import Fingerprint
from provenance.registry import SqliteStore, fingerprint_table
from provenance.resolution import Among, search


@pytest.fixture(scope="module")
def photo():
    return pictures.sample("canyon.jpg", 320, 320, top=200, left=200)


@pytest.fixture
def store(tmp_path):
    return SqliteStore.create(tmp_path / "registry.sqlite3")


def changed(photo, bits, quality=100):
    """The fingerprint of the photo with so many bits turned over."""
    value = int.from_bytes(fingerprint(photo).bits) ^ ((1 << bits) - 1)
    return Fingerprint(bits=value.to_bytes(32), quality=quality)


def issued(store, **fields):
    record = reserved(store)
    store.issue(record.record_id, issued_file(**fields))
    return record.record_id


def test_candidates_are_exactly_those_within_the_distance_the_nearest_first(
    store, photo, monkeypatch
):
    monkeypatch.setattr(fingerprint_table, "_PAGE", 2)  # several pages
    ids = {bits: issued(store, fingerprint=changed(photo, bits)) for bits in (31, 0, 32, 7)}
    found = search(store, photo, Among.RECORDS)
    assert [(c.record_id, c.distance) for c in found.candidates] == [
        (ids[bits], bits) for bits in (0, 7, 31)
    ]
    assert {(c.view.crop, c.view.orientation) for c in found.candidates} == {("whole", "upright")}
    assert (found.searched, found.left_out) == (4, 0)
    assert len(search(store, photo, Among.RECORDS, within=6).candidates) == 1
    assert len(search(store, photo, Among.RECORDS, within=32).candidates) == 4


def test_parents_and_records_are_searched_apart(store, photo):
    near = replace(parent_file(1), fingerprint=changed(photo, 3))
    edit = issued(store, parents=(parent_file(0), near))
    own = issued(store, fingerprint=changed(photo, 5))
    (parent,) = search(store, photo, Among.PARENTS).candidates
    assert (parent.record_id, parent.position, parent.distance) == (edit, 1, 3)
    (record,) = search(store, photo, Among.RECORDS).candidates
    assert (record.record_id, record.position, record.distance) == (own, None, 5)


def test_stored_fingerprints_of_no_use_are_counted_and_not_compared(store, photo):
    issued(store, fingerprint=changed(photo, 0, MIN_QUALITY - 1))
    good = issued(store, fingerprint=changed(photo, 0, MIN_QUALITY))
    found = search(store, photo, Among.RECORDS)
    assert [c.record_id for c in found.candidates] == [good]
    assert (found.searched, found.left_out) == (1, 1)


def test_an_empty_registry_has_no_candidates(store, photo):
    for among in Among:
        found = search(store, photo, among)
        assert (found.candidates, found.searched, found.left_out) == ((), 0, 0)


@pytest.mark.parametrize("within", [-1, MISMATCH_DISTANCE])
def test_a_distance_that_says_nothing_is_refused(store, photo, within):
    with pytest.raises(ArgumentError, match=f"{within} bits"):
        search(store, photo, Among.RECORDS, within=within)
