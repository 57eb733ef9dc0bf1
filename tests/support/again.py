"""Marks and encodes one picture in every format and prints the SHA-256 of each file.

    python -m support.again [one-cpu]

Everything is given: picture, payload, key. So the hashes are the same in every process.
"""

from __future__ import annotations

import hashlib
import os
import sys

import numpy as np
from support import pictures

from provenance import Encoding
from provenance.imaging import Metadata, encode
from provenance.model import MarkId
from provenance.watermark import catalog, issue

FORMATS = ("png", "jpeg", "webp", "webp-lossless", "tiff", "avif")
SCHEMES = ("lattice-1", "imwatermark.dwtDct")
METADATA = Metadata(
    exif=b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\1\0\0\0\0\0\0\0",
    xmp=b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>',
)


def hashes() -> dict[str, str]:
    """SHA-256 by scheme and format."""
    rgb = pictures.sample("canyon.jpg", 320, 400)
    alpha = np.repeat(np.linspace(30, 255, 400).astype(np.uint8)[None], 320, axis=0)
    found = {}
    for name in SCHEMES:
        scheme = catalog.scheme(name)
        payload = issue(
            scheme.info.layout_for(rgb),
            system_id=7,
            mark_id=MarkId(0x123456789A00),
            tag_key=b"t" * 32,
        )
        marked = scheme.embed(rgb, payload, b"c" * 32)
        for kind in FORMATS:
            encoding = Encoding.parse(kind)
            data = encode(marked, None if kind == "jpeg" else alpha, encoding, METADATA)
            found[f"{name} {kind}"] = hashlib.sha256(data).hexdigest()
    return found


if __name__ == "__main__":
    if sys.argv[1:] == ["one-cpu"]:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for name, value in hashes().items():
        print(value, name)
