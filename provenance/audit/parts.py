"""Rows as Parquet: one part for each chunk, complete and synced, or not there.

A part carries check sums of its pages and a digest of its rows, so that what a disk or a copy
made of it later is noticed. The digest leaves `milliseconds` out: two runs over the same images
have the same digests.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
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
_DIGEST: Final = b"provenance_digest"
_NAME: Final = re.compile(r"part-([0-9]{7,})\.parquet")
_ASIDE: Final = re.compile(r".+\.(?:parquet|jsonl?)\.(?P<host>.*)-(?P<pid>[0-9]{1,10})\.incomplete")


def path_of(directory: Path, number: int) -> Path:
    """Where the part of a chunk lies."""
    return directory / f"part-{number:07d}.parquet"


def aside(path: Path) -> Path:
    """Where a file is written before it gets its name: no other process writes there."""
    return path.with_name(f"{path.name}.{_host()}-{os.getpid()}.incomplete")


def write(directory: Path, number: int, rows: Sequence[Row]) -> None:
    """Write the part of a chunk beside its name, sync it, and give it its name.

    Raises:
        ProvenanceError: `E_IO`; a full disk, for example. Nothing is left behind.
    """
    path = path_of(directory, number)
    beside = aside(path)
    made = table(rows)
    made = made.replace_schema_metadata({**made.schema.metadata, _DIGEST: digest(made)})
    try:
        with beside.open("wb") as file:
            pq.write_table(made, file, compression="zstd", write_page_checksum=True)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync(directory)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise ProvenanceError(
            f"cannot write {path}: {error.strerror or error}",
            hint="the same command goes on once that is mended",
            code=ErrorCode.IO,
        ) from error


def sync(directory: Path) -> None:
    """Have the names in a directory survive a loss of power."""
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def table(rows: Iterable[Row]) -> pa.Table:
    """Rows as a table; hexadecimal text of binary columns becomes bytes."""
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for row in rows:
        for name, (kind, _) in COLUMNS.items():
            value = row[name]
            columns[name].append(bytes.fromhex(value) if kind == "bytes" and value else value)
    return pa.table(columns, schema=SCHEMA)


def digest(rows: pa.Table) -> bytes:
    """SHA-256 of the rows in their order, all columns but `milliseconds`; hexadecimal."""
    lines = rows.drop_columns(["milliseconds"]).to_pylist()
    text = json.dumps(lines, default=bytes.hex, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest().encode("ascii")


def read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A part, or some of its columns.

    Raises:
        ProvenanceError: `E_CORRUPT`, and the part is named; `E_IO`.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            found = file.read(columns=None if columns is None else list(columns))
    except (OSError, ValueError, pa.ArrowException) as error:  # OSError is also a bad check sum
        if isinstance(error, OSError) and error.errno is not None:
            raise ProvenanceError(
                f"cannot read {path}: {error.strerror or error}", code=ErrorCode.IO
            ) from error
        raise damaged(path, "it cannot be read") from error
    wanted = SCHEMA if columns is None else pa.schema([SCHEMA.field(name) for name in columns])
    if not found.schema.equals(wanted):
        raise damaged(path, "it has other columns")
    return found


def damaged(path: Path, why: str) -> ProvenanceError:
    """The error about a part that is not what was written."""
    return ProvenanceError(
        f"{path} is damaged: {why}",
        hint="remove it; the same command makes it again",
        code=ErrorCode.CORRUPT,
    )


def require_sound(path: Path, keys: Sequence[str]) -> None:
    """Raise if a part is not what was written, or not about these images.

    Raises:
        ProvenanceError: `E_CORRUPT`, `E_IO`.
    """
    found = read(path)
    if found.column("key").to_pylist() != list(keys):
        raise damaged(path, "it is about other images")
    if (found.schema.metadata or {}).get(_DIGEST) != digest(found):
        raise damaged(path, "its rows were changed")


def holds(path: Path, rows: int) -> bool:
    """True if a part is whole as far as its end tells, and has so many rows. Fast."""
    try:
        with pq.ParquetFile(path) as file:
            return bool(file.metadata.num_rows == rows and file.schema_arrow.equals(SCHEMA))
    except (OSError, ValueError, pa.ArrowException):
        return False


def done(directory: Path) -> set[int]:
    """Numbers of the chunks that have their part."""
    found = map(_NAME.fullmatch, (path.name for path in directory.iterdir()))
    return {int(match[1]) for match in found if match}


def sweep(directory: Path) -> None:
    """Remove what processes of this machine left half written when they died.

    What others are writing just now is not touched.
    """
    for path in directory.iterdir():
        left = _ASIDE.fullmatch(path.name)
        if left and left["host"] == _host() and not _lives(int(left["pid"])):
            path.unlink(missing_ok=True)


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname())[:100]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
