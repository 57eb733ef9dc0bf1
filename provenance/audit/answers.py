"""What a worker may answer. It read an attacker's file, and may be the attacker's by now."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import provenance
from provenance.audit.row import COLUMNS, Row
from provenance.isolation import WorkerLostError
from provenance.printable import utf8

_INT64: Final = 1 << 63


def checked(row: object, key: str) -> Row:
    """A row about this image that fits its columns, whatever else it claims.

    Raises:
        WorkerLostError: it does not.
    """
    if not isinstance(row, dict) or set(row) != set(COLUMNS):
        raise WorkerLostError("the worker answered with something else")
    if row["key"] != utf8(key) or row["tool_version"] != provenance.__version__:
        raise WorkerLostError("the worker answered about something else")
    for name, (kind, _) in COLUMNS.items():
        value = row[name]
        if not (_FITS[kind](value) if value is not None else kind != "texts"):
            raise WorkerLostError("the worker answered with something else")
    return row


def _is_text(value: Any) -> bool:  # noqa: ANN401 - any JSON
    # A lone surrogate is JSON, but not UTF-8.
    return isinstance(value, str) and (value.isascii() or utf8(value) == value)


def _is_texts(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, list) and all(map(_is_text, value))


def _is_integer(value: Any) -> bool:  # noqa: ANN401
    return type(value) is int and -_INT64 <= value < _INT64


def _is_number(value: Any) -> bool:  # noqa: ANN401
    return _is_integer(value) or (isinstance(value, float) and math.isfinite(value))


def _is_bytes(value: Any) -> bool:  # noqa: ANN401
    """Hexadecimal text, as `bytes.hex` writes it."""
    if not isinstance(value, str):
        return False
    try:
        return bytes.fromhex(value).hex() == value
    except ValueError:
        return False


_FITS: Final[dict[str, Callable[[Any], bool]]] = {
    "text": _is_text,
    "texts": _is_texts,
    "integer": _is_integer,
    "number": _is_number,
    "bytes": _is_bytes,
}
