"""Between records and the rows of their tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row

from provenance.model.custody import AccessAction, AccessEntry, StoredCheckpoint
from provenance.model.generation import (
    Fingerprint,
    Generation,
    IssuedFile,
    Marking,
    MarkQuality,
    Operation,
    ParentFile,
    Record,
    RecordState,
    Relationship,
    Request,
    TimeStampResult,
)
from provenance.model.ids import MarkId, SystemRef
from provenance.registry.tables import OWN_FILE

#: Columns of an issued record that are never null. Empty is not missing; `time_stamp` says "not
#: asked" where none was asked for.
FACTS: Final = (
    "issued_at", "format", "width", "height", "byte_size", "sha256", "grid", "psnr_db", "margin",
    "ssim", "manifest", "time_stamp", "signer", "envelope", "salt",
)  # fmt: skip

#: The fingerprints of a record by position.
Fingerprints = Mapping[int, Fingerprint]


def utc(moment: datetime) -> str:
    """An aware time as it is kept: always in UTC, so that the text sorts as the times do."""
    return moment.astimezone(UTC).isoformat()


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
        "reserved_at": utc(record.reserved_at),
        "request_key": record.request.key if record.request else None,
        "request_digest": record.request.digest if record.request else None,
        "pseudonym": record.pseudonym or None,
    }


def of_file(file: IssuedFile) -> dict[str, Any]:
    """The columns that are filled once the file is verified."""
    return {
        "format": file.format,
        "width": file.width,
        "height": file.height,
        "byte_size": file.byte_size,
        "sha256": file.sha256,
        "grid": file.grid,
        "psnr_db": file.quality.psnr_db,
        "margin": file.quality.margin,
        "ssim": file.quality.ssim,
        "manifest": file.manifest,
        "time_stamp": str(file.time_stamp),
        "signer": file.signer,
        "envelope": file.envelope,
    }


def of_parents(record_id: str, file: IssuedFile) -> list[dict[str, Any]]:
    """One row for each file that the picture was made from."""
    return [
        {
            "record_id": record_id,
            "position": position,
            "relationship": parent.relationship.value,
            "sha256": parent.sha256,
            "format": parent.format,
            "width": parent.width,
            "height": parent.height,
        }
        for position, parent in enumerate(file.parents)
    ]


def of_fingerprints(record_id: str, file: IssuedFile) -> list[dict[str, Any]]:
    """One row for the file itself and one for each that it was made from."""
    found = [file.fingerprint, *(parent.fingerprint for parent in file.parents)]
    return [
        {"record_id": record_id, "position": position, "pdq": item.bits, "quality": item.quality}
        for position, item in enumerate(found, OWN_FILE)
    ]


def of_marking(record_id: str, marking: Marking) -> dict[str, Any]:
    """The columns of a picture that waits to be signed."""
    return {
        "record_id": record_id,
        "expires_at": utc(marking.expires_at),
        "pdq": marking.fingerprint.bits,
        "quality": marking.fingerprint.quality,
        "psnr_db": marking.quality.psnr_db,
        "ssim": marking.quality.ssim,
        "origin": marking.origin,
    }


def _marking(row: Row[Any]) -> Marking:
    return Marking(
        expires_at=datetime.fromisoformat(row.expires_at),
        fingerprint=Fingerprint(bits=row.pdq, quality=row.quality),
        quality=MarkQuality(psnr_db=row.psnr_db, ssim=row.ssim),
        origin=row.origin,
    )


def record(
    row: Row[Any],
    parents: Sequence[Row[Any]],
    fingerprints: Fingerprints,
    marking: Row[Any] | None = None,
) -> Record:
    """The record of a row, of the rows of its parents in order, and of its fingerprints.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: these rows make no record.
    """
    request = None
    if row.request_key is not None:
        request = Request(key=row.request_key, digest=row.request_digest)
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
        file=None if row.issued_at is None else _file(row, parents, fingerprints),
        request=request,
        pseudonym=row.pseudonym or "",
        marking=None if marking is None else _marking(marking),
    )


def _file(row: Row[Any], parents: Sequence[Row[Any]], fingerprints: Fingerprints) -> IssuedFile:
    missing = [name for name in FACTS if getattr(row, name) is None]
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    return IssuedFile(
        format=row.format,
        width=row.width,
        height=row.height,
        byte_size=row.byte_size,
        sha256=row.sha256,
        fingerprint=fingerprints[OWN_FILE],
        manifest=row.manifest,
        quality=MarkQuality(psnr_db=row.psnr_db, ssim=row.ssim, margin=row.margin),
        time_stamp=TimeStampResult.parse(row.time_stamp),
        grid=row.grid,
        parents=tuple(
            ParentFile(
                sha256=parent.sha256,
                fingerprint=fingerprints[parent.position],
                format=parent.format,
                width=parent.width,
                height=parent.height,
                relationship=Relationship(parent.relationship),
            )
            for parent in parents
        ),
        signer=row.signer,
        envelope=row.envelope,
    )


def checkpoint(row: Row[Any]) -> StoredCheckpoint:
    """The checkpoint of a row."""
    signed_at = datetime.fromisoformat(row.signed_at)
    return StoredCheckpoint(row.size, row.root, row.note, signed_at, row.time_stamp)


def of_checkpoint(stored: StoredCheckpoint) -> dict[str, Any]:
    """The columns of a checkpoint."""
    return {**stored._asdict(), "signed_at": utc(stored.signed_at)}


def entry(row: Row[Any]) -> AccessEntry:
    """The entry of a row of the access log."""
    return AccessEntry(
        at=datetime.fromisoformat(row.at),
        action=AccessAction(row.action),
        subject=row.subject,
        operator=row.operator,
        reason=row.reason,
    )


def of_entry(noted: AccessEntry) -> dict[str, Any]:
    """The columns of an entry of the access log."""
    return {
        "at": utc(noted.at),
        "action": noted.action.value,
        "subject": noted.subject,
        "operator": noted.operator,
        "reason": noted.reason,
    }
