"""The stages of the search, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from support import copies, marks, pictures

from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import FULL_BAND, SHORT_BAND, lattice
from provenance.watermark.reading.lines import agreeing
from provenance.watermark.schemes.lattice.scheme import TRACE_LINES
from provenance.watermark.sync.local import local_lines
from provenance.watermark.sync.search import READ, WORKING, Search


def search(rgb):
    width, height = frame.size(rgb.shape[1], rgb.shape[0])
    return Search(frame.planes(rgb, width=width, height=height))


@pytest.fixture(scope="module")
def marked():
    return marks.sample("camera.png", 512, 512)[0]


@pytest.fixture(scope="module")
def coloured():
    return marks.sample("kitchen.png", 512, 512)[0]


def test_the_working_planes_are_smaller_than_the_frame(marked):
    made = search(copies.cropped(marked, 0.5))
    assert made.working == (round(512 * WORKING), round(512 * WORKING))
    assert made.centre == (made.working[0] / 2, made.working[1] / 2)


@pytest.mark.parametrize("stage", [Search.shallow, Search.scanned, Search.with_aspect])
def test_a_crop_is_found_by_every_stage_that_covers_it(coloured, stage):
    found = list(stage(search(copies.cropped(coloured, 0.4)), FULL_BAND))
    best = found[0]
    assert best.score > 15
    assert best.score == best.alignment.score
    assert len(best.lines) == 2
    # An area of 40 % is enlarged to that of the frame, and the frame reduced.
    matrix = best.alignment.matrix
    assert np.linalg.det(matrix) ** 0.5 == pytest.approx(0.4**0.5 / WORKING, rel=0.01)


def test_a_scan_of_scales_alone_does_not_find_a_rotation(coloured):
    turned = copies.rotated(coloured, 15)
    assert max((f.score for f in search(turned).scanned(FULL_BAND)), default=0) < 12
    assert next(search(turned).shallow(FULL_BAND)).score > 15


def test_colour_is_of_no_use_to_a_grey_picture(marked, coloured):
    assert not list(search(marked).with_colour(FULL_BAND))
    assert list(search(copies.cropped(coloured, 0.4)).with_colour(FULL_BAND))


def test_parts_are_tried_only_beside_an_alignment_that_promises_something(marked):
    unmarked = pictures.sample("camera.png", 512, 512)
    for rgb in (marked, unmarked):
        assert not list(search(rgb).local(FULL_BAND))  # nothing was aligned before


def test_parts_agree_where_the_whole_does_not(marked):
    made = search(copies.perspective(marked, 0.03))
    whole = list(made.shallow(FULL_BAND))
    parts = list(made.local(FULL_BAND))
    assert parts
    assert all(part.stage == "local" for part in parts)
    assert max(part.score for part in parts) == max(found.score for found in whole)


def test_windows_without_a_mark_add_nothing():
    rgb = pictures.sample("canyon.jpg", 400, 400)
    made = search(rgb)
    start = next(search(marks.sample("canyon.jpg", 400, 400)[0]).shallow(FULL_BAND)).alignment
    assert local_lines(made._filtered, start, FULL_BAND, 2, 0.6) is None


def test_only_what_scores_enough_is_read(marked):
    for rgb in (marked, pictures.sample("kitchen.png", 400, 400)):
        assert all(f.score >= READ for f in search(rgb).shallow(FULL_BAND))


def test_a_mark_is_not_found_in_the_other_band(marked):
    grid = lattice(SHORT_BAND)
    for found in search(marked).shallow(SHORT_BAND):
        assert all(agreeing(lines, grid) < TRACE_LINES for lines in found.lines)
