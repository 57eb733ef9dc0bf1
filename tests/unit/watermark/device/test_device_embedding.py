"""Marks made on a device are the host's: the same pixels within the tolerance, read as surely."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from support import copies, devices, marks, pictures

from provenance.errors import CapacityError
from provenance.model import MarkId
from provenance.watermark import issue

KEY = marks.KEY.carrier_key


def enlarged(name, side):
    return cv2.resize(pictures.whole_sample(name), (side, side), interpolation=cv2.INTER_CUBIC)


# One of every set of targets, both layouts, larger and smaller than the frame, grey, not square.
PICTURES = {
    "tiny": lambda: pictures.sample("kitchen.png", 256, 256),
    "short and wide": lambda: pictures.sample("canyon.jpg", 200, 400),
    "small": lambda: pictures.sample("kitchen.png", 448, 512),
    "of the frame's size": lambda: pictures.sample("kitchen.png", 512, 512),
    "grey": lambda: pictures.sample("camera.png", 512, 512),
    "medium": lambda: pictures.sample("satellite.jpg", 563, 900),
    "large": lambda: enlarged("kitchen.png", 1024),
}
COPIES = {
    "JPEG 30": lambda rgb: copies.jpeg(rgb, 30),
    "a third of the size": lambda rgb: copies.resized(rgb, 1 / 3),
    "turned by 7": lambda rgb: copies.rotated(rgb, 7),
    "a quarter of it, JPEG 70": lambda rgb: copies.jpeg(copies.cropped(rgb, 0.25), 70),
    "grey": copies.grey,
}


def marked(*shown, payloads=None, device="cpu", **changes):
    payloads = payloads or [marks.payload_for(rgb) for rgb in shown]
    embedder = devices.embedder(device, **changes)
    return devices.pictures_of(
        embedder.embed_batch(devices.batch(*shown, device=device), payloads, KEY)
    )


def z(found):
    return float(found.detail.split()[1].rstrip(","))


@pytest.mark.parametrize("device", devices.DEVICES)
@pytest.mark.parametrize("name", sorted(PICTURES))
def test_the_marked_picture_is_the_hosts_and_reads_as_surely(name, device):
    rgb = PICTURES[name]()
    expected, payload = marks.marked(rgb), marks.payload_for(rgb)
    (made,) = marked(rgb, device=device)
    devices.assert_equal_within_tolerance(made, expected)
    found, wanted = marks.detect(made, payload), marks.detect(expected, payload)
    assert found.payload == wanted.payload == payload
    assert z(found) == pytest.approx(z(wanted), abs=0.2)
    assert found.log10_p == pytest.approx(wanted.log10_p, rel=0.02)


@pytest.mark.parametrize("name", sorted(COPIES))
def test_copies_read_as_surely(name):
    rgb = PICTURES["of the frame's size"]()
    expected, payload = marks.marked(rgb), marks.payload_for(rgb)
    (made,) = marked(rgb)
    found = marks.detect(COPIES[name](made), payload)
    wanted = marks.detect(COPIES[name](expected), payload)
    assert found.payload == wanted.payload == payload
    assert z(found) == pytest.approx(z(wanted), abs=0.5)


def test_every_picture_of_a_batch_carries_its_own_payload():
    shown = [pictures.sample("canyon.jpg", 256, 300, left=200 * i) for i in range(3)]
    payloads = [
        issue(
            marks.payload_for(shown[0]).layout,
            system_id=marks.SYSTEM.id,
            mark_id=MarkId(0x111111111100 << i),
            tag_key=marks.KEY.tag_key,
        )
        for i in range(3)
    ]
    made = marked(*shown, payloads=payloads, at_once=2)
    for rgb, payload, result in zip(shown, payloads, made, strict=True):
        devices.assert_equal_within_tolerance(result, marks.SCHEME.embed(rgb, payload, KEY))
        assert marks.detect(result, payload).payload == payload


def test_a_grey_picture_beside_a_coloured_one_stays_grey():
    grey, colour = PICTURES["grey"](), PICTURES["of the frame's size"]()
    made, _ = marked(grey, colour)
    assert np.array_equal(made[..., 0], made[..., 2])


def test_the_order_of_the_axes_and_the_pictures_are_left_as_they_are():
    rgb = PICTURES["tiny"]()
    sent = devices.torch.from_numpy(rgb.copy())[None]
    made = devices.embedder().embed_batch(sent, [marks.payload_for(rgb)], KEY)
    assert made.shape == sent.shape
    assert np.array_equal(sent[0].numpy(), rgb)
    assert np.array_equal(made[0].numpy(), marked(rgb)[0])


def test_marking_is_deterministic():
    rgb = PICTURES["tiny"]()
    assert np.array_equal(marked(rgb)[0], marked(rgb)[0])


def test_what_the_host_refuses_is_refused_and_named():
    grain = np.random.default_rng(0).choice([0, 255], (256, 256, 3)).astype(np.uint8)
    with pytest.raises(CapacityError) as on_host:
        marks.marked(grain)
    with pytest.raises(CapacityError) as alone:
        marked(grain)
    assert str(alone.value) == str(on_host.value)
    with pytest.raises(CapacityError, match="of 2 pictures, counted from 0, 1 leave no room"):
        marked(PICTURES["tiny"](), grain)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_colour_is_marked_as_on_the_host(level):
    blank = np.full((300, 300, 3), level, dtype=np.uint8)
    devices.assert_equal_within_tolerance(marked(blank)[0], marks.marked(blank))
