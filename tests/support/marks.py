"""Marked pictures of `lattice-1`, made once, and a detection that admits no wrong payload."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from support import pictures

from provenance.model import MarkId, SystemRef
from provenance.model.ids import MARK_ID_BITS
from provenance.watermark import DetectionKey, Keyring, Payload, catalog, issue
from provenance.watermark.scheme import Depth, Detection

Pixels = npt.NDArray[np.uint8]

SCHEME = catalog.scheme("lattice-1")
SYSTEM = SystemRef(0x2F00D, "ours")
MARK = 0xC0FFEE123456


def key(
    secret: int = 7, *, system: SystemRef = SYSTEM, tag: int | None = 7, epoch: int = 0
) -> DetectionKey:
    """A detection key with made-up secrets; `tag=None` for a reader without the tag key."""
    return DetectionKey(
        system=system,
        epoch=epoch,
        carrier_key=secret.to_bytes(32),
        tag_key=None if tag is None else tag.to_bytes(32),
    )


KEY = key()
RING = Keyring(keys=(KEY,))


def payload_for(rgb: Pixels) -> Payload:
    """The payload that a picture of this size is marked with."""
    layout = SCHEME.info.layout_for(rgb)
    low = MARK_ID_BITS - layout.id_bits
    assert KEY.tag_key is not None
    return issue(
        layout,
        system_id=SYSTEM.id,
        mark_id=MarkId(MARK >> low << low),
        tag_key=KEY.tag_key,
    )


def marked(rgb: Pixels) -> Pixels:
    """The picture with its mark."""
    return SCHEME.embed(rgb, payload_for(rgb), KEY.carrier_key)


@lru_cache(maxsize=16)
def sample(name: str, height: int, width: int) -> tuple[Pixels, Payload]:
    """A marked part of a sample picture and its payload; read only."""
    rgb = pictures.sample(name, height, width)
    made = marked(rgb)
    made.flags.writeable = False
    return made, payload_for(rgb)


def detect(
    rgb: Pixels, payload: Payload, *, ring: Keyring = RING, depth: Depth = Depth.STANDARD
) -> Detection:
    """What is found in a copy: this payload or none, never another."""
    found = SCHEME.detect(rgb, ring, depth=depth)
    if found.payload not in (None, payload):  # no assertion: an expected failure must not hide it
        raise RuntimeError(f"a wrong payload: {found.payload}")
    return found
