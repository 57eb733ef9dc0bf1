"""`provenance registry export` and `import`: signed extracts for whoever has no network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.errors import ArgumentError

from ..console import out, out_json, shown, shown_path, talk
from ..options import (
    FingerprintOption,
    JsonOption,
    OperatorOption,
    WorkspaceOption,
    open_workspace,
)
from ..signing import need_extra

if TYPE_CHECKING:
    from datetime import datetime

    from provenance.exchange import ExtractStatement
    from provenance.registry import ExtractStore
    from provenance.workspace import Workspace


def export(
    out_path: Annotated[
        Path, typer.Option("--out", help="The new file; the signature goes beside it, as .jws.")
    ],
    without_manifests: Annotated[
        bool,
        typer.Option(
            "--without-manifests", help="Leave the manifests out: smaller, and none is recovered."
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DATE",
            help="Only records issued since: 2026-11-01, or RFC 3339 in UTC.",
            show_default=False,
        ),
    ] = None,
    operator: OperatorOption = "",
    reason: Annotated[
        str, typer.Option("--reason", help="For the access log: a file number, an order.")
    ] = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Write a signed extract of the registry: ids, fingerprints, manifests; nothing personal."""
    need_extra()
    from provenance.exchange import ExtractStatement
    from provenance.workspace.exports import export_extract

    done = export_extract(
        open_workspace(workspace),
        out_path,
        manifests=not without_manifests,
        since=_moment(since) if since else None,
        operator=operator,
        reason=reason,
    )
    if done.no_time_stamp is not None:
        talk(f"note: no time stamp: {shown(done.no_time_stamp.message)}")
    if isinstance(done.made, ExtractStatement):
        talk(
            f"{shown_path(out_path)}: {done.made.records} records of {shown(done.made.system)}, "
            f"sha256 {done.made.sha256}; hand out {shown_path(out_path.name)}.jws with it"
        )
    talk(f"signed with the certificate of SHA-256 {done.certificate}")


def import_(
    file: Annotated[
        Path, typer.Argument(help="The extract; its .jws lies beside it.", show_default=False)
    ],
    fingerprint: FingerprintOption = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Refer to the file where it is; do not copy it.")
    ] = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Take in the signed extract of the registry of a system that is known here."""
    need_extra()
    from provenance.workspace import imports

    opened = open_workspace(workspace)
    pinned = imports.fingerprints(fingerprint or ())
    offer = imports.offer_extract(opened, file, pinned=pinned)
    imports.import_extract(opened, offer, in_place=in_place)
    row = _row(offer.statement, offer.receipt.signer)
    if json:
        out_json(row)
    else:
        since = f", issued since {row['since']}" if row["since"] else ""
        out(f"{shown(offer.statement.system)}: {offer.statement.records} records{since}")
        out(f"  made {row['created_at']}, signed by {shown(offer.receipt.signer)}")
        out(f"  sha256 {offer.statement.sha256}")
    old = offer.replaces
    instead = f", in the place of the one of {old.statement.created_at:%Y-%m-%d}" if old else ""
    talk(f"{shown_path(file)} was imported{instead}")


def extract_of(workspace: Workspace, system_id: int) -> ExtractStore:
    """An imported extract, to be searched.

    Raises:
        ArgumentError: there is none of this system.
        RegistryError: it was changed.
    """
    found = workspace.extracts().find(system_id)
    if found is None:
        raise ArgumentError(
            f"no extract of system {system_id} was imported", hint="provenance registry import"
        )
    return found.store()


def _row(statement: ExtractStatement, signer: str) -> dict[str, Any]:
    from provenance.trust import moment_text

    return {
        "system": {"id": statement.system.id, "name": statement.system.name},
        "sha256": statement.sha256,
        "size": statement.size,
        "records": statement.records,
        "manifests": statement.manifests,
        "since": moment_text(statement.since) if statement.since else "",
        "created_at": moment_text(statement.created_at),
        "registry": statement.registry.hex(),
        "signer": signer,
    }


def _moment(text: str) -> datetime:
    from provenance.trust import parse_moment

    day = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII)
    return parse_moment(f"{text}T00:00:00Z" if day else text)
