"""`provenance report verify`."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.errors import ErrorCode, InputError

from ..console import out, out_json, path_fields, shown, shown_path
from ..exit_codes import ExitCode
from ..options import (
    AtOption,
    JsonOption,
    TrustListOption,
    TsaListOption,
    WorkspaceOption,
    open_workspace,
)
from ..signing import need_extra, signature_path

if TYPE_CHECKING:
    from provenance.attest import Attestation
    from provenance.report.document import Document
    from provenance.trust import TrustStore


def report_verify(
    file: Annotated[
        Path, typer.Argument(help="A signed .json or .pdf report.", show_default=False)
    ],
    signature: Annotated[
        Path | None,
        typer.Option(help="Signature of a JSON report [default: FILE.jws].", show_default=False),
    ] = None,
    workspace: WorkspaceOption = None,
    trust_list: TrustListOption = None,
    tsa_list: TsaListOption = None,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Check that a report is what was signed, by whom and when, offline."""
    need_extra()
    from provenance.attest import Integrity
    from provenance.trust import parse_moment

    trust = _trust(workspace, trust_list, tsa_list)
    moment = parse_moment(at) if at is not None else None
    data = _read(file)
    is_pdf = data.startswith(b"%PDF-")
    result = _check(file, data, signature, trust, moment, is_pdf=is_pdf)
    document = None
    if result.integrity is Integrity.INTACT and not is_pdf:
        from provenance.report.document import Document

        document = Document.from_json(data)
    if json:
        out_json(_fields(file, result, document))
    else:
        _print(result, document)
    raise typer.Exit(_code(result))


def _check(
    file: Path,
    data: bytes,
    signature: Path | None,
    trust: TrustStore,
    moment: datetime | None,
    *,
    is_pdf: bool,
) -> Attestation:
    from provenance.attest import check_json, check_pdf, unsigned

    if is_pdf:
        return check_pdf(data, trust, moment)
    beside = signature or signature_path(file)
    if signature is None and not beside.exists():
        return unsigned(data, f"there is no {shown_path(beside.name)} beside it")
    return check_json(data, _read(beside), trust, moment)


def _trust(
    workspace: Path | None, trust_lists: list[Path] | None, tsa_lists: list[Path] | None
) -> TrustStore:
    from provenance.trust import TrustStore

    own = open_workspace(workspace).trust() if workspace else TrustStore()
    return own + TrustStore.load(trust_lists or (), tsa_lists or ())


def _read(path: Path) -> bytes:
    from provenance.attest.check import MAX_BYTES

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"cannot read {shown_path(path)}: {error.strerror}"
        raise InputError(message, code=ErrorCode.IO) from error
    if len(data) > MAX_BYTES:
        message = f"{shown_path(path)} has more than {MAX_BYTES:,} bytes"
        raise InputError(message, code=ErrorCode.LIMIT)
    return data


def _code(result: Attestation) -> ExitCode:
    from provenance.attest import Integrity
    from provenance.model.trust import TimeStampStatus

    if result.integrity is Integrity.UNSIGNED:
        return ExitCode.NOT_FOUND
    if result.integrity is not Integrity.INTACT:
        return ExitCode.CONFLICT
    if result.time_stamp.status is TimeStampStatus.INVALID:
        return ExitCode.CONFLICT
    return ExitCode.TRACED if result.genuine else ExitCode.INDETERMINATE


def _print(result: Attestation, document: Document | None) -> None:
    out(shown(result.sentence))
    signer = result.signer
    if signer is not None:
        stamp = result.time_stamp
        rows = {
            "integrity": result.integrity.value,
            "signer": f"{signer.name}, {signer.organization or 'no organisation'}",
            "certificate": f"sha256 {result.certificate_sha256}, {signer.algorithm}",
            "trusted": f"yes, by {result.trust_list}" if result.trusted else "no",
            "claimed time": signer.time or "none",
            "time stamp": f"{stamp.status.value} {stamp.time} {stamp.authority}".rstrip(),
            "judged at": f"{result.judged_at} ({result.time_source.value})",
            "revocation": result.revocation.value,
        }
        for name, value in rows.items():
            out(f"  {name:<13}{shown(value)}")
    for item in document.results if document else ():
        verdict = item.finding.verdict.value if item.finding else "error"
        out(f"  {verdict:<13}{shown(item.source.name)}")


def _fields(file: Path, result: Attestation, document: Document | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"schema_version": 1, **path_fields(file, "path")}
    fields |= {"genuine": result.genuine, "sentence": result.sentence}
    fields |= dataclasses.asdict(result)
    fields["verdicts"] = [
        {
            "name": item.source.name,
            "sha256": item.source.before.sha256 if item.source.before else None,
            "verdict": item.finding.verdict.value if item.finding else None,
        }
        for item in (document.results if document else ())
    ]
    return fields
