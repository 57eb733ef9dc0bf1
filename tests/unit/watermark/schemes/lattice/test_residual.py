"""The residual: its lines, and how it is added to pictures of any size."""

from __future__ import annotations

from unittest.mock import patch

import cv2
import numpy as np
import pytest
from support import pictures

from provenance.kernels import native
from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import FULL_BAND, lattice
from provenance.watermark.reading.lines import lines_of
from provenance.watermark.schemes.lattice import residual as module
from provenance.watermark.schemes.lattice.residual import (
    LUMA_TILT,
    SYNC_ENERGY,
    add,
    informed,
    line_values,
    plain,
)
from provenance.watermark.schemes.lattice.words import FULL

GRID = lattice(FULL_BAND)
SIGNS = FULL.chips(bytes(32)).sign[0]

#: What one unit of Y and one of Cb are in R, G, B (JFIF 1.02).
JFIF = np.array([[1, 0], [1, -0.344136], [1, 1.772]])


def rms(plane):
    return float(np.sqrt((plane.astype(float) ** 2).mean()))


def residual(width, height, planes, amplitude=3.0):
    """A mark over the canonical frame of a picture of this size."""
    columns, rows = frame.size(width, height)
    mask = np.full((rows, columns), amplitude, np.float32)
    signs = FULL.chips(bytes(32)).sign
    return np.stack([plain(GRID, signs[i], mask, tilt=0.0) for i in range(planes)], axis=-1)


@pytest.mark.parametrize("tilt", [0.0, LUMA_TILT, 1.0])
def test_line_values_have_energy_one_a_quarter_of_it_public(tilt):
    power = np.abs(line_values(GRID, SIGNS, tilt=tilt)) ** 2
    assert power.sum() == pytest.approx(1, rel=1e-4)
    assert power[GRID.sync].sum() == pytest.approx(SYNC_ENERGY, rel=1e-4)


def test_the_parts_of_payload_lines_have_the_signs_of_the_code_word():
    values = line_values(GRID, SIGNS, tilt=0.0)[GRID.payload]
    assert np.array_equal(np.sign(np.concatenate([values.real, values.imag])), SIGNS)


def test_synchronisation_lines_have_their_phases():
    values = line_values(GRID, SIGNS, tilt=0.0)[GRID.sync]
    assert np.allclose(values / np.abs(values), GRID.phase, atol=1e-5)


def test_the_tilt_raises_high_lines():
    values = np.abs(line_values(GRID, SIGNS, tilt=LUMA_TILT)[GRID.payload])
    radius = GRID.radius[GRID.payload]
    assert np.allclose(values / values[0], (radius / radius[0]) ** LUMA_TILT, rtol=1e-3)


def test_a_plain_residual_follows_its_mask():
    mask = np.ones((256, 384), np.float32)
    mask[:, :128] = 0
    mask[:, 256:] = 3
    made = plain(GRID, SIGNS, mask, tilt=0.0)
    assert not made[:, :128].any()
    assert rms(made[:, 128:256]) == pytest.approx(1, rel=1e-3)
    assert np.allclose(made[:, 256:], 3 * made[:, 128:256], rtol=1e-5)


def test_without_a_picture_an_informed_residual_is_a_plain_one():
    mask = np.ones((256, 256), np.float32)
    nothing = np.zeros(len(GRID.kx), np.complex64)
    response = lines_of(plain(GRID, SIGNS, mask, tilt=LUMA_TILT), GRID)
    made = informed(GRID, SIGNS, mask, host=nothing, response=response, strength=0.7)
    assert np.allclose(made, 0.7 * plain(GRID, SIGNS, mask, tilt=LUMA_TILT), atol=1e-4)


def test_an_informed_residual_leans_against_the_picture():
    mask = np.ones((256, 256), np.float32)
    pattern = plain(GRID, SIGNS, mask, tilt=LUMA_TILT)
    response = lines_of(pattern, GRID)
    rng = np.random.default_rng(0)
    size = float(np.abs(response).mean())
    noise = rng.normal(size=(2, len(GRID.kx))) * size
    host = (noise[0] + 1j * noise[1]).astype(np.complex64)
    made = informed(GRID, SIGNS, mask, host=host, response=response, strength=1.0)
    assert rms(made) == pytest.approx(rms(pattern), rel=0.02)  # no stronger
    payload = GRID.payload

    def along(lines):
        values = np.concatenate([lines[payload].real, lines[payload].imag])
        return values * SIGNS

    plain_sum, informed_sum = (along(host + lines_of(p, GRID)) for p in (pattern, made))
    assert informed_sum.std() / informed_sum.mean() < 0.8 * plain_sum.std() / plain_sum.mean()
    assert (informed_sum < 0).mean() < (plain_sum < 0).mean()


# --- adding --------------------------------------------------------------------------------


@pytest.mark.parametrize("planes", [1, 2])
@pytest.mark.parametrize(("height", "width"), [(600, 520), (768, 768), (513, 700)])
def test_stripes_give_what_the_whole_picture_gives(height, width, planes):
    """With compiled loops there are no stripes; without, the seams do not show."""
    rgb = np.tile(pictures.sample("bottle.jpg", 400, 400), (2, 2, 1))[:height, :width]
    given = residual(width, height, planes)
    whole = cv2.resize(given, (width, height), interpolation=cv2.INTER_CUBIC)
    change = whole.reshape(height, width, planes) @ JFIF[:, :planes].T
    expected = np.clip(np.rint(rgb + change), 0, 255)
    for loops in (native, None):
        with patch.object(module, "native", loops):
            difference = np.abs(add(rgb, given) - expected)
        assert difference.max() <= 1
        assert difference.mean() < 1e-4


def test_in_pictures_smaller_than_the_frame_the_residual_is_reduced():
    rgb = pictures.sample("bottle.jpg", 300, 310)
    given = residual(310, 300, 1)
    small = cv2.resize(given, (310, 300), interpolation=cv2.INTER_AREA)
    expected = np.clip(np.rint(rgb + small[..., None]), 0, 255)
    assert np.abs(add(rgb, given) - expected).max() <= 1
    assert (add(rgb, given) == expected).mean() > 0.99


def test_luma_is_added_to_all_channels_alike():
    rgb = np.full((512, 512, 3), (90, 120, 150), np.uint8)
    change = add(rgb, residual(512, 512, 1)).astype(int) - rgb
    assert change.any()
    assert np.array_equal(change[..., 0], change[..., 1])
    assert np.array_equal(change[..., 0], change[..., 2])


def test_blue_does_not_change_luma():
    rgb = np.full((512, 512, 3), 128, np.uint8)
    given = residual(512, 512, 2, amplitude=8)
    given[..., 0] = 0
    made = add(rgb, given)
    before, after = (frame.split(p.astype(np.float32))[0] for p in (rgb, made))
    assert np.abs(after - before).max() < 0.8  # rounding of three channels
    assert np.array_equal(made[..., 0], rgb[..., 0])
    assert np.abs(made[..., 2].astype(int) - 128).max() > 5


def test_black_and_white_do_not_wrap_around():
    for level in (0, 255):
        rgb = np.full((512, 512, 3), level, np.uint8)
        change = np.abs(add(rgb, residual(512, 512, 2)).astype(int) - level)
        assert 0 < change.max() < 40


def test_nothing_added_is_the_same_picture():
    rgb = pictures.sample("kitchen.png", 512, 512)
    made = add(rgb, np.zeros((512, 512, 2), np.float32))
    assert np.array_equal(made, rgb)
    assert made is not rgb
