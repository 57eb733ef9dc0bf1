"""Results as JSON: stable field names, no image content."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.errors import ProvenanceError
from provenance.model import MarkId, SystemRef
from provenance.printable import file_name

from .console import error_fields, path_fields
from .inputs import Source

if TYPE_CHECKING:
    from provenance import Encoding, Stamped
    from provenance.model import IssuedFile, Record

#: Of what `stamp` and `inspect` print; `verify` prints report documents and their rows.
SCHEMA_VERSION = 2


def plain(value: object) -> Any:  # noqa: ANN401 - JSON has no better type
    """Any value of the model as JSON types: bytes in hexadecimal, enums by value."""
    match value:
        case SystemRef():
            return {"id": value.id, "name": value.name}
        case MarkId():
            return str(value)
        case Enum():
            return value.value
        case bytes():
            return value.hex()
        case datetime():
            return value.isoformat()
        case tuple() | list() | set() | frozenset():
            return [plain(item) for item in value]
        case Path():
            return file_name(value)[0]
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            return value


def stamp_row(source: Source, stamped: Stamped) -> dict[str, Any]:
    """The row of a stamped file."""
    return {
        **_place(source.label, stamped.path, "stamped"),
        "format": str(stamped.encoding),
        "mark_id": str(stamped.mark_id),
        "manifest_id": stamped.manifest_id,
        "record_id": stamped.record_id,
        **_file(stamped),
    }


def record_row(
    name: Path, output: Path, record: Record, encoding: Encoding, outcome: str
) -> dict[str, Any]:
    """The row of a file of a run: the same, from the record of the file."""
    assert record.file is not None  # noqa: S101 - it was released
    return {
        **_place(name, output, outcome),
        "format": str(encoding),
        "mark_id": str(record.mark_id),
        "manifest_id": record.manifest_id,
        "record_id": record.record_id,
        **_file(record.file),
    }


def _place(name: str | Path, output: Path | None, outcome: str) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        **path_fields(name, "input"),
        **(path_fields(output, "output") if output else {"output": None}),
        "outcome": outcome,
    }


def _file(file: Stamped | IssuedFile) -> dict[str, Any]:
    return {
        "psnr_db": file.quality.psnr_db,
        "margin": file.quality.margin,
        "ssim": file.quality.ssim,
        "time_stamp": plain(file.time_stamp),
        "parents": plain(file.parents),
        "error": None,
    }


def stamp_error_row(name: str | Path, error: ProvenanceError) -> dict[str, Any]:
    """The row of a file that was refused."""
    return {
        **_place(name, None, "refused"),
        "mark_id": None,
        "manifest_id": None,
        "error": error_fields(error),
    }
