"""PSNR and SSIM against their formulas, written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import correlate1d
from support import pictures

from provenance.imaging.quality import psnr, quality, ssim

PICTURE = pictures.crop(96, 128)


def noisy(picture, sigma, seed=1):
    noise = np.random.default_rng(seed).normal(0, sigma, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def luma(rgb):
    """Rounded as an 8-bit picture holds it."""
    return np.floor(rgb @ np.array([0.299, 0.587, 0.114]) + 0.5)


def reference_ssim(a, b):
    """Wang et al. 2004, equation 13, with the 11x11 Gaussian window of their paper."""
    x, y = luma(a), luma(b)
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets**2) / (2 * 1.5**2))
    window /= window.sum()

    def mean(values):
        rows = correlate1d(values, window, axis=0, mode="mirror")
        return correlate1d(rows, window, axis=1, mode="mirror")

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    values = (2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    return values.mean()


@pytest.mark.parametrize("sigma", [1, 5, 40])
def test_psnr_is_its_formula_over_all_samples(sigma):
    changed = noisy(PICTURE, sigma)
    error = np.mean((PICTURE.astype(float) - changed) ** 2)
    assert psnr(PICTURE, changed) == pytest.approx(10 * math.log10(255**2 / error))


def test_psnr_of_black_against_white_is_zero():
    black = np.zeros((20, 20, 3), dtype=np.uint8)
    assert psnr(black, 255 - black) == pytest.approx(0)


def test_psnr_of_equal_pictures_is_infinite():
    assert psnr(PICTURE, PICTURE.copy()) == math.inf


def test_psnr_counts_every_channel():
    for channel in range(3):
        changed = PICTURE.copy()
        changed[:, :, channel] ^= 1
        assert psnr(PICTURE, changed) == pytest.approx(10 * math.log10(255**2 * 3))


def test_psnr_of_a_large_difference_does_not_overflow():
    black = np.zeros((3000, 3000, 3), dtype=np.uint8)
    assert psnr(black, np.full_like(black, 255)) == pytest.approx(0)


@pytest.mark.parametrize("sigma", [1, 5, 40])
def test_ssim_is_its_formula(sigma):
    changed = noisy(PICTURE, sigma)
    assert ssim(PICTURE, changed) == pytest.approx(reference_ssim(PICTURE, changed), abs=2e-4)


def test_ssim_of_a_tall_picture_has_no_seams():
    tall = np.tile(PICTURE, (13, 1, 1))[:1100]
    changed = noisy(tall, 12)
    assert ssim(tall, changed) == pytest.approx(reference_ssim(tall, changed), abs=2e-4)


def test_a_change_at_the_seam_of_two_strips_costs_what_it_costs_elsewhere():
    tall = np.tile(PICTURE, (13, 1, 1))[:1100]
    changed = tall.copy()
    changed[508:516] = noisy(tall, 30)[508:516]
    loss = 1 - ssim(tall, changed)
    assert loss == pytest.approx(1 - reference_ssim(tall, changed), rel=0.01)


@pytest.mark.parametrize("height", [1, 5, 511, 512, 513, 517, 518])
def test_ssim_of_any_height_is_its_formula(height):
    picture = np.tile(PICTURE, (6, 1, 1))[:height, :40]
    changed = noisy(picture, 9)
    if height > 10:
        assert ssim(picture, changed) == pytest.approx(reference_ssim(picture, changed), abs=5e-4)
    assert ssim(picture, picture) == pytest.approx(1)


def test_ssim_falls_as_the_picture_gets_worse():
    values = [ssim(PICTURE, noisy(PICTURE, sigma)) for sigma in (2, 8, 32)]
    assert values == sorted(values, reverse=True)


def test_quality_is_rounded_so_that_machines_agree():
    changed = noisy(PICTURE, 3)
    found = quality(PICTURE, changed)
    assert found.psnr_db == round(psnr(PICTURE, changed), 2)
    assert found.ssim == round(ssim(PICTURE, changed), 5)
