"""The cost of a mark."""

from __future__ import annotations

import time

import numpy as np
import pytest
from support import pictures

from benchmarks.watermark import metrics
from benchmarks.watermark.ciede2000 import delta_e, difference, lab

# Sharma, Wu, Dalal 2005, table 1: pairs 1, 4, 7, 10, 11, 17, 25, 29, 30, 34.
SHARMA = (
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0010), 7.1792),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
)


def colour(values):
    return tuple(np.array([value]) for value in values)


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
def test_ciede2000_gives_the_published_differences(first, second, expected):
    assert delta_e(colour(first), colour(second))[0] == pytest.approx(expected, abs=1e-4)
    assert delta_e(colour(second), colour(first))[0] == pytest.approx(expected, abs=1e-4)


def test_white_and_black_are_where_they_belong_in_cielab():
    ends = np.array([[[255, 255, 255], [0, 0, 0]]], dtype=np.uint8)
    light, a, b = lab(ends)
    assert light[0] == pytest.approx([100, 0], abs=1e-6)
    assert np.abs([a, b]).max() < 1e-6


def test_equal_pictures_have_no_difference_in_any_strip():
    picture = pictures.crop(300, 40)
    assert difference(picture, picture).shape == (300, 40)
    assert not difference(picture, picture).any()


def test_a_stronger_change_costs_more_by_every_metric():
    picture = pictures.crop(128, 128)
    rng = np.random.default_rng(0)
    noise = rng.integers(-1, 2, picture.shape)
    weak, strong = (np.clip(picture + factor * noise, 0, 255).astype(np.uint8) for factor in (1, 4))
    little = metrics.measure(picture, weak, with_ssimulacra2=False)
    much = metrics.measure(picture, strong, with_ssimulacra2=False)
    assert little.psnr > much.psnr
    assert little.ssim > much.ssim
    assert little.delta_e_mean < much.delta_e_mean
    assert little.delta_e_p99 < much.delta_e_p99
    assert little.ssimulacra2 is None


def test_ssimulacra2_is_a_hundred_for_the_same_picture_and_less_for_another():
    pytest.importorskip("ssimulacra2", reason="the bench extra is not installed")
    picture = pictures.crop(64, 64)
    blurred = np.roll(picture, 2, axis=0)
    assert metrics.ssimulacra2(picture, picture) == pytest.approx(100)
    assert metrics.ssimulacra2(picture, blurred) < 90


def test_memory_that_is_needed_for_a_moment_is_seen_every_time():
    def use(mebibytes):
        # In pieces small enough for the allocator to keep after they are freed.
        return metrics.peak_memory(lambda: [np.ones(1 << 16) for _ in range(2 * mebibytes)])

    if use(1) is None:
        pytest.skip("this system has no high-water mark of memory")
    assert [use(64) == pytest.approx(64, abs=10) for _ in range(3)] == [True] * 3
    assert use(1) < 10


def test_a_timer_counts_work_and_not_waiting():
    with metrics.Timer() as idle:
        time.sleep(0.05)
    with metrics.Timer() as busy:
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
    assert idle.milliseconds < 25
    assert busy.milliseconds >= 50
