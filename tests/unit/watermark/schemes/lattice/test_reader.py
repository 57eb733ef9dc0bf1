"""Reading where the alignment is known: which key, which word."""

from __future__ import annotations

import numpy as np
import pytest
from support import marks, pictures

from provenance.model import SystemRef, WatermarkStatus
from provenance.watermark import Keyring
from provenance.watermark.carriers import frame
from provenance.watermark.reading.filter import whiten
from provenance.watermark.reading.lines import lines_of
from provenance.watermark.schemes.lattice.reader import read_word
from provenance.watermark.schemes.lattice.words import FULL
from provenance.watermark.statistics.bound import log10_chance


def lines(rgb):
    planes = frame.planes(rgb, width=512, height=512)
    return [lines_of(whiten(plane), FULL.grid) for plane in planes]


@pytest.fixture(scope="module")
def marked():
    rgb, payload = marks.sample("kitchen.png", 512, 512)
    return lines(rgb), payload


def others(count):
    return tuple(marks.key(50 + i, tag=None, system=SystemRef(i, "x")) for i in range(count))


def test_the_word_is_read_and_its_chance_is_the_bound(marked):
    word = read_word(marked[0], FULL, marks.RING, trials=3)
    assert word.payload == marked[1]
    assert word.status is WatermarkStatus.READ_AUTHENTIC
    expected = log10_chance(word.z, words=FULL.words(tag_known=True), trials=3)
    assert word.log10_p == pytest.approx(expected)


def test_luma_alone_is_enough(marked):
    both, alone = (
        read_word(part, FULL, marks.RING, trials=1) for part in (marked[0], marked[0][:1])
    )
    assert alone.payload == both.payload == marked[1]


def test_the_most_certain_word_is_taken(marked):
    """Others without a tag key decode to some word too; its chance is no better than any."""
    for ring in ((*others(2), marks.KEY), (marks.KEY, *others(2)), (*others(1), marks.KEY)):
        assert read_word(marked[0], FULL, Keyring(keys=ring), trials=1).key == marks.KEY


def test_a_wrong_key_without_a_tag_gives_a_word_that_proves_nothing(marked):
    word = read_word(marked[0], FULL, Keyring(keys=others(1)), trials=1)
    assert word.status is WatermarkStatus.READ
    assert word.log10_p > -1


def test_among_many_keys_only_the_promising_are_decoded(marked):
    assert read_word(marked[0], FULL, Keyring(keys=others(3)), trials=1) is None
    many = Keyring(keys=(*others(60), marks.KEY))
    assert read_word(marked[0], FULL, many, trials=1).key == marks.KEY


@pytest.mark.parametrize("secret", range(6))
def test_no_authentic_word_is_read_in_an_unmarked_picture(secret):
    ring = Keyring(keys=(marks.key(200 + secret),))
    found = read_word(lines(pictures.sample("kitchen.png", 512, 512)), FULL, ring, trials=1)
    assert found is None


def test_an_empty_picture_has_no_word():
    nothing = [np.zeros(len(FULL.grid.kx), np.complex64)]
    assert read_word(nothing, FULL, marks.RING, trials=1) is None
    word = read_word(nothing, FULL, Keyring(keys=others(1)), trials=1)
    assert word.log10_p == 0
