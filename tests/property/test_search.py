"""The scan over stored fingerprints finds what comparing one by one finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provenance.fingerprint.search import nearest
from provenance.model import Fingerprint

hashes = st.binary(min_size=32, max_size=32)


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
