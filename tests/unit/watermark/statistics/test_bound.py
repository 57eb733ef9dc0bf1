"""The error rate: the bound against independent computations, and against real pictures."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from itertools import product

import numpy as np
import pytest
from support import pictures

from provenance.watermark.carriers import frame
from provenance.watermark.reading.filter import whiten
from provenance.watermark.reading.lines import lines_of
from provenance.watermark.reading.soft import score, soft_values
from provenance.watermark.schemes.lattice.words import FULL
from provenance.watermark.statistics.bound import LOG10_THRESHOLD, log10_chance, required_score

KEYS = 2000


@pytest.mark.parametrize("z", [11.0, 12.6, 20.0, 37.5])
@pytest.mark.parametrize("words", [0, 40, 48, 72])
@pytest.mark.parametrize("trials", [1, 7, 1000])
def test_the_bound_is_trials_times_words_times_the_tail(z, words, trials):
    with localcontext() as context:
        context.prec = 50
        exact = (trials * Decimal(2) ** words * (-(Decimal(z) ** 2) / 2).exp()).log10()
    expected = min(0.0, float(exact))
    assert log10_chance(z, words=words, trials=trials) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("z", [0.0, -0.1, -40.0, 1.0])
def test_a_chance_is_never_more_than_one(z):
    assert log10_chance(z, words=48, trials=10) == 0


@pytest.mark.parametrize("words", [40, 48, 72])
@pytest.mark.parametrize("trials", [1, 100])
def test_the_required_score_is_where_the_threshold_is_reached(words, trials):
    z = required_score(words=words, trials=trials)
    assert log10_chance(z, words=words, trials=trials) == pytest.approx(LOG10_THRESHOLD)
    assert log10_chance(z - 0.01, words=words, trials=trials) > LOG10_THRESHOLD


def test_another_threshold_can_be_asked_for():
    z = required_score(words=48, trials=1, log10_threshold=-20)
    assert log10_chance(z, words=48, trials=1) == pytest.approx(-20)


@pytest.mark.parametrize("seed", range(4))
def test_hoeffdings_inequality_holds_for_all_signs_of_a_few_weights(seed):
    """Every one of 2^12 sign vectors: counted, not sampled."""
    weights = np.random.default_rng(seed).standard_cauchy(12)
    z = np.array(list(product((-1, 1), repeat=12))) @ weights / np.linalg.norm(weights)
    for t in np.linspace(0.1, 3.4, 12):
        assert (z >= t).mean() <= math.exp(-t * t / 2)


@pytest.fixture(scope="module")
def signs():
    """Chips of many keys: float32 (keys, 2, D)."""
    return np.stack([FULL.chips(index.to_bytes(32)).sign for index in range(KEYS)])


@pytest.mark.parametrize("name", ["kitchen.png", "canyon.jpg", "camera.png", "waves"])
def test_random_chips_on_real_pictures_exceed_no_score_more_often_than_the_bound(name, signs):
    rgb = pictures.crop(300, 300) if name == "waves" else pictures.sample(name, 300, 300)
    width, height = frame.size(300, 300)
    planes = frame.planes(rgb, width=width, height=height)
    values = [soft_values(lines_of(whiten(plane), FULL.grid), FULL.grid) for plane in planes]
    z = np.array([score(values, sign) for sign in signs])
    for t in (2.0, 2.5, 3.0):
        assert (z >= t).mean() <= math.exp(-t * t / 2)
    # Fair and independent signs have mean 0 and variance 1, whatever the picture.
    assert abs(z.mean()) < 4 / math.sqrt(KEYS)
    assert abs((z * z).mean() - 1) < 6 * math.sqrt(2 / KEYS)
