"""The distance of fingerprints is a metric; comparison never raises."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from provenance.fingerprint import compare, fingerprint, spectrum
from provenance.model import Fingerprint, MatchStatus

fingerprints = st.builds(
    Fingerprint, bits=st.binary(min_size=32, max_size=32), quality=st.integers(0, 100)
)
pictures = arrays(
    np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=80).map(lambda shape: (*shape, 3))
)


@given(fingerprints, fingerprints, fingerprints)
def test_the_distance_is_a_metric(a, b, c):
    assert a.distance(a) == 0
    assert a.distance(b) == b.distance(a)
    assert 0 <= a.distance(b) <= 256
    assert (a.distance(b) == 0) == (a.bits == b.bits)
    assert a.distance(c) <= a.distance(b) + b.distance(c)


@settings(max_examples=40)
@given(pictures)
def test_every_picture_has_a_fingerprint_and_matches_itself_or_cannot_be_compared(rgb):
    made = fingerprint(rgb)
    assert made == fingerprint(rgb.copy())
    found = compare(rgb, made)
    assert found.distance == 0
    assert found.status in (MatchStatus.MATCH, MatchStatus.NOT_COMPARABLE)


@settings(max_examples=40)
@given(pictures, fingerprints)
def test_comparison_reports_the_nearest_orientation(rgb, issued):
    found = compare(rgb, issued)
    distances = {
        name: issued.distance(value) for name, value in spectrum(rgb).orientations().items()
    }
    assert found.distance == min(distances.values())
    assert distances[found.orientation] == found.distance
    assert found.status is not MatchStatus.PARTIAL
