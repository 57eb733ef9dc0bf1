"""The grid signature: what it is blind to, what it keeps, how it is written."""

from __future__ import annotations

import numpy as np
import pytest
from support import pictures
from support.geometries import untouched

from provenance.fingerprint import GridSignature, signature
from provenance.fingerprint.cells import Cells
from provenance.fingerprint.signature import features

RNG = np.random.default_rng(3)
MEANS = RNG.uniform(0, 255, (9, 12)).astype(np.float32)
ALL = np.ones(MEANS.shape, bool)


def test_the_features_are_second_differences():
    found = features(Cells(MEANS, ALL))
    c = MEANS
    for y in range(1, 8):
        for x in range(1, 11):
            h = 2 * c[y, x] - c[y, x - 1] - c[y, x + 1]
            v = 2 * c[y, x] - c[y - 1, x] - c[y + 1, x]
            s = c[y, x] - c[y, x + 1] - c[y + 1, x] + c[y + 1, x + 1]
            assert found[y, x] == pytest.approx((h, v, s), abs=1e-3)


def test_light_that_falls_from_one_side_is_not_seen():
    y, x = np.mgrid[0:9, 0:12]
    lit = (MEANS + 7 + 3 * x - 5 * y).astype(np.float32)
    assert features(Cells(lit, ALL)) == pytest.approx(features(Cells(MEANS, ALL)), abs=1e-3)


def test_a_missing_cell_takes_all_features_that_need_it():
    present = ALL.copy()
    present[4, 5] = False
    without = features(Cells(MEANS, present)) == 0
    with_it = features(Cells(MEANS, ALL)) == 0
    lost = {tuple(map(int, place)) for place in np.argwhere(without & ~with_it)}
    expected = {(4, 5, 0), (4, 5, 1), (4, 5, 2), (4, 4, 0), (4, 6, 0), (3, 5, 1), (5, 5, 1)}
    expected |= {(4, 4, 2), (3, 5, 2), (3, 4, 2)}
    assert lost == expected


def test_differences_below_a_grey_level_have_no_sign():
    faint = RNG.uniform(100, 100.2, (9, 12)).astype(np.float32)
    assert np.abs(features(Cells(faint, ALL))).max() > 0
    flat = np.full((512, 512, 3), 100, np.uint8)
    assert not signature(flat, untouched(flat).geometry).trits.any()


def test_a_signature_takes_five_trits_in_a_byte():
    picture = pictures.whole_sample("kitchen.png")
    made = signature(picture, untouched(picture).geometry)
    assert made.trits.shape == (32, 32, 3)
    assert len(made.pack()) == 5 + -(-32 * 32 * 3 // 5)
    assert np.array_equal(GridSignature.unpack(made.pack()).trits, made.trits)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01\x00\x01",
        b"\x02\x00\x01\x00\x01\x00",  # another version
        b"\x01\x00\x00\x00\x01",  # no rows
        b"\x01\x00\x01\x00\x01\xff",  # no five trits
        b"\x01\x00\x01\x00\x01\x00\x00",  # too long
        b"\x01\x00\x02\x00\x01\x00",  # too short
        b"\x01\xff\xff\xff\xff" + bytes(10),
    ],
)
def test_other_bytes_are_no_signature(data):
    with pytest.raises(ValueError, match="signature"):
        GridSignature.unpack(data)
