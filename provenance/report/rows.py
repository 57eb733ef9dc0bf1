"""One flat row for each file: JSON Lines and CSV. Field names are part of the public interface."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from provenance.model import ManifestEvidence
from provenance.printable import shown
from provenance.report.result import SCHEMA_VERSION, Result

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: The columns of CSV in their order, with what they hold; empty where there is nothing.
COLUMNS: Final = {
    "schema_version": "of the report",
    "path": "name of the file, or its pseudonym",
    "path_base64": "bytes of the name, only where they are not UTF-8",
    "verdict": "verdict; empty where the file could not be examined",
    "system": "name of the system that the evidence points to",
    "system_id": "its number",
    "statement": "what was found",
    "next_step": "what to do next",
    "limits": "what the finding does not say, error rates included",
    "basis": "what it rests on, separated by spaces",
    "reasons": "codes of the reasons, separated by spaces",
    "mark_id": "id in the mark that was read",
    "scheme": "its watermark scheme",
    "log10_p": "log10 of the chance that a picture without this mark reads so, at most",
    "manifest_status": "status of the C2PA manifest",
    "manifest_id": "its label",
    "signer": "name in its signing certificate",
    "trust_list": "list that anchors the signer",
    "record_status": "answer of the registry",
    "record_id": "id of the record",
    "content_match": "comparison with the record",
    "markers": "markers of other systems, `class: system`, separated by semicolons",
    "format": "image format",
    "width": "pixels",
    "height": "pixels",
    "byte_size": "bytes of the file",
    "sha256": "hash of the file, hexadecimal",
    "sha1": "hash of the file, hexadecimal",
    "md5": "hash of the file, hexadecimal",
    "flags": "how the image was read, separated by spaces",
    "error": "code of the error; empty where the file was examined",
    "error_message": "what is wrong",
    "error_hint": "what to do about it",
}
#: Where a spreadsheet would begin a formula: at the beginning of a cell, or behind a semicolon,
#: which separates cells where the comma is a decimal sign. Blanks and quotes before it are
#: skipped by some; the signs exist in full width, too.
_FORMULA: Final = re.compile(r"""((?:^|;)[\s"']*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")


def row(result: Result) -> dict[str, Any]:
    """The nested row of a file, as JSON types; every row has the same fields."""
    source, finding, evidence = result.source, result.finding, result.evidence
    seen, text, problem, before = result.input, result.text, result.problem, source.before
    marks = evidence.watermarks if evidence else ()
    mark = next((m for m in marks if m.mark_id is not None and m.system), None)
    match = evidence.content_match if evidence else None
    return {
        "schema_version": SCHEMA_VERSION,
        "path": source.name,
        "path_base64": source.name_base64 or None,
        "verdict": finding.verdict.value if finding else None,
        "system": _system(result),
        "statement": text.statement if text else None,
        "next_step": " ".join(text.next_steps) if text else None,
        "limits": list(text.limits) if text else [],
        "basis": [item.value for item in finding.basis] if finding else [],
        "reasons": [
            {"code": reason.code.value, "bearing": reason.code.bearing.value, "text": sentence}
            for reason, sentence in zip(
                finding.reasons if finding else (), text.reasons if text else (), strict=True
            )
        ],
        "mark_id": str(mark.mark_id) if mark else None,
        "scheme": mark.scheme if mark else None,
        "log10_p": _number(mark.log10_p) if mark else None,
        "manifest": _manifest(evidence.manifest) if evidence else None,
        "record": {
            "status": evidence.record.status.value,
            "id": evidence.record.record_id or None,
        }
        if evidence
        else None,
        "content_match": match.status.value if match else None,
        "trust_lists": [_fields(item) for item in (evidence.trust_lists if evidence else ())],
        "markers": [_fields(marker) for marker in (evidence.markers if evidence else ())],
        "format": seen.format if seen else None,
        "width": seen.width if seen else None,
        "height": seen.height if seen else None,
        "byte_size": before.byte_size if before else None,
        "sha256": before.sha256 if before else None,
        "sha1": before.sha1 if before else None,
        "md5": before.md5 if before else None,
        "flags": [flag.value for flag in seen.flags] if seen else [],
        "error": {"code": problem.code, "message": problem.message, "hint": problem.hint}
        if problem
        else None,
    }


def _number(value: float) -> float | str:
    """A number, or the word that the saved report has for what JSON cannot write as one."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity"


def _system(result: Result) -> dict[str, Any] | None:
    system = result.finding.system if result.finding else None
    return {"id": system.id, "name": system.name} if system else None


def _manifest(manifest: ManifestEvidence) -> dict[str, Any]:
    """Status, and on whose word it is believed, as of when."""
    return {
        "status": manifest.status.value,
        "id": manifest.manifest_id or None,
        "signer": manifest.signer.name if manifest.signer else None,
        "trust_list": manifest.trust_list or None,
        "validity": _fields(manifest.validity) if manifest.validity else None,
        "time_stamp": _fields(manifest.time_stamp),
        "revocation": manifest.revocation.value,
        "policy": _fields(manifest.policy) if manifest.policy else None,
    }


def _fields(value: DataclassInstance) -> dict[str, Any]:
    """A flat value of the model as JSON types."""
    fields = asdict(value)
    return {name: list(x) if isinstance(x, tuple) else x for name, x in fields.items()}


def render_jsonl(results: Iterable[Result]) -> str:
    """JSON Lines in ASCII."""
    lines = (json.dumps(row(result), ensure_ascii=True, allow_nan=False) for result in results)
    return "".join(f"{line}\n" for line in lines)


def render_csv(results: Iterable[Result]) -> str:
    """CSV (RFC 4180) with the columns of `COLUMNS`.

    Control and direction characters are spelled out, an apostrophe stands before what a
    spreadsheet would run as a formula, and cells are cut (`MAX_SHOWN`): this form is to be
    looked at; the saved report has every text whole and as it is.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for result in results:
        flat = _flat(row(result))
        writer.writerow([cell(flat[column]) for column in COLUMNS])
    return out.getvalue()


def _flat(nested: dict[str, Any]) -> dict[str, Any]:
    system, manifest = nested["system"] or {}, nested["manifest"] or {}
    record, error = nested["record"] or {}, nested["error"] or {}
    return nested | {
        "system": system.get("name"),
        "system_id": system.get("id"),
        "limits": " ".join(nested["limits"]),
        "basis": " ".join(nested["basis"]),
        "reasons": " ".join(reason["code"] for reason in nested["reasons"]),
        "manifest_status": manifest.get("status"),
        "manifest_id": manifest.get("id"),
        "signer": manifest.get("signer"),
        "trust_list": manifest.get("trust_list"),
        "record_status": record.get("status"),
        "record_id": record.get("id"),
        "markers": "; ".join(f"{m['kind']}: {m['system']}" for m in nested["markers"]),
        "flags": " ".join(nested["flags"]),
        "error": error.get("code"),
        "error_message": error.get("message"),
        "error_hint": error.get("hint"),
    }


def cell(value: object) -> str:
    """A value as a cell that a spreadsheet only shows."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    return _FORMULA.sub(r"\1'", shown(value))
