"""Between records and the rows of their tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from provenance.model.generation import (
    Fingerprint,
    Generation,
    IssuedFile,
    MarkQuality,
    Operation,
    ParentFile,
    Record,
    RecordState,
    Relationship,
    TimeStampResult,
)
from provenance.model.ids import MarkId, SystemRef


def of_reserved(record: Record) -> dict[str, Any]:
    """The columns of a record that was just reserved."""
    return {
        "record_id": record.record_id,
        "system_id": record.system.id,
        "system_name": record.system.name,
        "mark_id": record.mark_id.value,
        "epoch": record.epoch,
        "scheme": record.scheme,
        "model": record.generation.model,
        "model_version": record.generation.model_version,
        "operations": " ".join(record.generation.operations),
        "state": record.state.value,
        "reserved_at": record.reserved_at.isoformat(),
    }


def of_file(file: IssuedFile) -> dict[str, Any]:
    """The columns that are filled once the file is verified."""
    return {
        "format": file.format,
        "width": file.width,
        "height": file.height,
        "byte_size": file.byte_size,
        "sha256": file.sha256,
        "pdq": file.fingerprint.bits,
        "pdq_quality": file.fingerprint.quality,
        "grid": file.grid,
        "psnr_db": file.quality.psnr_db,
        "margin": file.quality.margin,
        "ssim": file.quality.ssim,
        "manifest": file.manifest,
        "time_stamp": str(file.time_stamp),
    }


def of_parents(record_id: str, file: IssuedFile) -> list[dict[str, Any]]:
    """One row for each file that the picture was made from."""
    return [
        {
            "record_id": record_id,
            "position": position,
            "relationship": parent.relationship.value,
            "sha256": parent.sha256,
            "pdq": parent.fingerprint.bits,
            "pdq_quality": parent.fingerprint.quality,
            "format": parent.format,
            "width": parent.width,
            "height": parent.height,
        }
        for position, parent in enumerate(file.parents)
    ]


def record(row: Row[Any], parents: Sequence[Row[Any]]) -> Record:
    """The record of a row, and of the rows of its parents in order."""
    return Record(
        record_id=row.record_id,
        system=SystemRef(row.system_id, row.system_name),
        mark_id=MarkId(row.mark_id),
        epoch=row.epoch,
        scheme=row.scheme,
        generation=Generation(
            model=row.model,
            model_version=row.model_version,
            operations=tuple(Operation(name) for name in row.operations.split()),
        ),
        state=RecordState(row.state),
        reserved_at=datetime.fromisoformat(row.reserved_at),
        issued_at=None if row.issued_at is None else datetime.fromisoformat(row.issued_at),
        file=None if row.issued_at is None else _file(row, parents),
    )


def _file(row: Row[Any], parents: Sequence[Row[Any]]) -> IssuedFile:
    return IssuedFile(
        format=row.format,
        width=row.width,
        height=row.height,
        byte_size=row.byte_size,
        sha256=row.sha256,
        fingerprint=Fingerprint(bits=row.pdq, quality=row.pdq_quality),
        manifest=row.manifest,
        quality=MarkQuality(psnr_db=row.psnr_db, ssim=row.ssim, margin=row.margin),
        time_stamp=TimeStampResult.parse(row.time_stamp),
        grid=row.grid or b"",
        parents=tuple(
            ParentFile(
                sha256=parent.sha256,
                fingerprint=Fingerprint(bits=parent.pdq, quality=parent.pdq_quality),
                format=parent.format,
                width=parent.width,
                height=parent.height,
                relationship=Relationship(parent.relationship),
            )
            for parent in parents
        ),
    )
