"""What a place holds is told by its first bytes."""

from __future__ import annotations

import gzip

import pytest
from support import archives as made
from support.archives import picture

from provenance.audit.sources.bounds import DEFAULT_BOUNDS
from provenance.audit.sources.kinds import kind_of

TAR = made.tar(made.pictures(2))
WARC = made.record("response", made.response(picture(1)))
FOUND = {
    "a.png": (picture(1), ""),
    "a.zip": (picture(1), ""),  # an image, whatever it is called
    "b.png": (made.zip_(made.pictures(1)), "zip"),
    "c.jpg": (TAR, "tar"),
    "v7": (made.header(b"a", 0).replace(b"ustar", b"\0\0\0\0\0"), ""),  # the sum is wrong now
    "d": (gzip.compress(TAR), "tar"),
    "e.zip": (gzip.compress(WARC), "warc"),
    "f": (WARC, "warc"),
    "g.jpg": (made.parquet({"x": [b"y"]}), "parquet"),
    "h.gz": (gzip.compress(picture(1)), ""),
    "i.tar.gz": (gzip.compress(TAR)[:12], "tar"),  # nothing can be seen of it
    "j.warc.gz": (gzip.compress(WARC)[:12], "warc"),
    "k.gz": (gzip.compress(TAR)[:12], ""),
    "l.tar": (b"no tar at all", ""),
    "m.tar": (b"", ""),
    "n.tar": (bytes(10240), ""),
    "both.jpg": (picture(1, "JPEG") + made.zip_(made.pictures(1)), ""),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_first_bytes_decide(tmp_path, name):
    data, kind = FOUND[name]
    assert kind_of(made.keep(tmp_path, name, data), DEFAULT_BOUNDS) == kind


@pytest.mark.parametrize("name", ["nothing", "/dev/zero", "/dev", "x\0y"])
def test_what_cannot_be_looked_at_is_no_archive(name):
    assert kind_of(name, DEFAULT_BOUNDS) == ""
