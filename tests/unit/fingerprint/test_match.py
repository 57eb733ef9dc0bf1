"""Is the questioned picture the one that was issued?"""

from __future__ import annotations

import numpy as np
import pytest
from support import pictures

from provenance.fingerprint import compare, compare_all, fingerprint
from provenance.fingerprint.match import MISMATCH_DISTANCE
from provenance.fingerprint.pdq import CONFIDENT_DISTANCE, MIN_QUALITY
from provenance.model import Fingerprint, MatchStatus

PICTURE = pictures.crop(512, 512)
OWN = fingerprint(PICTURE)


def flipped(count, quality=100):
    """The picture's own fingerprint with so many bits changed."""
    number = int.from_bytes(OWN.bits) ^ ((1 << count) - 1)
    return Fingerprint(bits=number.to_bytes(32), quality=quality)


@pytest.mark.parametrize(
    ("distance", "status"),
    [
        (0, MatchStatus.MATCH),
        (CONFIDENT_DISTANCE, MatchStatus.MATCH),
        (CONFIDENT_DISTANCE + 1, MatchStatus.NOT_COMPARABLE),
        (MISMATCH_DISTANCE - 1, MatchStatus.NOT_COMPARABLE),
        (MISMATCH_DISTANCE, MatchStatus.MISMATCH),
    ],
)
def test_between_the_two_thresholds_nothing_is_concluded(distance, status):
    found = compare(PICTURE, flipped(distance))
    assert (found.distance, found.status) == (distance, status)
    assert found.orientation == "upright"


def test_the_thresholds_are_reported_with_the_distance():
    found = compare(PICTURE, OWN)
    assert found.match_at_most == CONFIDENT_DISTANCE
    assert found.mismatch_at_least == MISMATCH_DISTANCE
    assert found.match_at_most < found.mismatch_at_least


@pytest.mark.parametrize("distance", [0, MISMATCH_DISTANCE])
def test_a_record_without_structure_cannot_be_compared(distance):
    poor = flipped(distance, quality=MIN_QUALITY - 1)
    assert compare(PICTURE, poor).status is MatchStatus.NOT_COMPARABLE
    good = flipped(distance, quality=MIN_QUALITY)
    assert compare(PICTURE, good).status is not MatchStatus.NOT_COMPARABLE


def test_a_questioned_picture_without_structure_cannot_be_compared():
    flat = np.full((300, 300, 3), 90, dtype=np.uint8)
    found = compare(flat, OWN)
    assert found.status is MatchStatus.NOT_COMPARABLE
    assert found.quality == 0


def test_the_quality_is_the_lower_one_of_both():
    assert compare(PICTURE, flipped(0, quality=60)).quality == min(60, OWN.quality)


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_copy_matches_and_says_how_it_was_turned(turns, mirrored):
    copy = np.rot90(PICTURE[:, ::-1] if mirrored else PICTURE, turns)
    found = compare(np.ascontiguousarray(copy), OWN)
    assert found.status is MatchStatus.MATCH
    assert found.orientation != "upright"


def test_another_picture_is_a_mismatch():
    assert compare(pictures.grey_texture(512, 512), OWN).status is MatchStatus.MISMATCH


def test_a_recompressed_copy_matches():
    copy = pictures.decoded(pictures.file(PICTURE, "JPEG", quality=50))
    assert compare(copy, OWN).status is MatchStatus.MATCH


def test_many_fingerprints_give_what_each_gives_alone():
    issued = [flipped(count, quality) for count in (0, 40, 120) for quality in (100, 10)]
    assert list(compare_all(PICTURE, issued)) == [compare(PICTURE, one) for one in issued]
    assert list(compare_all(PICTURE, [])) == []
