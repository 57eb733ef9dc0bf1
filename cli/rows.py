"""Results as JSON: stable field names, no image content."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from provenance.errors import ProvenanceError
from provenance.model import ManifestEvidence, MarkId, SystemRef, Verdict, VerificationReport

from .console import error_fields, path_fields
from .exit_codes import ExitCode
from .inputs import Source

if TYPE_CHECKING:
    from provenance import Stamped

SCHEMA_VERSION = 1


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
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            return value


def verify_row(source: Source, report: VerificationReport) -> dict[str, Any]:
    """The row of a verified file."""
    evidence = report.evidence
    mark = next((m for m in evidence.watermarks if m.mark_id is not None and m.system), None)
    return {
        "schema_version": SCHEMA_VERSION,
        **path_fields(source.label, "path"),
        "sha256": report.input.sha256,
        "verdict": report.verdict.value,
        "system": plain(report.system),
        "statement": report.finding.statement,
        "next_step": report.finding.next_step,
        "mark_id": str(mark.mark_id) if mark else None,
        "scheme": mark.scheme if mark else None,
        "log10_p": mark.log10_p if mark else None,
        "manifest": {
            "status": evidence.manifest.status.value,
            "id": evidence.manifest.manifest_id or None,
            "signer": evidence.manifest.signer.name if evidence.manifest.signer else None,
            **_trust_fields(evidence.manifest),
        },
        "trust_lists": plain(evidence.trust_lists),
        "record": {
            "status": evidence.record.status.value,
            "id": evidence.record.record_id or None,
        },
        "content_match": evidence.content_match.status.value if evidence.content_match else None,
        "markers": plain(evidence.markers),
        "reasons": [
            {"code": reason.code.value, "detail": reason.detail} for reason in report.reasons
        ],
        "format": report.input.format,
        "width": report.input.width,
        "height": report.input.height,
        "flags": [flag.value for flag in report.input.flags],
        "error": None,
    }


def _trust_fields(manifest: ManifestEvidence) -> dict[str, Any]:
    """On whose word a manifest is believed, and as of when."""
    return {
        "trust_list": manifest.trust_list or None,
        "validity": plain(manifest.validity),
        "time_stamp": plain(manifest.time_stamp),
        "revocation": manifest.revocation.value,
        "policy": plain(manifest.policy),
    }


def verify_error_row(source: Source, error: ProvenanceError) -> dict[str, Any]:
    """The row of a file that could not be read."""
    return {
        "schema_version": SCHEMA_VERSION,
        **path_fields(source.label, "path"),
        "verdict": None,
        "system": None,
        "mark_id": None,
        "log10_p": None,
        "manifest": None,
        "markers": [],
        "reasons": [],
        "error": error_fields(error),
    }


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


def exit_code_of(verdict: Verdict) -> ExitCode:
    """The exit code of a verdict."""
    return ExitCode[verdict.name]
