"""The mark computed on a device is the host's, whatever the size and the payload."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from support import devices, marks, pictures

from provenance.model import MarkId
from provenance.model.ids import MARK_ID_BITS
from provenance.watermark import issue

LEAST_PIXELS = 256 * 256
SIDES = st.integers(180, 512)  # of any shape that all the pictures have
MARKS = st.integers(0, 2**MARK_ID_BITS - 1)
PICTURES = st.sampled_from(["bottle.jpg", "canyon.jpg", "kitchen.png", "satellite.jpg"])


@settings(max_examples=12)
@given(PICTURES, SIDES, SIDES, MARKS, st.binary(min_size=32, max_size=32))
def test_any_picture_and_payload(name, height, width, mark, key):
    width = max(width, -(-LEAST_PIXELS // height))
    rgb = pictures.sample(name, height, width)
    layout = marks.SCHEME.info.layout_for(rgb)
    low = MARK_ID_BITS - layout.id_bits
    payload = issue(layout, system_id=7, mark_id=MarkId(mark >> low << low), tag_key=bytes(32))
    made = devices.embedder().embed(rgb, payload, key)
    devices.assert_equal_within_tolerance(made, marks.SCHEME.embed(rgb, payload, key))
