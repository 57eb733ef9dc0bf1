"""The neural mark: a candidate that only a record can confirm. Loading it takes seconds."""

from __future__ import annotations

import numpy as np
import pytest
from support import pictures

from provenance.model import MarkId, SystemRef, WatermarkStatus
from provenance.watermark import DetectionKey, Keyring, Layout, catalog, issue

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.slow

SCHEME = catalog.scheme("imwatermark.rivaGan")
KEY = DetectionKey(system=SystemRef(1, "x"), epoch=0, carrier_key=bytes(32), tag_key=bytes(32))


def test_an_unmarked_picture_gives_a_candidate_like_any_other():
    found = SCHEME.detect(pictures.crop(), Keyring(keys=(KEY,)))
    assert found.status is WatermarkStatus.CANDIDATE
    assert found.payload is not None
    assert found.key is None
    assert found.log10_p == 0.0
    assert "record" in found.detail


def test_embedding_moves_the_word_towards_the_payload():
    payload = issue(Layout.BARE, system_id=1, mark_id=MarkId(0x1234ABCD0000), tag_key=bytes(32))
    picture = pictures.crop()
    before = SCHEME.detect(picture, Keyring(keys=(KEY,))).payload
    image = SCHEME.embed(picture, payload, bytes(32))
    after = SCHEME.detect(image, Keyring(keys=(KEY,))).payload
    wrong = [int((found.bits() != payload.bits()).sum()) for found in (before, after)]
    assert wrong[1] < wrong[0] / 2
    assert np.abs(image.astype(int) - picture).max() < 16


def test_without_any_system_nothing_is_checked():
    assert SCHEME.detect(pictures.crop(), Keyring()).status is WatermarkStatus.NOT_CHECKED
