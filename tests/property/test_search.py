"""Search finds what comparing one by one finds, at every moment in the life of a registry."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import pictures
from support.fingerprints import MemoryFingerprints

from provenance.fingerprint import fingerprint
from provenance.fingerprint.index import FingerprintIndex
from provenance.fingerprint.search import nearest
from provenance.model import Fingerprint
from provenance.resolution import Among, build_index, search

hashes = st.binary(min_size=32, max_size=32)

ADD = st.tuples(
    st.integers(0, 100),  # bits turned over
    st.sampled_from([None, 0]),  # position
    st.sampled_from([49, 50]),  # quality
)
ERASE = st.integers(1, 30)


@given(st.lists(hashes, min_size=1, max_size=5), st.lists(hashes, max_size=20), st.data())
def test_the_nearest_question_is_the_one_that_comparing_one_by_one_gives(asked, stored, data):
    # Random hashes are all far apart: put some of the questions among them, a few bits changed.
    flips = st.lists(st.integers(0, 255), max_size=3)
    for bits in data.draw(st.lists(st.sampled_from(asked), max_size=5)):
        changed = int.from_bytes(bits)
        for place in data.draw(flips):
            changed ^= 1 << place
        stored.append(changed.to_bytes(32))
    questions = [Fingerprint(bits=bits, quality=100) for bits in asked]
    distance, which = nearest(questions, b"".join(stored))
    assert len(distance) == len(which) == len(stored)
    for bits, found, index in zip(stored, distance, which, strict=True):
        one_by_one = [
            question.distance(Fingerprint(bits=bits, quality=100)) for question in questions
        ]
        assert found == min(one_by_one)
        assert index == one_by_one.index(found)


@pytest.fixture(scope="module")
def photo():
    return pictures.sample("canyon.jpg", 256, 256, top=200, left=200)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("index") / "registry.index"


@settings(max_examples=15)
@given(
    before=st.lists(ADD | ADD | ERASE, max_size=20),
    after=st.lists(ADD | ERASE, max_size=10),
    within=st.integers(0, 84),
)
def test_an_index_changes_no_answer_whatever_came_before_and_after_it(
    photo, place, before, after, within
):
    registry = MemoryFingerprints(page=16)
    value = int.from_bytes(fingerprint(photo).bits)
    for step in [*before, "build", *after]:
        if step == "build":
            build_index(registry, place)
        elif isinstance(step, int):
            if step in registry.rows:
                registry.erase(step)
        else:
            bits, position, quality = step
            changed = (value ^ ((1 << bits) - 1)).to_bytes(32)
            registry.add(changed, position=position, quality=quality)
    index = FingerprintIndex.open(place)
    for among in Among:
        with_it = search(registry, photo, among, within=within, index=index)
        without = search(registry, photo, among, within=within)
        assert with_it.candidates == without.candidates
