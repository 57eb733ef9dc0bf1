"""What the embedder expects of its own detector."""

from __future__ import annotations

import numpy as np
import pytest
from support import copies, marks

from provenance.watermark.carriers import frame
from provenance.watermark.reading.filter import whiten
from provenance.watermark.schemes.lattice.simulate import Reader, jpeg
from provenance.watermark.schemes.lattice.words import FULL, carried


@pytest.fixture(scope="module")
def marked():
    return marks.sample("kitchen.png", 512, 512)


@pytest.fixture(scope="module")
def reader(marked):
    codeword = carried(marked[1], marks.KEY.carrier_key)
    return Reader(FULL.grid, codeword, 512, 512, (512, 512))


def filtered(rgb):
    return [whiten(plane) for plane in frame.planes(rgb, width=512, height=512)]


def luma(rgb):
    plane = frame.planes(rgb, width=512, height=512)[0]
    return np.clip(plane + 0.5, 0, 255).astype(np.uint8)


def stated(rgb, payload):
    return float(marks.detect(rgb, payload).detail.split()[1].rstrip(","))


def test_the_whole_scores_what_a_detection_states(reader, marked):
    assert reader.whole(filtered(marked[0])) == pytest.approx(stated(*marked), abs=0.1)


@pytest.mark.parametrize("quality", [85, 40])
def test_after_jpeg_it_scores_what_a_detection_states(reader, marked, quality):
    expected = stated(copies.jpeg(copies.grey(marked[0]), quality), marked[1])
    assert reader.compressed(luma(marked[0]), quality) == pytest.approx(expected, abs=1.5)


def test_smaller_and_compressed_it_scores_what_a_detection_states(reader, marked):
    copy = copies.jpeg(copies.resized(copies.grey(marked[0]), 0.6), 50)
    assert reader.shrunk(luma(marked[0]), 50) == pytest.approx(stated(copy, marked[1]), rel=0.15)


def test_stronger_damage_scores_less(reader, marked):
    shown = luma(marked[0])
    by_quality = [reader.compressed(shown, quality) for quality in (90, 60, 30, 10)]
    assert by_quality == sorted(by_quality, reverse=True)
    assert reader.shrunk(shown, 50) < reader.compressed(shown, 50)
    assert reader.quarters(marked[0], 70)[0] < reader.whole(filtered(marked[0]))


@pytest.mark.parametrize(("top", "left"), [(0, 0), (70, 0), (0, 133), (201, 99)])
def test_a_region_is_read_where_it_lies(reader, marked, top, left):
    region = (slice(top, top + 256), slice(left, left + 256))
    joint, alone = reader.worst(filtered(marked[0]), [region])
    crop = marked[0][region]
    assert joint > 12
    assert joint == pytest.approx(stated(crop, marked[1]), rel=0.3)
    assert alone > 8


def test_the_worst_region_is_the_one_that_is_stated(reader, marked):
    planes = filtered(marked[0])
    regions = [(slice(y, y + 200), slice(x, x + 200)) for y in (0, 300) for x in (0, 300)]
    single = [reader.worst(planes, [region]) for region in regions]
    joint, alone = reader.worst(planes, regions)
    assert joint == min(one[0] for one in single)
    assert alone == min(one[1] for one in single)


def test_quarters_and_ninths_are_parts_of_the_picture(reader, marked):
    clean, _ = reader.ninths(marked[0])
    compressed, _ = reader.quarters(marked[0], 70)
    assert 8 < compressed < 35
    assert 8 < clean < 35


def test_another_code_word_scores_nothing(marked):
    other = Reader(FULL.grid, carried(marked[1], bytes(32)), 512, 512, (512, 512))
    assert abs(other.whole(filtered(marked[0]))) < 4.5


@pytest.mark.parametrize("shape", [(40, 60), (40, 60, 3)])
def test_jpeg_keeps_shape_and_order_of_colours(shape):
    given = np.full(shape, 90, np.uint8)
    if len(shape) == 3:
        given[..., 0] = 200
    made = jpeg(given, 90)
    assert made.shape == shape
    assert np.abs(made.astype(int) - given).max() <= 4
