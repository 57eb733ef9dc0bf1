"""Search by fingerprint: exact within the distance, nearest first, nothing left unsaid."""

from __future__ import annotations

import pytest
from support import pictures
from support.fingerprints import MemoryFingerprints

from provenance.errors import ArgumentError
from provenance.fingerprint import fingerprint
from provenance.fingerprint.index import FingerprintIndex
from provenance.fingerprint.match import MISMATCH_DISTANCE
from provenance.fingerprint.pdq import MIN_QUALITY
from provenance.resolution import Among, build_index, search


@pytest.fixture(scope="module")
def photo():
    return pictures.sample("canyon.jpg", 320, 320, top=200, left=200)


@pytest.fixture
def registry():
    return MemoryFingerprints(page=2)  # several pages


@pytest.fixture(params=["scan", "index", "index, then more"])
def index(request, tmp_path, registry):
    """How to come by an index of a filled registry: none, one of all, one of the first half."""

    def made():
        if request.param == "scan":
            return None
        rows = dict(registry.rows)
        if request.param == "index, then more":
            registry.rows = dict(list(rows.items())[: len(rows) // 2])
            registry.last = max(registry.rows, default=0)
        build_index(registry, tmp_path / "registry.index")
        registry.rows, registry.last = rows, max(rows, default=0)
        return FingerprintIndex.open(tmp_path / "registry.index")

    return made


def changed(photo, bits):
    """The hash of the photo with so many bits turned over."""
    value = int.from_bytes(fingerprint(photo).bits) ^ ((1 << bits) - 1)
    return value.to_bytes(32)


def test_candidates_are_exactly_those_within_the_distance_the_nearest_first(registry, photo, index):
    ids = {bits: registry.add(changed(photo, bits)) for bits in (31, 0, 32, 7)}
    opened = index()
    found = search(registry, photo, Among.RECORDS, index=opened)
    assert [(c.record_id, c.distance) for c in found.candidates] == [
        (ids[bits], bits) for bits in (0, 7, 31)
    ]
    assert {(c.view.crop, c.view.orientation) for c in found.candidates} == {("whole", "upright")}
    assert (found.searched, found.left_out) == (4, 0)
    assert found.indexed == (0 if opened is None else len(opened.own.ids))
    for within, number in ((6, 1), (32, 4), (84, 4)):
        again = search(registry, photo, Among.RECORDS, within=within, index=opened)
        assert len(again.candidates) == number


def test_parents_and_records_are_searched_apart(registry, photo, index):
    registry.add(changed(photo, 100), position=0)
    edit = registry.add(changed(photo, 3), position=1)
    own = registry.add(changed(photo, 5))
    registry.add(changed(photo, 100))
    opened = index()
    (parent,) = search(registry, photo, Among.PARENTS, index=opened).candidates
    assert (parent.record_id, parent.position, parent.distance) == (edit, 1, 3)
    (record,) = search(registry, photo, Among.RECORDS, index=opened).candidates
    assert (record.record_id, record.position, record.distance) == (own, None, 5)


def test_stored_fingerprints_of_no_use_are_counted_and_not_compared(registry, photo, index):
    registry.add(changed(photo, 0), quality=MIN_QUALITY - 1)
    good = registry.add(changed(photo, 0), quality=MIN_QUALITY)
    found = search(registry, photo, Among.RECORDS, index=index())
    assert [c.record_id for c in found.candidates] == [good]
    assert (found.searched, found.left_out) == (1, 1)


def test_an_empty_registry_has_no_candidates(registry, photo, index):
    opened = index()
    for among in Among:
        found = search(registry, photo, among, index=opened)
        assert (found.candidates, found.searched, found.left_out) == ((), 0, 0)


@pytest.mark.parametrize("within", [-1, MISMATCH_DISTANCE])
def test_a_distance_that_says_nothing_is_refused(registry, photo, within):
    with pytest.raises(ArgumentError, match=f"{within} bits"):
        search(registry, photo, Among.RECORDS, within=within)
