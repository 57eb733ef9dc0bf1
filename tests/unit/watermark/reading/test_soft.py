"""Evidence for each degree of freedom: weighted by what the synchronisation lines tell."""

from __future__ import annotations

import numpy as np
import pytest
from support import marks, pictures

from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import FULL_BAND, lattice
from provenance.watermark.reading.filter import whiten
from provenance.watermark.reading.lines import lines_of
from provenance.watermark.reading.soft import score, scores, soft_values
from provenance.watermark.schemes.lattice.words import carried

GRID = lattice(FULL_BAND)


def read(rgb):
    """Lines of both planes at unchanged geometry."""
    width, height = frame.size(rgb.shape[1], rgb.shape[0])
    planes = frame.planes(rgb, width=width, height=height)
    return [lines_of(whiten(plane), GRID) for plane in planes]


@pytest.fixture(scope="module")
def marked():
    return marks.sample("kitchen.png", 512, 512)


@pytest.fixture(scope="module")
def codeword(marked):
    return carried(marked[1], marks.KEY.carrier_key)


def z(rgb, codeword):
    return score([soft_values(lines, GRID) for lines in read(rgb)], codeword)


def weights(lines):
    """What the lines were multiplied with: (L - 32,)."""
    values = soft_values(lines, GRID)
    half = len(GRID.payload)
    return values[:half] / lines[GRID.payload].real


def test_the_right_code_word_scores_high_and_any_other_does_not(marked, codeword):
    assert z(marked[0], codeword) > 20
    assert abs(z(marked[0], carried(marked[1], bytes(32)))) < 4.5
    assert abs(z(pictures.sample("kitchen.png", 512, 512), codeword)) < 4.5


def test_an_inverted_picture_scores_the_same(marked, codeword):
    plain = z(marked[0], codeword)
    assert z(255 - marked[0], codeword) == pytest.approx(plain, rel=0.01)


def test_lines_of_opposite_sign_give_the_same_evidence(marked):
    lines = read(marked[0])[0]
    assert np.allclose(soft_values(lines, GRID), soft_values(-lines, GRID), rtol=1e-3, atol=1e-6)


def test_one_weight_for_both_parts_of_a_line(marked):
    lines = read(marked[0])[0]
    values = soft_values(lines, GRID)
    half = len(GRID.payload)
    assert values.shape == (GRID.freedoms,)
    assert np.allclose(values[half:] / lines[GRID.payload].imag, weights(lines), rtol=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_lines_that_have_faded_get_less_weight(seed):
    """In even noise: what blur does to a mark, for a growing blur."""
    radius = GRID.radius[GRID.payload]
    shares = []
    for slope in (0, 25, 60):
        rng = np.random.default_rng(seed)
        noise = rng.normal(size=(2, len(GRID.kx)))
        lines = noise[0] + 1j * noise[1]
        decay = np.exp(-slope * (GRID.radius[GRID.sync] ** 2 - 0.14**2))
        lines[GRID.sync] += 5 * GRID.phase * decay
        weight = weights(lines.astype(np.complex64))
        shares.append(weight[radius > 0.19].mean() / weight[radius < 0.11].mean())
    assert np.all(np.diff(shares) < 0)
    assert shares[-1] < 0.4 * shares[0]


def test_a_plane_without_a_mark_has_little_say(marked):
    with_mark = soft_values(read(marked[0])[0], GRID)
    without = soft_values(read(pictures.sample("kitchen.png", 512, 512))[0], GRID)
    assert np.abs(without).mean() < 0.35 * np.abs(with_mark).mean()
    assert np.abs(without).mean() > 0


def test_the_weights_do_not_depend_on_what_the_payload_lines_say(marked):
    """Else the bound would not hold: signs of single payload lines are free."""
    lines = read(marked[0])[0]
    turned = lines.copy()
    turned[GRID.payload] *= np.random.default_rng(0).choice([-1, 1], len(GRID.payload))
    assert np.allclose(weights(lines), weights(turned), rtol=1e-3)


def test_an_empty_plane_says_nothing():
    values = soft_values(np.zeros(len(GRID.kx), np.complex64), GRID)
    assert not values.any()
    assert score([values, values], np.ones((2, GRID.freedoms), np.float32)) == 0


@pytest.mark.parametrize("factor", [1e-4, 3.0, 1e5])
def test_the_score_has_no_unit(marked, codeword, factor):
    values = [soft_values(lines, GRID) for lines in read(marked[0])]
    scaled = [np.float32(factor) * value for value in values]
    assert score(scaled, codeword) == pytest.approx(score(values, codeword), rel=1e-4)


def test_the_highest_score_is_the_root_of_the_number_of_values():
    signs = np.random.default_rng(0).choice([-1, 1], (2, 500)).astype(np.float32)
    assert score([signs[0], signs[1]], signs) == pytest.approx(1000**0.5)
    assert score([signs[0]], signs) == pytest.approx(500**0.5)
    assert score([-signs[0], signs[1]], signs) == pytest.approx(0, abs=1e-4)


def test_many_at_once_give_what_each_gives_alone(marked, codeword):
    luma, blue = read(marked[0])
    nothing = np.zeros_like(luma)
    lines = np.stack([[luma, blue], [blue, nothing], [-luma, 3 * blue], [nothing, nothing]])
    values = soft_values(lines, GRID)
    seen = scores(values, codeword)
    for some, made, (first, both) in zip(lines, values, seen, strict=True):
        alone = [soft_values(plane, GRID) for plane in some]
        assert (made == alone).all()
        assert first == score(alone[:1], codeword)
        assert both == score(alone, codeword)
