"""The rows of a Parquet table, a few at a time: only for workers, whose memory is limited."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from provenance.audit.sources.bounds import Bounds
from provenance.audit.sources.members import Member, Walk
from provenance.audit.sources.place import Place
from provenance.audit.sources.raw import Raw
from provenance.audit.sources.tables import MAX_SAID, Columns, columns_of, footer_at
from provenance.errors import ErrorCode, InputError
from provenance.printable import shown

# Arrow's own allocator reserves more address space than a worker may have.
pa.set_memory_pool(pa.system_memory_pool())

_SLICE: Final = 8  # rows decoded at a time: never a row group of images
_BUFFER: Final = 1 << 20


def walk(column: str, place: Place, first: int, bounds: Bounds) -> Walk:
    """The rows of a table from a number on.

    A row group that cannot be decoded gives rows that say so; the next one is read again.

    Raises:
        InputError: the table cannot be opened.
    """
    columns = columns_of(footer_at(place, bounds), column)
    table = _guarded(lambda: pq.ParquetFile(Raw(place), buffer_size=_BUFFER, pre_buffer=False))
    begin = 0
    for group in range(table.metadata.num_row_groups):
        rows = table.metadata.row_group(group).num_rows
        if begin + rows > first:
            yield from _group(table, group, max(0, first - begin), columns)
        begin += rows


def _group(table: pq.ParquetFile, group: int, start: int, columns: Columns) -> Walk:
    """The rows of one group from an index on."""
    paths = [path for path in (columns.data, columns.name, columns.status) if path]
    rows = table.metadata.row_group(group).num_rows
    done = 0
    try:
        batches = table.iter_batches(
            batch_size=_SLICE, row_groups=[group], columns=paths, use_threads=False
        )
        while done < rows:
            batch = _guarded(lambda: next(batches, None))
            if batch is None:
                break
            for row in range(max(0, start - done), batch.num_rows):
                yield _guarded(partial(_member, batch, row, columns))
            done += batch.num_rows
        problem = InputError("the row group has fewer rows than stated", code=ErrorCode.CORRUPT)
    except InputError as error:
        problem = error
    for _ in range(max(done, start), rows):
        yield Member(name="", problem=problem)


def _guarded(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - of a library without types
    try:
        return call()
    except MemoryError as error:
        raise InputError("the row group needs too much memory", code=ErrorCode.LIMIT) from error
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise InputError("the table is damaged", code=ErrorCode.CORRUPT) from error


def _member(batch: Any, row: int, columns: Columns) -> Member:  # noqa: ANN401 - Arrow
    name = _text(batch, row, columns.name)
    value = _cell(batch, row, columns.data)
    if value is None or not value.is_valid:
        said = shown(_text(batch, row, columns.status), MAX_SAID)
        reason = f" (status: {said})" if said else ""
        error = InputError(f"the table holds no bytes for this row{reason}", code=ErrorCode.IO)
        return Member(name=name, problem=error)
    buffer = _buffer(value)
    return Member(name=name, size=buffer.size, read=lambda limit: buffer[:limit].to_pybytes())


def _text(batch: Any, row: int, path: str) -> str:  # noqa: ANN401 - Arrow
    value = _cell(batch, row, path) if path else None
    if value is None or not value.is_valid:
        return ""
    raw: bytes = _buffer(value)[:4_096].to_pybytes()
    return raw.decode("utf-8", "surrogateescape")


def _cell(batch: Any, row: int, path: str) -> Any:  # noqa: ANN401 - Arrow
    """A value, or None where a struct around it is missing."""
    name, _, part = path.partition(".")
    index = batch.schema.get_field_index(path)
    if index >= 0:
        return batch.column(index)[row]
    array = batch.column(name)
    if not array.is_valid().to_pylist()[row]:
        return None
    return array.field(part)[row]


def _buffer(value: Any) -> Any:  # noqa: ANN401 - Arrow
    """The bytes of a value, not copied; a file may ask for another type than it shows."""
    value = value.value if isinstance(value, pa.DictionaryScalar) else value
    if not isinstance(value, pa.BinaryScalar):  # strings are
        raise InputError("the column does not hold bytes", code=ErrorCode.CORRUPT)
    return value.as_buffer()
