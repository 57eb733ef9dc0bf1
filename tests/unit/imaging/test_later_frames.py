"""Animations: which frames are sampled, and what stops the sampling."""

from __future__ import annotations

import numpy as np
import pytest
from support import pictures

from provenance.errors import ErrorCode, InputError
from provenance.imaging import Limits, later_frames, load

COUNT = 12
FRAMES = [pictures.crop(48, 64, top=30 * i, left=20 * i) for i in range(COUNT)]
ANIMATIONS = {
    "PNG": pictures.animation("PNG", FRAMES),
    "WEBP": pictures.animation("WEBP", FRAMES, lossless=True),
    "GIF": pictures.animation("GIF", FRAMES),
}


def sampled(data, **limits):
    return dict(later_frames(load(data), Limits(**limits)))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_frames_come_with_their_index_and_their_pixels(kind):
    frames = sampled(ANIMATIONS[kind], sampled_frames=COUNT)
    assert list(frames) == list(range(1, COUNT))
    for index, rgb in frames.items():
        assert np.array_equal(rgb, FRAMES[index]), index


@pytest.mark.parametrize("kind", sorted(ANIMATIONS))
@pytest.mark.parametrize("wanted", [2, 3, 5, 8])
def test_sampling_reaches_the_last_frame_and_spreads_evenly(kind, wanted):
    indices = list(sampled(ANIMATIONS[kind], sampled_frames=wanted))
    assert len(indices) == wanted - 1
    assert indices[-1] == COUNT - 1
    steps = np.diff([0, *indices])
    assert steps.min() >= 1
    assert steps.max() - steps.min() <= 1


@pytest.mark.parametrize("wanted", [0, 1])
def test_nobody_has_to_look_at_later_frames(wanted):
    assert sampled(ANIMATIONS["WEBP"], sampled_frames=wanted) == {}


def test_a_still_picture_has_no_later_frames():
    assert sampled(pictures.file(FRAMES[0], "PNG")) == {}


def test_only_as_many_pixels_are_decoded_as_allowed():
    area = FRAMES[0].shape[0] * FRAMES[0].shape[1]
    frames = sampled(ANIMATIONS["WEBP"], sampled_frames=COUNT, max_decoded=4 * area)
    assert max(frames) == 3
    assert sampled(ANIMATIONS["WEBP"], max_decoded=area) == {}


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_a_cut_animation_gives_the_frames_that_are_there(kind):
    data = ANIMATIONS[kind]
    frames = dict(later_frames(load(data[: len(data) * 2 // 3])))
    for index, rgb in frames.items():
        assert rgb.shape == FRAMES[index].shape


def test_an_animation_whose_first_frame_was_saved_ends_the_sampling():
    data = bytearray(ANIMATIONS["PNG"][:-1])
    data[data.index(b"acTL") + 12] ^= 1  # its checksum
    image = load(bytes(data))
    assert np.array_equal(image.rgb, FRAMES[0])
    assert list(later_frames(image)) == []


def test_a_frame_that_memory_does_not_suffice_for_is_an_error(monkeypatch):
    image = load(ANIMATIONS["WEBP"])
    monkeypatch.setattr(np, "asarray", exhausted)
    monkeypatch.setattr(np, "empty", exhausted)
    with pytest.raises(InputError, match="memory") as caught:
        list(later_frames(image))
    assert caught.value.code is ErrorCode.LIMIT


def exhausted(*_, **__):
    raise MemoryError


def test_frames_of_a_palette_animation_are_rgb():
    for rgb in sampled(ANIMATIONS["GIF"]).values():
        assert rgb.shape == FRAMES[0].shape
        assert rgb.dtype == np.uint8
