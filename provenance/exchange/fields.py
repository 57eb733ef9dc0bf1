"""Strict reading of JSON documents that somebody else wrote.

A document is only accepted in the one form in which it would be written here: every field is
there, none is unknown, and the bytes are the canonical ones. So nothing in it can mean two things.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from provenance.errors import ArgumentError
from provenance.model.ids import SYSTEM_ID_BITS, SystemRef
from provenance.trust import parse_moment

_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)
_LINE_ENDS: Final = "\n"


class NotAcceptableError(ValueError):
    """What is wrong with a document, in words."""


def written(document: Mapping[str, Any]) -> bytes:
    """The canonical bytes of a document: one line of ASCII."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def parsed(data: bytes, kind: str, version: int, names: set[str]) -> dict[str, Any]:
    """The fields of a document of one kind and version.

    Args:
        data: its bytes; their number was checked.
        kind: what the field "kind" has to say.
        version: what the field "version" has to say.
        names: of all other fields.

    Raises:
        NotAcceptableError: something else, or not in canonical form.
    """
    try:
        document = json.loads(data)
        same = isinstance(document, dict) and written(document) == data
    except (ValueError, RecursionError) as error:
        raise NotAcceptableError("it is not JSON") from error
    if not same:
        raise NotAcceptableError("it is not JSON in the one form that is accepted")
    if document.get("kind") != kind:
        raise NotAcceptableError(f"its kind is not {kind}")
    if number(document.get("version"), "version", 1 << 31) != version:
        raise NotAcceptableError(f"its version is {document['version']}, not {version}")
    return fields(document, {"kind", "version", *names}, "it")


def fields(value: object, names: set[str], what: str) -> dict[str, Any]:
    """An object with exactly these fields: what is unknown is not silently left out."""
    if not isinstance(value, dict) or set(value) != names:
        raise NotAcceptableError(f"{what} has to have the fields {', '.join(sorted(names))}")
    return value


def items(value: object, what: str, most: int) -> list[Any]:
    """A list of 1 to `most` items."""
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise NotAcceptableError(f"{what} has to be a list of 1 to {most}")
    return value


def number(value: object, what: str, end: int) -> int:
    """A whole number from 0 to below `end`."""
    if type(value) is not int or not 0 <= value < end:
        raise NotAcceptableError(f"{what} has to be a number below {end:,}")
    return value


def flag(value: object, what: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise NotAcceptableError(f"{what} has to be true or false")
    return value


def text(value: object, what: str, most: int, *, least: int = 0) -> str:
    """Printable text in one line."""
    if not isinstance(value, str) or not least <= len(value) <= most or not value.isprintable():
        raise NotAcceptableError(f"{what} has to be {least} to {most:,} printable characters")
    return value


def lines(value: object, what: str, most: int) -> str:
    """Printable text in several lines."""
    if not isinstance(value, str) or len(value) > most:
        raise NotAcceptableError(f"{what} has to be text of at most {most:,} characters")
    if not all(line.isprintable() for line in value.split(_LINE_ENDS)):
        raise NotAcceptableError(f"{what} has to be printable text")
    return value


def hexadecimal(value: object, what: str, size: int) -> bytes:
    """This many bytes as hexadecimal digits in lower case."""
    if not isinstance(value, str) or len(value) != 2 * size or not _HEX.fullmatch(value):
        raise NotAcceptableError(f"{what} has to be {2 * size} hexadecimal digits in lower case")
    return bytes.fromhex(value)


def moment(value: object, what: str) -> datetime:
    """A time as `trust.moment_text` writes it."""
    try:
        return parse_moment(text(value, what, 40))
    except ArgumentError as error:
        raise NotAcceptableError(f"{what} has to be a time in UTC (RFC 3339)") from error


def system(value: object) -> SystemRef:
    """A generating system."""
    found = fields(value, {"id", "name"}, "system")
    return SystemRef(
        number(found["id"], "the system's id", 1 << SYSTEM_ID_BITS),
        text(found["name"], "the system's name", 64, least=1),
    )


def is_signed(data: bytes) -> bool:
    """True if this begins as a signed document in one file does; a bundle of version 1 does not."""
    return data.startswith(b'{"payload":')


def payload_of(data: bytes) -> bytes:
    """The document in a signed file, without a look at the signature: for one that was checked.

    Raises:
        NotAcceptableError: not a signed file.
    """
    try:
        payload: bytes = json.loads(data)["payload"].encode("ascii")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NotAcceptableError("it is not a signed document in one file") from error
    return payload
