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
    from provenance import Stamped

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
        "schema_version": SCHEMA_VERSION,
        **path_fields(source.label, "input"),
        **(path_fields(stamped.path, "output") if stamped.path else {"output": None}),
        "format": str(stamped.encoding),
        "mark_id": str(stamped.mark_id),
        "manifest_id": stamped.manifest_id,
        "record_id": stamped.record_id,
        "psnr_db": stamped.quality.psnr_db,
        "margin": stamped.quality.margin,
        "ssim": stamped.quality.ssim,
        "time_stamp": plain(stamped.time_stamp),
        "parents": plain(stamped.parents),
        "error": None,
    }


def stamp_error_row(source: Source, error: ProvenanceError) -> dict[str, Any]:
    """The row of a file that was refused."""
    return {
        "schema_version": SCHEMA_VERSION,
        **path_fields(source.label, "input"),
        "output": None,
        "mark_id": None,
        "manifest_id": None,
        "error": error_fields(error),
    }
