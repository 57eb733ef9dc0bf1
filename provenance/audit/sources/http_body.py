"""Bodies of HTTP responses that somebody kept: headers, chunks and content codings, under limits.

RFC 9110 and 9112, as far as crawlers keep them. Nothing is asked for.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Final

from provenance.errors import ErrorCode, InputError

_HEADERS: Final = 1 << 16
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")
_WINDOWS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def headers_of(block: bytes) -> dict[str, str]:
    """Header fields by lower-case name; the last of a name counts."""
    found = {}
    for line in block.split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon:
            found[name.strip().decode("latin-1").lower()] = value.strip().decode("latin-1")
    return found


def split(message: bytes) -> tuple[dict[str, str], bytes]:
    """The header fields of a response, and its body as it was sent.

    Raises:
        InputError: `E_CORRUPT`: it is none.
    """
    match = re.search(rb"\r?\n\r?\n", message[:_HEADERS])
    if not message.startswith(b"HTTP/") or match is None:
        raise InputError("the record holds no HTTP response", code=ErrorCode.CORRUPT)
    return headers_of(message[: match.start()]), message[match.end() :]


def media_type(headers: Mapping[str, str]) -> str:
    """The media type, without parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def decoded(headers: Mapping[str, str], body: bytes, most: int) -> bytes:
    """The body without its codings, at most so many bytes of it.

    A body that does not have the coding that its headers name is taken as it is: many crawlers
    keep the headers and decode the body.

    Raises:
        InputError: `E_CORRUPT`, or `E_FORMAT` for a coding that is not read.
    """
    if "chunked" in headers.get("transfer-encoding", "").lower() and _CHUNK.match(body):
        body = _unchunked(body, most)
    coding = headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return body[:most]
    window = _WINDOWS.get(coding)
    if window is None:
        raise InputError("the body has a content coding that is not read")
    if window == 31 and not body.startswith(b"\x1f\x8b"):
        return body[:most]
    try:
        return zlib.decompressobj(window).decompress(body, most)
    except zlib.error as error:
        if window == 15:  # what many servers mean by it
            return _raw(body, most)
        raise InputError("the coding of the body is damaged", code=ErrorCode.CORRUPT) from error


def _raw(body: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj(-15).decompress(body, most)
    except zlib.error:
        return body[:most]


def _unchunked(body: bytes, most: int) -> bytes:
    """The chunks put together, as far as they are there."""
    found, at = bytearray(), 0
    while len(found) < most and (match := _CHUNK.match(body, at)):
        length = int(match[1], 16)
        if not length:
            break
        found += body[match.end() : match.end() + length]
        at = match.end() + length
        if body[at : at + 2] == b"\r\n":
            at += 2
        elif body[at : at + 1] == b"\n":
            at += 1
    return bytes(found)
