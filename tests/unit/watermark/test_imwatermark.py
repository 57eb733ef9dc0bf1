"""The public schemes: what their marks prove and what they do not."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from support import pictures

from provenance.errors import SchemeError
from provenance.model import MarkId, SystemRef, WatermarkStatus
from provenance.watermark import DetectionKey, Keyring, Layout, Payload, catalog, issue
from provenance.watermark.payload import VERSION, unpack
from provenance.watermark.schemes.block_votes import BlockMethod, majority, votes

SCHEME = catalog.scheme("imwatermark.dwtDctSvd")
SYSTEM = SystemRef(1001, "ours")
TAG_KEY = b"t" * 32


def key(system=SYSTEM, tag_key=TAG_KEY, epoch=0):
    return DetectionKey(system=system, epoch=epoch, carrier_key=bytes(32), tag_key=tag_key)


def ring(*keys):
    return Keyring(keys=keys or (key(),))


@pytest.fixture(scope="module")
def payload():
    return issue(Layout.FULL, system_id=SYSTEM.id, mark_id=MarkId(0xFEEDFACE1234), tag_key=TAG_KEY)


@pytest.fixture(scope="module")
def marked(payload):
    return SCHEME.embed(pictures.crop(), payload, bytes(32))


def test_the_mark_is_read_and_its_tag_verified(marked, payload):
    found = SCHEME.detect(marked, ring())
    assert found.status is WatermarkStatus.READ_AUTHENTIC
    assert found.payload == payload
    assert found.key == key()


def test_the_error_rate_is_that_of_the_tag_for_every_key_that_was_tried(marked):
    keys = [key(epoch=epoch) for epoch in range(10)]
    one, ten = (SCHEME.detect(marked, ring(*keys[:n])).log10_p for n in (1, 10))
    assert one == pytest.approx(-24 * np.log10(2))
    assert ten == pytest.approx(one + 1)


def test_the_threshold_is_stated_for_a_negative_too():
    found = SCHEME.detect(pictures.crop(), ring())
    assert found.status is WatermarkStatus.NONE
    assert found.payload is None
    assert found.log10_threshold == pytest.approx(-24 * np.log10(2))


@pytest.mark.parametrize(
    "other",
    [
        key(tag_key=b"x" * 32),
        key(system=SystemRef(1002, "another system")),
        key(system=SystemRef(1002, "another system"), tag_key=b"x" * 32),
    ],
    ids=["wrong tag key", "another system", "another system and key"],
)
def test_a_mark_is_nothing_to_whoever_holds_other_keys(marked, other):
    assert SCHEME.detect(marked, ring(other)).status is WatermarkStatus.NONE


def test_the_right_key_is_found_among_others(marked):
    keys = [key(system=SystemRef(n, "x"), tag_key=bytes([n]) * 32) for n in range(5)]
    assert SCHEME.detect(marked, ring(*keys, key())).key == key()


def test_the_epoch_is_that_of_the_key_that_verifies(marked):
    keys = [key(epoch=2, tag_key=b"2" * 32), key(epoch=1, tag_key=b"1" * 32), key(epoch=0)]
    assert SCHEME.detect(marked, ring(*keys)).key.epoch == 0


@pytest.mark.parametrize("keys", [(), (key(tag_key=None),)])
def test_without_a_tag_key_nothing_is_checked(marked, keys):
    found = SCHEME.detect(marked, Keyring(keys=keys))
    assert found.status is WatermarkStatus.NOT_CHECKED
    assert found.payload is None
    assert "tag key" in found.detail


def test_a_payload_of_another_version_is_not_believed(payload):
    other = Payload(
        layout=Layout.FULL,
        mark_id=payload.mark_id,
        tag=payload.tag,
        system_id=payload.system_id,
        version=VERSION + 1,
    )
    image = SCHEME.embed(pictures.crop(), other, bytes(32))
    word = unpack(Layout.FULL, majority(votes(image, BlockMethod.SVD), Layout.FULL.bits))
    assert word == other
    assert SCHEME.detect(image, ring()).status is WatermarkStatus.NONE


def test_a_made_up_tag_is_not_believed(payload):
    forged = Payload(
        layout=Layout.FULL,
        mark_id=payload.mark_id,
        tag=payload.tag ^ 1,
        system_id=payload.system_id,
        version=VERSION,
    )
    image = SCHEME.embed(pictures.crop(), forged, bytes(32))
    assert SCHEME.detect(image, ring()).status is WatermarkStatus.NONE


@pytest.mark.parametrize("quality", [75, 90, 100])
def test_the_default_mark_survives_jpeg_without_chroma_subsampling(marked, payload, quality):
    copy = pictures.decoded(pictures.file(marked, "JPEG", quality=quality, subsampling="4:4:4"))
    assert SCHEME.detect(copy, ring()).payload == payload


def test_the_default_mark_does_not_survive_resizing(marked):
    from PIL import Image

    small = np.asarray(Image.fromarray(np.tile(marked, (2, 2, 1))).resize((500, 500)))
    assert SCHEME.detect(small, ring()).status is WatermarkStatus.NONE


def test_a_mark_in_bgr_order_is_not_read(marked):
    assert SCHEME.detect(marked[:, :, ::-1], ring()).status is WatermarkStatus.NONE


# --- installations without the package --------------------------------------------------------


@pytest.fixture
def without(monkeypatch):
    """An installation that lacks a package."""
    return lambda name: monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("missing", ["pywt", "imwatermark"])
def test_without_the_package_a_mark_is_read_and_not_written(without, marked, payload, missing):
    without(missing)
    assert not SCHEME.info.can_embed
    assert SCHEME.info.can_detect
    assert missing in SCHEME.info.why_unavailable
    assert SCHEME.detect(marked, ring()).payload == payload
    with pytest.raises(SchemeError, match=missing):
        SCHEME.embed(pictures.crop(), payload, bytes(32))


@pytest.mark.parametrize("missing", ["torch", "onnxruntime"])
def test_without_the_network_a_neural_mark_is_neither_read_nor_written(without, missing):
    neural = catalog.scheme("imwatermark.rivaGan")
    without(missing)
    assert not neural.info.can_embed
    assert not neural.info.can_detect
    found = neural.detect(pictures.crop(), ring())
    assert found.status is WatermarkStatus.NOT_CHECKED
    assert missing in found.detail
    bare = issue(Layout.BARE, system_id=1, mark_id=MarkId(1 << 16), tag_key=TAG_KEY)
    with pytest.raises(SchemeError, match=missing):
        neural.embed(pictures.crop(), bare, bytes(32))


def test_the_block_schemes_never_import_torch():
    code = (
        "import sys, numpy\n"
        "from provenance.model import MarkId, SystemRef\n"
        "from provenance.watermark import DetectionKey, Keyring, Layout, catalog, issue\n"
        "s = catalog.scheme('imwatermark.dwtDctSvd')\n"
        "p = issue(Layout.FULL, system_id=1, mark_id=MarkId(1), tag_key=bytes(32))\n"
        "m = s.embed(numpy.full((256, 256, 3), 120, numpy.uint8), p, bytes(32))\n"
        "k = DetectionKey(system=SystemRef(1, 'x'), epoch=0, carrier_key=b'', tag_key=bytes(32))\n"
        "assert s.detect(m, Keyring(keys=(k,))).payload == p\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
