"""The spectrum in which the lines are looked for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from provenance.watermark.sync.spectrum import COLUMNS, REACH, SIZE, K, ring_of, spectrum, transform


def plane(height, width, seed=0):
    return np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)


@pytest.mark.parametrize("shape", [(360, 380), (100, 700), (8, 8), (768, 768)])
def test_values_are_those_of_the_padded_plane(shape):
    given = plane(*shape)
    full = np.fft.fft2(given, (SIZE, SIZE))
    values = transform(given)[0]
    assert values.shape == (2 * K + 1, COLUMNS)
    expected = full[np.arange(-K, K + 1)][:, : K + 1]
    assert np.allclose(values, expected, atol=0.02)


def test_all_frequencies_up_to_the_reach_are_kept():
    assert K >= REACH * SIZE
    assert K < SIZE / 2


def test_power_is_divided_by_that_of_its_ring():
    given = plane(300, 300)
    given = cv2.GaussianBlur(given, (0, 0), 1.5) * 10 + given  # stronger at low frequencies
    _, mean, power = transform(given)
    row, column = np.mgrid[-K : K + 1, 0:COLUMNS]
    ring = ring_of(np.hypot(row, column) / SIZE)
    assert mean[1] > 10 * mean[30]
    for number in (3, 12, 30):
        assert power[ring == number].mean() == pytest.approx(1, abs=0.1)


def test_a_single_strong_line_is_limited():
    y, x = np.mgrid[0:300, 0:300]
    given = (50 * np.cos(2 * np.pi * (0.11 * x + 0.07 * y))).astype(np.float32) + plane(300, 300)
    power = transform(given)[2]
    assert power.max() == 10


def test_the_middle_of_a_longer_plane_is_used():
    given = plane(50, SIZE + 101)
    values = transform(given)[0]
    assert np.allclose(values, transform(given[:, 50 : 50 + SIZE])[0])
    assert spectrum([given]).centre == (SIZE / 2, 25)


def test_planes_are_averaged():
    planes = [plane(200, 220, seed) for seed in range(2)]
    both = spectrum(planes)
    assert both.centre == (110, 100)
    assert np.allclose(both.power, (both.plane_power[0] + both.plane_power[1]) / 2)
    assert np.array_equal(both.values[1], transform(planes[1])[0])


def test_an_empty_plane_has_no_power_and_no_warning():
    assert not transform(np.zeros((64, 64), np.float32))[2].any()


def test_spectra_add_up_to_one_of_all_their_planes():
    planes = [plane(200, 220, seed) for seed in range(3)]
    added, whole = spectrum(planes[:1]) + spectrum(planes[1:]), spectrum(planes)
    assert added.centre == whole.centre
    assert np.array_equal(added.power, whole.power)
    for name in ("values", "ring_power", "plane_power"):
        pairs = zip(getattr(added, name), getattr(whole, name), strict=True)
        assert all(np.array_equal(*pair) for pair in pairs)
