"""Parquet tables with a column of images.

    file.parquet            the one column that can hold images
    file.parquet::column    this column

A column of images holds bytes, or a struct of `bytes` and `path` as Hugging Face writes it. Every
row of the table is a row; one without bytes says why, if the table does (`status`, as img2dataset
writes it). Counting reads the footer with `thrift`; only workers, whose memory is limited, open a
table with Arrow (`rows`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provenance.audit.chunk import Chunk
from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.place import Place, is_remote, open_place
from provenance.audit.sources.thrift import Element, Footer, ThriftError, footer_of
from provenance.errors import ErrorCode, InputError
from provenance.printable import shown

KIND: Final = "parquet"
_BYTES: Final = 6  # BYTE_ARRAY in parquet.thrift
_SCHEMA: Final = 4_000_000  # bytes of a footer within which the schema ends
MAX_SAID: Final = 200  # characters of what a table says about a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where the bytes, the name and the reason for missing bytes are; paths as Arrow has them."""

    data: str
    name: str = ""
    status: str = ""


def scan(address: str, size: int, bounds: Bounds) -> Iterator[Chunk]:
    """The chunks of a table, by row number, or one row that says why there are none."""
    try:
        path, column = split(address)
        with open_place(path) as place:
            footer, length = footer_at(place, bounds), place.size
        columns_of(footer, column)
        if footer.rows > bounds.members:
            raise InputError(
                f"the table states {footer.rows:,} rows; the limit is {bounds.members:,}",
                code=ErrorCode.LIMIT,
            )
    except InputError as error:
        yield Chunk.refused(KIND, address, error)
        return
    # The row number takes the place of the byte at which a reader may begin.
    for first in range(0, footer.rows, size):
        count = min(size, footer.rows - first)
        yield Chunk(kind=KIND, address=address, first=first, count=count, offset=first, size=length)


def split(address: str) -> tuple[str, str]:
    """The file, and the column that is named; a file that is called so is meant itself."""
    path, separator, column = address.rpartition("::")
    if not separator or not path or "/" in column:
        return address, ""
    if not is_remote(address) and Path(address).exists():
        return address, ""
    return path, column


def footer_at(place: Place, bounds: Bounds) -> Footer:
    """The schema and the number of rows.

    Raises:
        InputError: `E_TRUNC`, `E_CORRUPT` or `E_LIMIT`, or `E_IO` for an encrypted table.
    """
    place.seek(max(0, place.size - 8))
    tail = place.read(8)
    if tail[4:] == b"PARE":
        raise InputError("the table is encrypted", code=ErrorCode.IO)
    if tail[4:] != b"PAR1":
        raise InputError("the table has no footer; it is cut off", code=ErrorCode.TRUNCATED)
    length = int.from_bytes(tail[:4], "little")
    if length > bounds.footer:
        raise InputError(
            f"a footer of {length:,} bytes; the limit is {bounds.footer:,}", code=ErrorCode.LIMIT
        )
    if length > place.size - 12:
        raise InputError("the footer does not fit into the table", code=ErrorCode.CORRUPT)
    place.seek(place.size - 8 - length)
    try:
        return footer_of(place.read(min(length, _SCHEMA)))
    except ThriftError as error:
        raise InputError(f"the footer is damaged: {error}", code=ErrorCode.CORRUPT) from error


# --- which column -------------------------------------------------------------------------


def columns_of(footer: Footer, wanted: str) -> Columns:
    """The column of images.

    Raises:
        InputError: `E_FORMAT`: there is none, or it has to be named.
    """
    top = _top(footer)
    texts = {name for name, parts in top.items() if len(parts) == 1 and _holds_bytes(parts[0])}
    images = {name: paths for name, parts in top.items() if (paths := _image(name, parts))}
    if wanted:
        if wanted not in top:
            raise InputError(f"the table has no column {shown_name(wanted)}")
        if wanted not in images and wanted not in texts:
            raise InputError(f"the column {shown_name(wanted)} does not hold bytes")
        chosen = images.get(wanted, Columns(data=wanted))
    elif len(images) == 1:
        chosen = next(iter(images.values()))
    elif images:
        names = ", ".join(shown_name(name) for name in sorted(images)[:10])
        raise InputError(f"several columns may hold images ({names}): name one as TABLE::COLUMN")
    else:
        raise InputError("the table has no column of images")
    # Of tables that img2dataset wrote.
    beside = {"status", "key"} & (texts - {wanted})
    return Columns(
        data=chosen.data,
        name=chosen.name or ("key" if "key" in beside else ""),
        status="status" if "status" in beside else "",
    )


def _top(footer: Footer) -> dict[str, list[Element]]:
    """Columns by name: the element itself, and the parts of a struct of plain values."""
    found: dict[str, list[Element]] = {}
    elements = iter(footer.schema[1:])
    for element in elements:
        below = [part for _, part in zip(range(element.children), elements, strict=False)]
        deeper = sum(part.children for part in below)
        parts = [element, *below]
        while deeper > 0:  # not a struct of plain values
            parts, more = [], next(elements, None)
            deeper += more.children - 1 if more else -deeper
        if element.name in found:
            raise InputError(f"the table has two columns {shown_name(element.name)}")
        found[element.name] = parts
    return found


def _holds_bytes(element: Element) -> bool:
    return element.kind == _BYTES and not element.repeated


def _image(name: str, parts: list[Element]) -> Columns | None:
    if len(parts) == 1:
        fits = _holds_bytes(parts[0]) and not parts[0].text
        return Columns(data=name) if fits else None
    below = {part.name for part in parts[1:] if _holds_bytes(part)}
    if "bytes" not in below or parts[0].repeated:
        return None
    return Columns(data=f"{name}.bytes", name=f"{name}.path" if "path" in below else "")


def shown_name(name: str) -> str:
    """A name that a table gives, made safe to show."""
    return shown(name, MAX_SAID)
