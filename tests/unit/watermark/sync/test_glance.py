"""What a glance shows, and that it gives up nothing that is there."""

from __future__ import annotations

import numpy as np
import pytest
from support import copies, marks, pictures

from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import FULL_BAND, SHORT_BAND, TILE, lattice
from provenance.watermark.reading.filter import whiten
from provenance.watermark.reading.lines import lines_of, sync_score
from provenance.watermark.sync import glance
from provenance.watermark.sync.glance import IN_PLACE, SEARCH, SIDE, Glance

GRID = lattice(FULL_BAND)
UNMARKED = ("kitchen.png", "camera.png")


@pytest.fixture(scope="module")
def marked():
    return marks.sample("kitchen.png", 512, 512)[0]


@pytest.mark.parametrize("scale", [0.6, 1, 1.7, 3.1])
def test_a_mark_in_place_scores_as_it_does_in_the_canonical_frame(marked, scale):
    copy = copies.resized(marked, scale)
    whole = sync_score(lines_of(whiten(frame.canonical(copy)[0]), GRID), GRID)
    assert Glance(copy).in_place(GRID) == pytest.approx(whole, rel=0.2)
    assert whole > 4 * IN_PLACE


def test_inverted_tones_score_the_opposite_in_place(marked):
    shown = Glance(marked).in_place(GRID)
    assert Glance(255 - marked).in_place(GRID) == pytest.approx(-shown, rel=0.05)


@pytest.mark.parametrize("name", UNMARKED)
@pytest.mark.parametrize("band", [FULL_BAND, SHORT_BAND], ids=["full", "short"])
def test_a_picture_without_a_mark_shows_nothing_in_place(name, band):
    assert abs(Glance(pictures.sample(name, 512, 512)).in_place(lattice(band))) < IN_PLACE


def test_a_mark_elsewhere_is_not_in_place_but_is_searched(marked):
    for change in (copies.cropped(marked, 0.4), copies.rotated(marked, 15)):
        look = Glance(change)
        assert abs(look.in_place(GRID)) < 2 * IN_PLACE
        assert look.searched(FULL_BAND) > SEARCH + 2


@pytest.mark.parametrize("name", UNMARKED)
def test_a_picture_without_a_mark_is_not_searched(name):
    assert Glance(pictures.sample(name, 512, 512)).searched(FULL_BAND) < SEARCH


def test_what_is_looked_for_in_place_needs_no_spectrum(marked):
    look = Glance(marked)
    look.in_place(GRID)
    assert "_spectrum" not in vars(look)


@pytest.mark.parametrize("shape", [(32, 32), (512, 512), (1031, 1777), (32, 4000), (2049, 40)])
def test_the_small_plane_has_the_size_of_so_many_tiles(shape):
    small = glance._small_luma(np.zeros((*shape, 3), dtype=np.uint8))
    assert small.shape[::-1] == frame.size(shape[1], shape[0], working=SIDE / TILE)


@pytest.mark.parametrize("height", [1024, 1026, 1500])
def test_luma_is_halved_the_same_in_strips(height):
    rgb = np.random.default_rng(height).integers(0, 256, (height, 1030, 3), dtype=np.uint8)
    assert np.array_equal(glance._half_luma(rgb), glance._halved(glance._luma(rgb)))
