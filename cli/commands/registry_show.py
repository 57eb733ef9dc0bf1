"""`provenance registry show`: everything that is known of one record, but no secrets."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.errors import ArgumentError

from ..console import out, out_json, shown, shown_path, talk
from ..exit_codes import ExitCode
from ..options import JsonOption, WorkspaceOption, open_workspace
from ..record_names import Named, absence, find_named

if TYPE_CHECKING:
    from provenance.model import Fingerprint, IssuedFile, Record
    from provenance.registry import RecordStore

RecordArgument = Annotated[
    str,
    typer.Argument(
        help="A record id, a manifest (urn:c2pa:...), a mark id, or the SHA-256 of an issued file.",
        show_default=False,
    ),
]
_SCHEMA_VERSION = 1
_LABEL_WIDTH = 11


def show(
    record: RecordArgument,
    workspace: WorkspaceOption = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            "--manifest",
            metavar="OUT",
            help="Also write the manifest store (C2PA) to a new file.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show one record: what was issued, as what, and where it stands in the log.

    Not shown are the sealed grid signature, the salt of the leaf and the account.
    """
    opened = open_workspace(workspace)
    store = opened.store(read_only=True)
    named = find_named(store, opened.system, record)
    if named.record is None:
        _say_absent(named, json=json)
        raise typer.Exit(ExitCode.NOT_FOUND)
    if manifest is not None:
        _save_manifest(named.record, manifest)
    document = _document(named.record, store)
    if json:
        out_json(document)
        return
    for label, value in _lines(document):
        if value:
            out(f"{label:<{_LABEL_WIDTH}} {shown(value)}")


def _say_absent(named: Named, *, json: bool) -> None:
    if json and named.erased_at is not None:
        out_json(
            {
                "schema_version": _SCHEMA_VERSION,
                "state": "erased",
                "erased_at": named.erased_at.isoformat(),
            }
        )
    talk(absence(named))


def _save_manifest(record: Record, path: Path) -> None:
    from ..report_files import write_new

    if record.file is None:
        raise ArgumentError(f"record {record.record_id} is {record.state.value}: no manifest")
    write_new(path, record.file.manifest, overwrite=False)
    talk(f"{shown_path(path)}: manifest {record.manifest_id}")


def _document(record: Record, store: RecordStore) -> dict[str, Any]:
    leaf = store.commitment_of(record.record_id)
    return {
        "schema_version": _SCHEMA_VERSION,
        "record_id": record.record_id,
        "state": record.state.value,
        "system": {"id": record.system.id, "name": record.system.name},
        "mark_id": str(record.mark_id),
        "manifest_id": record.manifest_id,
        "scheme": record.scheme,
        "epoch": record.epoch,
        "model": record.generation.model,
        "model_version": record.generation.model_version,
        "operations": [operation.value for operation in record.generation.operations],
        "reserved_at": record.reserved_at.isoformat(),
        "issued_at": record.issued_at.isoformat() if record.issued_at else None,
        "idempotent": record.request is not None,
        "pseudonym": record.pseudonym or None,
        "leaf": {"sha256": leaf.hex(), "position": record.log_position} if leaf else None,
        "file": None if record.file is None else _file(record.file),
    }


def _file(file: IssuedFile) -> dict[str, Any]:
    return {
        "sha256": file.sha256,
        "format": file.format,
        "width": file.width,
        "height": file.height,
        "byte_size": file.byte_size,
        "pdq": _pdq(file.fingerprint),
        "psnr_db": file.quality.psnr_db,
        "ssim": file.quality.ssim,
        "margin": file.quality.margin,
        "time_stamp": str(file.time_stamp),
        "signer_sha256": file.signer or None,
        "manifest": {
            "sha256": hashlib.sha256(file.manifest).hexdigest(),
            "byte_size": len(file.manifest),
        },
        "grid": bool(file.grid),
        "parents": [
            {
                "relationship": parent.relationship.value,
                "sha256": parent.sha256,
                "format": parent.format,
                "width": parent.width,
                "height": parent.height,
                "pdq": _pdq(parent.fingerprint),
            }
            for parent in file.parents
        ],
    }


def _pdq(fingerprint: Fingerprint) -> dict[str, Any]:
    return {"bits": fingerprint.bits.hex(), "quality": fingerprint.quality}


def _lines(row: dict[str, Any]) -> list[tuple[str, str]]:
    """What people read: label and value."""
    system = row["system"]
    lines = [
        ("record", f"{row['record_id']}, {row['state']}"),
        ("system", f"{system['name']} (#{system['id']})"),
        ("mark", f"{row['mark_id']}  {row['scheme']}, key epoch {row['epoch']}"),
        ("manifest", row["manifest_id"]),
        ("model", f"{row['model']} {row['model_version']}".strip()),
        ("edit", ", ".join(row["operations"])),
        ("reserved", row["reserved_at"]),
        ("issued", row["issued_at"] or ""),
        ("account", f"pseudonym {row['pseudonym']}" if row["pseudonym"] else "none known"),
        ("log", _place(row["leaf"])),
    ]
    if row["file"] is not None:
        lines += _file_lines(row["file"])
    return lines


def _place(leaf: dict[str, Any] | None) -> str:
    if leaf is None:
        return "no leaf: nothing was issued"
    at = "waits" if leaf["position"] is None else f"position {leaf['position']}"
    return f"{at}, leaf {leaf['sha256']}"


def _file_lines(file: dict[str, Any]) -> list[tuple[str, str]]:
    size = f"{file['width']}x{file['height']}, {file['byte_size']} bytes"
    cost = f"{file['psnr_db']:.1f} dB, SSIM {file['ssim']:.4f}, margin 10^{file['margin']:.1f}"
    lines = [
        ("file", f"{file['format']}, {size}"),
        ("sha256", file["sha256"]),
        ("pdq", f"{file['pdq']['bits']}, quality {file['pdq']['quality']}"),
        ("quality", cost),
        ("time stamp", file["time_stamp"]),
        ("signer", f"certificate {file['signer_sha256']}" if file["signer_sha256"] else ""),
    ]
    return lines + [
        (
            parent["relationship"],
            f"{parent['sha256']}  {parent['format']}, {parent['width']}x{parent['height']}",
        )
        for parent in file["parents"]
    ]
