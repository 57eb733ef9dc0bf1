"""What a place holds, by its first bytes; the name decides only where they leave it open."""

from __future__ import annotations

import re
from typing import Final

from provenance.audit.sources import tars, warcs, zips
from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.inflate import Inflated, compression_of
from provenance.audit.sources.members import is_image
from provenance.audit.sources.place import Place, open_place
from provenance.errors import InputError

_HEAD: Final = 512
#: Parquet is told without its reader, which needs Arrow.
_PARQUET: Final = (b"PAR1", b"PARE")
_TAR: Final = re.compile(r"\.(tar\.[a-z0-9]+|tgz|tbz2?|txz|tzst)\Z")
_WARC: Final = re.compile(r"\.warc\.[a-z0-9]+\Z")


def kind_of(address: str, bounds: Bounds) -> str:
    """The kind of archive at an address; empty for everything else, and where nobody may look."""
    try:
        with open_place(address) as place:
            return _kind(place, address, bounds)
    except InputError:
        return ""


def _kind(place: Place, address: str, bounds: Bounds) -> str:
    head = place.read(_HEAD)
    if is_image(head):
        return ""
    if compression := compression_of(head):
        try:
            head = Inflated(place, compression, bounds).read(_HEAD)
        except InputError:  # nothing can be seen of it
            return _named(address.lower())
        return _plain(head)
    if head.startswith(zips.MAGICS):
        return zips.KIND
    if head.startswith(_PARQUET):
        return "parquet"
    return _plain(head)


def _plain(head: bytes) -> str:
    if head.startswith(warcs.MAGIC):
        return warcs.KIND
    return tars.KIND if tars.is_tar(head) else ""


def _named(name: str) -> str:
    if _TAR.search(name):
        return tars.KIND
    return warcs.KIND if _WARC.search(name) else ""
