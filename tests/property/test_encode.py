"""Lossless encodings give back what they were given, whatever it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from provenance.imaging import Encoding, ImageFormat, Metadata, encode, flatten, load
from provenance.imaging.quality import psnr, ssim

ALL = frozenset(ImageFormat)
sides = st.integers(1, 24)


@st.composite
def rgba(draw):
    """uint8 (H, W, 3), and uint8 (H, W) or None."""
    shape = (draw(sides), draw(sides))
    rgb = draw(arrays(np.uint8, (*shape, 3)))
    return rgb, draw(st.none() | arrays(np.uint8, shape))


@pytest.mark.parametrize("name", ["png", "webp-lossless", "tiff"])
@settings(max_examples=30)
@given(picture=rgba())
def test_pixels_and_alpha_come_back(name, picture):
    rgb, alpha = picture
    image = load(encode(rgb, alpha, Encoding.parse(name), Metadata()), formats=ALL, strict=True)
    assert np.array_equal(image.rgb, rgb)
    if alpha is None or (alpha == 255).all():
        assert image.alpha is None
    else:
        assert np.array_equal(image.alpha, alpha)


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif"])
@settings(max_examples=15)
@given(rgb=st.tuples(sides, sides).flatmap(lambda s: arrays(np.uint8, (*s, 3))))
def test_lossy_files_have_the_same_form(name, rgb):
    image = load(encode(rgb, None, Encoding.parse(name), Metadata()), formats=ALL, strict=True)
    assert image.rgb.shape == rgb.shape


@given(rgba(), st.tuples(*[st.integers(0, 255)] * 3))
def test_flattening_stays_between_picture_and_background(picture, background):
    rgb, alpha = picture
    mixed, gone = flatten(rgb, alpha, Encoding.parse("jpeg", background=background))
    assert gone is None
    behind = np.broadcast_to(np.array(background), rgb.shape)
    assert (mixed >= np.minimum(rgb, behind)).all()
    assert (mixed <= np.maximum(rgb, behind)).all()
    if alpha is not None:
        assert np.array_equal(mixed[alpha == 255], rgb[alpha == 255])
        assert np.array_equal(mixed[alpha == 0], behind[alpha == 0])


@given(rgba(), st.integers(1, 255))
def test_quality_measures_are_symmetric_and_perfect_only_for_equal_pictures(picture, change):
    rgb, _ = picture
    changed = rgb ^ np.uint8(change)
    assert psnr(rgb, rgb) == np.inf
    assert psnr(rgb, changed) == psnr(changed, rgb) < np.inf
    assert abs(ssim(rgb, changed) - ssim(changed, rgb)) < 1e-4
    assert ssim(rgb, changed) <= 1.0001
