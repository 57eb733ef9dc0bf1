"""Signatures survive being written; cells follow a shift of the mark by whole tiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support import pictures
from support.geometries import cropped, untouched

from provenance.fingerprint import GridSignature, match_grid, signature
from provenance.fingerprint.cells import cells_of
from provenance.fingerprint.signature import features

shapes = st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))
trits = shapes.flatmap(lambda shape: arrays(np.int8, shape, elements=st.integers(-1, 1)))

WHOLE = untouched(pictures.whole_sample("kitchen.png"))
OWN = features(cells_of(WHOLE.rgb, WHOLE.geometry))
RECORD = signature(WHOLE.rgb, WHOLE.geometry)


@given(trits)
def test_what_was_packed_is_unpacked(values):
    packed = GridSignature(trits=values).pack()
    assert len(packed) == 5 + -(-values.size // 5)
    assert np.array_equal(GridSignature.unpack(packed).trits, values)


@settings(max_examples=30)
@given(left=st.integers(0, 2), top=st.integers(0, 2))
def test_the_features_move_with_the_picture_by_whole_tiles(left, top):
    copy = cropped(WHOLE, 128 * left, 128 * top, 256, 256)
    found = features(cells_of(copy.rgb, copy.geometry))
    expected = OWN[8 * top : 8 * top + 16, 8 * left : 8 * left + 16]
    inner = np.s_[2:-2, 2:-2]
    assert np.abs(found - expected)[inner].max() < 0.01


@settings(max_examples=20)
@given(left=st.integers(0, 200), top=st.integers(0, 200), tiles=st.integers(-3, 3))
def test_every_crop_is_found_and_whole_tiles_make_no_difference(left, top, tiles):
    copy = cropped(WHOLE, left, top, 300, 300)
    found = match_grid(copy.rgb, copy.geometry, RECORD)
    assert found.cells
    assert found.log10_p <= found.log10_threshold
    moved = replace(copy.geometry, dx=copy.geometry.dx + 128 * tiles)
    assert match_grid(copy.rgb, moved, RECORD) == found
