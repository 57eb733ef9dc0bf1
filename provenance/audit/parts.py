"""Rows as Parquet: one part for each chunk, complete and synced, or not there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from provenance.audit.row import COLUMNS, ROW_VERSION, Row
from provenance.errors import ErrorCode, ProvenanceError

_TYPES: Final = {
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "integer": pa.int64(),
    "number": pa.float64(),
    "bytes": pa.binary(),
}
SCHEMA: Final = pa.schema(
    [
        pa.field(name, _TYPES[kind], metadata={"meaning": meaning})
        for name, (kind, meaning) in COLUMNS.items()
    ],
    metadata={"provenance_rows": str(ROW_VERSION)},
)
_ASIDE: Final = ".incomplete"


def path_of(directory: Path, number: int) -> Path:
    """Where the part of a chunk lies."""
    return directory / f"part-{number:07d}.parquet"


def write(directory: Path, number: int, rows: Sequence[Row]) -> None:
    """Write the part of a chunk beside its name, sync it, and give it its name.

    Raises:
        ProvenanceError: `E_IO`.
    """
    path = path_of(directory, number)
    aside = path.with_name(f"{path.name}.{os.getpid()}{_ASIDE}")
    try:
        with aside.open("wb") as file:
            pq.write_table(table(rows), file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise ProvenanceError(
            f"cannot write {path}: {error.strerror or error}", code=ErrorCode.IO
        ) from error


def table(rows: Iterable[Row]) -> pa.Table:
    """Rows as a table; hexadecimal text of binary columns becomes bytes."""
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for row in rows:
        for name, (kind, _) in COLUMNS.items():
            value = row[name]
            columns[name].append(bytes.fromhex(value) if kind == "bytes" and value else value)
    return pa.table(columns, schema=SCHEMA)


def done(directory: Path) -> set[int]:
    """Numbers of the chunks that have their part; what was cut off is removed."""
    found = set()
    for path in directory.iterdir():
        if path.name.endswith(_ASIDE):
            path.unlink(missing_ok=True)
        elif path.name.startswith("part-") and path.suffix == ".parquet":
            found.add(int(path.stem.removeprefix("part-")))
    return found
