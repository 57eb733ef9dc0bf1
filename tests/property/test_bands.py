"""Banded search finds what comparing with every hash finds, whatever the hashes are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from provenance.fingerprint import bands
from provenance.fingerprint.bands import Bands
from provenance.fingerprint.search import nearest
from provenance.model import Fingerprint

WITHIN = st.integers(0, 84)


def flipped(rng, words, most):
    """Each row with up to so many bits turned over, at random places."""
    bits = np.unpackbits(words.view(np.uint8), axis=1)
    for row in bits:
        row[rng.choice(256, rng.integers(0, most + 1), replace=False)] ^= 1
    return np.packbits(bits, axis=1).view(np.uint64)


def uniform(rng, n):
    return rng.integers(0, 1 << 64, (n, 4), np.uint64, endpoint=False)


def clustered(rng, n):
    """All near a few: what many copies of a few pictures give."""
    return flipped(rng, uniform(rng, 3)[rng.integers(0, 3, n)], 60)


def equal(rng, n):
    return np.repeat(uniform(rng, 1), n, axis=0)


def skewed(rng, n):
    """Three quarters of each hash are the same, so most lists have one long stretch."""
    words = uniform(rng, n)
    words[:, :3] = words[:1, :3]
    return words


def constant(rng, n):
    """All bits zero or all one: complements are 256 bits apart."""
    return np.where(rng.random((n, 1)) < 0.5, np.uint64(0), ~np.uint64(0)).repeat(4, axis=1)


KINDS = [uniform, clustered, equal, skewed, constant]


def same_as_a_scan(stored, asked, within):
    questions = [Fingerprint(bits=row.tobytes(), quality=100) for row in asked]
    distance, which = nearest(questions, stored.tobytes())
    good = np.flatnonzero(distance <= within)
    found = Bands.of(stored).near(questions, within)
    assert found.number.tolist() == good.tolist()
    assert found.distance.tolist() == distance[good].tolist()
    assert found.which.tolist() == which[good].tolist()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    n=st.integers(0, 3000),
    views=st.integers(1, 5),
    within=WITHIN,
    turned=st.integers(0, 90),
    dear=st.sampled_from([0, 4]),
    size=st.sampled_from([1, 7, 1 << 17]),
)
def test_banded_search_is_a_scan(kind, seed, n, views, within, turned, dear, size):
    """With slices of any size, and also where the lists are followed at any price."""
    assume(size > 1 or n < 100)
    rng = np.random.default_rng(seed)
    stored = kind(rng, n)
    asked = stored[rng.integers(0, n, views)] if n else uniform(rng, views)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bands, "_DEAR", dear)
        patch.setattr(bands, "_SLICE", size)
        same_as_a_scan(stored, flipped(rng, asked, turned), within)


@given(seed=st.integers(0, 2**32), within=st.integers(0, 63))
def test_the_hardest_hash_within_the_distance_is_found_by_the_lists(seed, within):
    """The bits that differ are spread as evenly over the bands as they can be."""
    rng = np.random.default_rng(seed)
    stored = uniform(rng, 1)
    bits = np.unpackbits(stored.view(np.uint8), axis=1).reshape(16, 16)
    order = rng.permutation(16)
    for turned in range(within):
        bits[order[turned % 16], turned // 16] ^= 1
    asked = Fingerprint(bits=np.packbits(bits).tobytes(), quality=100)
    index = Bands.of(np.concatenate([stored, uniform(rng, 50)]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bands, "_DEAR", 0)
        patch.setattr(bands, "nearest", None)  # a scan would fail
        found = index.near([asked], within)
    assert (found.number.tolist(), found.distance.tolist()) == ([0], [within])


def test_where_the_lists_would_compare_too_much_the_hashes_are_scanned(monkeypatch):
    """A hash that all share, and a distance with too many neighbours."""
    rng = np.random.default_rng(5)
    scans = []

    def counted(questions, stored):
        scans.append(len(questions))
        return nearest(questions, stored)

    monkeypatch.setattr(bands, "nearest", counted)
    stored = equal(rng, 500)
    same, other = (Fingerprint(bits=row.tobytes(), quality=100) for row in (stored[0], ~stored[0]))
    index = Bands.of(stored)
    assert index.near([other, same, other], 31).which.tolist() == [1] * 500
    assert scans == [1]  # only the view that all share it with
    assert len(index.near([other, same], 64).number) == 500
    assert scans == [1, 2]
