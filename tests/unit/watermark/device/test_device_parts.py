"""Resizing, filters, mask and budget on the device against those of the host."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support import devices, pictures

from provenance.watermark.carriers import frame
from provenance.watermark.carriers.lattice import FULL_BAND, SHORT_BAND, lattice, tile
from provenance.watermark.device import filters, perceptual, reading, resample
from provenance.watermark.device import residual as on_device
from provenance.watermark.perceptual import budget, mask
from provenance.watermark.reading import lines, soft
from provenance.watermark.reading.filter import whiten
from provenance.watermark.schemes.lattice import residual

torch = devices.torch

SIZES = {
    "half": ((300, 450), (150, 225)),
    "a third": ((300, 450), (100, 150)),
    "down": ((300, 450), (251, 377)),
    "far down": ((300, 450), (40, 60)),
    "double": ((150, 225), (300, 450)),
    "up": ((200, 301), (233, 351)),
    "one row less": ((300, 450), (299, 450)),
    "the same": ((300, 450), (300, 450)),
}


def luma(height=251, width=300):
    return pictures.sample("kitchen.png", height, width)[..., 1].astype(np.float32)


def one(plane):
    return torch.from_numpy(np.ascontiguousarray(plane))[None]


@pytest.mark.parametrize("name", sorted(SIZES))
def test_resizing_gives_the_pixels_of_opencv(name):
    (height, width), (rows, columns) = SIZES[name]
    source = pictures.sample("kitchen.png", height, width)
    made = devices.pictures_of(resample.resize(devices.batch(source), columns, rows))[0]
    expected = frame.resize(source, columns, rows)
    apart = np.abs(made.astype(np.int16) - expected)
    assert apart.max() <= 1
    assert (apart > 0).mean() < 1e-3  # sums that end halfway between two levels


@pytest.mark.parametrize(
    ("canonical", "size"),
    [((512, 512), (1024, 1024)), ((418, 627), (500, 750)), ((512, 512), (300, 300))],
)
def test_the_residual_is_added_as_on_the_host(canonical, size):
    rng = np.random.default_rng(1)
    planes = cv2.GaussianBlur(rng.normal(size=(*canonical, 2)), (0, 0), 1.0).astype(np.float32) * 9
    source = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    made = devices.pictures_of(
        on_device.add(devices.batch(source), one(planes[..., 0]), one(planes[..., 1]))
    )[0]
    apart = np.abs(made.astype(np.int16) - residual.add(source, planes))
    assert apart.max() <= 1
    assert (apart > 0).mean() < 1e-4


@pytest.mark.parametrize("sigma", [0.7, 1.5, 3.0, 12.0])
@pytest.mark.parametrize("size", [(251, 300), (20, 300)])
def test_smoothing_is_opencvs_whatever_the_reach(size, sigma):
    plane = luma(*size)
    made = filters.smooth(one(plane), sigma)[0].numpy()
    assert np.allclose(made, cv2.GaussianBlur(plane, (0, 0), sigma), atol=1e-3)


@pytest.mark.parametrize("size", [2, 9])
def test_means_are_opencvs(size):
    plane = luma()
    assert np.allclose(filters.box(one(plane), size)[0], cv2.blur(plane, (size, size)), atol=1e-3)


def test_the_detectors_filter_is_the_hosts():
    plane = luma()
    apart = np.abs(filters.whiten(one(plane))[0].numpy() - whiten(plane))
    assert (apart > 1e-3).mean() < 1e-3  # where a sum ends halfway between two steps
    assert apart.mean() < 1e-4


@pytest.mark.parametrize("scale", [0.5, 0.8, 2.0])
def test_mask_and_budget_are_the_hosts(scale):
    plane = luma()
    variance = mask.local_variance(plane, scale)
    seen_variance = perceptual.local_variance(one(plane), scale)
    assert np.allclose(seen_variance[0], variance, atol=1e-5)
    assert np.allclose(
        perceptual.luma_mask(one(plane), seen_variance)[0],
        mask.luma_mask(plane, variance),
        atol=0.01,
    )
    assert np.allclose(
        perceptual.chroma_mask(seen_variance)[0], mask.chroma_mask(variance), atol=0.001
    )
    marked = plane + np.random.default_rng(2).normal(size=plane.shape).astype(np.float32)
    expected = budget.Budget(plane, scale).score(marked)
    seen = perceptual.Budget(one(plane), scale).score(one(marked))
    assert float(seen) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("band", [FULL_BAND, SHORT_BAND], ids=["full", "short"])
def test_lines_tiles_and_soft_values_are_the_hosts(band):
    grid, host = reading.grid_of(band, torch.device("cpu")), lattice(band)
    filtered = whiten(luma())
    expected = lines.lines_of(filtered, host)
    seen = reading.lines_of(reading.fold(one(filtered)), grid)
    assert np.allclose(seen[0], expected, rtol=1e-3, atol=1e-2)
    given = torch.from_numpy(expected)[None]
    assert np.allclose(
        reading.soft_values(given, grid)[0], soft.soft_values(expected, host), rtol=1e-3, atol=1e-6
    )
    assert np.allclose(reading.tile(given, grid)[0], tile(expected, host), atol=1e-4)


def test_a_plane_with_inverted_tones_keeps_its_sign():
    grid, host = reading.grid_of(FULL_BAND, torch.device("cpu")), lattice(FULL_BAND)
    values = np.zeros(len(host.kx), dtype=np.complex64)
    values[host.sync] = -50 * host.phase
    values[host.payload] = 1
    seen = reading.soft_values(torch.from_numpy(values)[None], grid)[0].numpy()
    assert np.allclose(seen, soft.soft_values(values, host), rtol=1e-3)
    assert seen[: len(host.payload)].max() < 0


def test_a_grey_picture_has_no_chroma():
    grey = pictures.grey_texture(64, 64)
    colour = pictures.crop(64, 64)
    _, coloured = reading.split(devices.batch(grey, colour).float())
    assert coloured.tolist() == [False, True]
