"""The first fields of a Parquet footer, without native code.

A footer is a `FileMetaData` of parquet.thrift in Thrift's compact protocol: version, schema, number
of rows, then the row groups, which are not needed to count. It is read here because the process
that counts is not one that may die of a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_INTEGERS: Final = (4, 5, 6)
_MAX_DEPTH: Final = 32
_MAX_VALUES: Final = 1_000_000


class ThriftError(Exception):
    """The bytes are no such structure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A node of the schema, with its number of children; `kind` is None for a group."""

    name: str
    kind: int | None
    children: int
    repeated: bool
    text: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """The schema, flattened in depth-first order, its root first; and the number of rows."""

    schema: tuple[Element, ...]
    rows: int


def footer_of(data: bytes) -> Footer:
    """Read as much of a footer as counts.

    Raises:
        ThriftError: it is not one.
    """
    try:
        fields = _Compact(data).struct(0, last=3)
    except (IndexError, OverflowError) as error:
        raise ThriftError("it is cut off") from error
    schema, rows = fields.get(2), fields.get(3)
    if not isinstance(schema, list) or not isinstance(rows, int) or rows < 0:
        raise ThriftError("it has no schema")
    return Footer(schema=tuple(_element(fields) for fields in schema), rows=rows)


def _element(fields: object) -> Element:
    if not isinstance(fields, dict):
        raise ThriftError("a part of the schema is missing")
    name, kind, children = fields.get(4), fields.get(1), fields.get(5, 0)
    logical = fields.get(10)
    if not isinstance(name, bytes) or not isinstance(children, int):
        raise ThriftError("a part of the schema has no name")
    return Element(
        name=name.decode("utf-8", "surrogateescape"),
        kind=kind if isinstance(kind, int) else None,
        children=children,
        repeated=fields.get(3) == 2,
        text=fields.get(6) == 0 or (isinstance(logical, dict) and 1 in logical),
    )


class _Compact:
    """A reader of Thrift's compact protocol."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._values = 0

    def struct(self, depth: int, last: int = 1 << 30) -> dict[int, Any]:
        """Fields by number; no further than the field `last`."""
        found: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            kind, delta = head & 15, head >> 4
            number = number + delta if delta else self._integer()
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
            if number >= last:
                break
        return found

    def _value(self, kind: int, depth: int) -> Any:  # noqa: ANN401 - whatever is there
        self._values += 1
        if depth > _MAX_DEPTH or self._values > _MAX_VALUES:
            raise ThriftError("it is too deep or has too many parts")
        if kind in _INTEGERS:
            return self._integer()
        if kind in (_TRUE, _FALSE, _BYTE):  # in lists a truth value is a byte
            return self._byte()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind == _STRUCT:
            return self.struct(depth + 1)
        raise ThriftError("it holds a value of an unknown kind")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 != 15 else self._unsigned()
        return [self._value(head & 15, depth + 1) for _ in range(count)]

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise ThriftError("it is cut off")
        self._at += count
        return self._data[self._at - count : self._at]

    def _unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise ThriftError("a number is too large")

    def _integer(self) -> int:
        value = self._unsigned()
        return value >> 1 ^ -(value & 1)
