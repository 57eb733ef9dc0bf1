"""WARC files, plain or compressed: the images among what a crawler received.

Format: ISO 28500 (WARC 1.0 and 1.1). A row for each `response`, `resource` or `conversion` whose
media type is an image's, or whose body begins like an image. All other records are passed over;
nothing is ever fetched.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from typing import Final

from provenance.audit.sources import http_body
from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.inflate import Inflated, compression_of
from provenance.audit.sources.members import CutOffError, Member, Walk, is_image
from provenance.audit.sources.place import Place
from provenance.audit.sources.tars import Stream
from provenance.errors import ErrorCode, InputError

KIND: Final = "warc"
MAGIC: Final = b"WARC/"

_VERSION: Final = re.compile(rb"WARC/[0-9]\.[0-9]{1,2}\r?\n")
_BLANK: Final = re.compile(rb"\r?\n\r?\n")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_HEADERS: Final = 1 << 16
_HEAD: Final = 1 << 17  # of a response: its headers, and the first bytes of its body
_LINE_ENDS: Final = 64  # that are passed over between records
_BODIES: Final = ("response", "resource", "conversion")


def walk(place: Place, offset: int, bounds: Bounds) -> Walk:
    """The records that hold images, from a record on; others are passed over as side files.

    Raises:
        InputError: `E_TRUNC`, `E_CORRUPT` or `E_LIMIT`: it cannot be read on.
    """
    here = place.position
    place.seek(offset)
    compression = compression_of(place.peek(8))
    place.seek(here)
    if compression:
        yield from _records(Inflated(place, compression, bounds, offset))
    else:
        place.seek(offset)
        yield from _records(place)


def _records(stream: Stream) -> Walk:
    while True:
        offset = _offset(stream)
        headers = _header(stream)
        if headers is None:
            return
        length = headers.get("content-length", "")
        if not _LENGTH.fullmatch(length):
            raise _damaged("a record does not state its length")
        end = stream.position + int(length)
        yield _member(stream, headers, int(length), offset)
        _pass(stream, end)
        _line_ends(stream)


def _pass(stream: Stream, end: int) -> None:
    """Pass over what is left of a record; what cannot be read of it is its own fault."""
    try:
        if stream.skip(end - stream.position):
            return
    except InputError as error:
        raise CutOffError(error.message, code=error.code) from error
    raise CutOffError("the archive is cut off in a record")


def _offset(stream: Stream) -> int:
    if isinstance(stream, Inflated):
        return stream.boundary or 0
    return stream.position


def _header(stream: Stream) -> dict[str, str] | None:
    """The header of the next record; None at the end."""
    size = 1024
    while True:
        head = stream.peek(size)
        if not head:
            return None
        match = _BLANK.search(head)
        if match is not None:
            break
        if len(head) < size:
            raise InputError("the archive is cut off in a header", code=ErrorCode.TRUNCATED)
        if size >= _HEADERS:
            raise _damaged("a record has a header without end")
        size *= 4
    if not _VERSION.match(head):
        raise _damaged("something else than a record follows")
    stream.skip(match.end())
    return http_body.headers_of(head[: match.start()])


def _line_ends(stream: Stream) -> None:
    """Two line ends follow a record; some writers leave them out."""
    found = stream.peek(_LINE_ENDS)
    stream.skip(len(found) - len(found.lstrip(b"\r\n")))


def _member(stream: Stream, headers: Mapping[str, str], length: int, offset: int) -> Member:
    kind = headers.get("warc-type", "").lower()
    head = stream.peek(min(length, _HEAD)) if kind in _BODIES else b""
    name = _name(headers.get("warc-target-uri", ""))
    if not head or not _holds_image(headers, head):
        return Member(name=name, aside=True)

    def read(limit: int) -> bytes:
        # Of a block that is too large as much is read as shows it.
        block = stream.read(min(length, limit + _HEADERS))
        if len(block) < min(length, limit + _HEADERS):
            raise InputError("the archive is cut off in a record", code=ErrorCode.TRUNCATED)
        return _body(block, limit)

    return Member(name=name, offset=offset, read=read)


def _holds_image(headers: Mapping[str, str], head: bytes) -> bool:
    if http_body.media_type(headers).startswith("image/"):
        return True
    try:
        if head.startswith(b"HTTP/"):
            fields, _ = http_body.split(head)
            if http_body.media_type(fields).startswith("image/"):
                return True
        return is_image(_body(head, 64))
    except InputError:
        return False


def _body(block: bytes, most: int) -> bytes:
    if not block.startswith(b"HTTP/"):  # a resource, or received by another protocol
        return block[:most]
    fields, body = http_body.split(block)
    return http_body.decoded(fields, body, most)


def _name(uri: str) -> str:
    """The last part of the path of an address."""
    try:
        path = urllib.parse.urlsplit(uri.strip("<> ")).path
    except ValueError:
        return ""
    return path.rpartition("/")[2][-255:]


def _damaged(what: str) -> InputError:
    return InputError(
        f"the archive is damaged: {what}; the rest is not read", code=ErrorCode.CORRUPT
    )
