"""Animations: every sampled frame is looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support import pictures

from provenance import Generation
from provenance.imaging import load
from provenance.model import Verdict, WatermarkStatus
from provenance.watermark import Depth


@pytest.fixture(scope="module")
def stamped(workspace):
    picture = pictures.crop(top=192, left=128)
    return workspace.stamper().stamp(picture, Generation(model="acme-1"))


@pytest.fixture
def verifier(workspace):
    # A search of the frames without a mark would only take time.
    return replace(workspace.verifier(), depth=Depth.FAST)


def animation_with(stamped, index):
    frames = [pictures.grey_texture(seed=i) for i in range(4)]
    frames[index] = load(stamped.data).rgb
    return pictures.animation("WEBP", frames, lossless=True)


def test_a_mark_in_a_later_frame_is_found_with_its_number(verifier, stamped):
    mark = verifier.verify(animation_with(stamped, 2)).evidence.watermarks[0]
    assert mark.status is WatermarkStatus.READ_AUTHENTIC
    assert (mark.frame, mark.mark_id) == (2, stamped.mark_id)


@pytest.mark.parametrize("index", [0, 2])
def test_the_frame_that_carries_the_mark_is_the_one_that_is_compared(verifier, stamped, index):
    assert verifier.verify(animation_with(stamped, index)).verdict is Verdict.TRACED
