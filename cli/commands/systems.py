"""`provenance systems`: signed bundles about generating systems, handed out and taken in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.errors import ArgumentError

from ..console import out, out_json, shown, shown_path, talk
from ..options import FingerprintOption, JsonOption, WorkspaceOption, open_workspace
from ..signing import need_extra

if TYPE_CHECKING:
    from provenance.exchange import DetectorBundle, ImportedSystem, Receipt
    from provenance.model import SystemRef

app = typer.Typer(help="Know the marks of other systems.", no_args_is_help=True)

SystemArgument = Annotated[
    int,
    typer.Argument(metavar="SYSTEM", help="The number of the system.", min=0, show_default=False),
]


@app.callback()
def options() -> None:
    """Know the marks of other systems."""


@app.command("export")
def export(
    out_path: Annotated[
        Path, typer.Option("--out", help="The new file; it is readable by its owner alone.")
    ],
    contact: Annotated[
        str, typer.Option("--contact", help="Where legal requests go: an address, e-mail or URL.")
    ] = "",
    resolution_url: Annotated[
        str,
        typer.Option("--resolution-url", help="Where records can be asked for; never fetched."),
    ] = "",
    epochs: Annotated[
        list[int] | None,
        typer.Option("--epochs", help="Only the key of this epoch. Repeatable.", min=0),
    ] = None,
    content_match: Annotated[
        bool,
        typer.Option(
            "--with-content-match",
            help="With the keys that open the grid signatures of records: crops and rotations "
            "can then be compared, and small pictures be rebuilt.",
        ),
    ] = False,
    not_after: Annotated[
        str | None,
        typer.Option(
            "--not-after",
            metavar="TIME",
            help="When it ends, RFC 3339 in UTC [default: after a year].",
            show_default=False,
        ),
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write a signed bundle: what a laboratory needs to trace pictures to this system."""
    need_extra()
    from provenance.trust import parse_moment
    from provenance.workspace.exports import export_bundle

    done = export_bundle(
        open_workspace(workspace),
        out_path,
        contact=contact,
        resolution_url=resolution_url,
        epochs=epochs or None,
        content_match=content_match,
        not_after=parse_moment(not_after) if not_after else None,
    )
    if done.no_time_stamp is not None:
        talk(f"note: no time stamp: {shown(done.no_time_stamp.message)}")
    opened = "; it opens the grid signatures of its records" if content_match else ""
    talk(
        f"{shown_path(out_path)}: bundle of {shown(done.made.system)}; whoever holds it can read, "
        f"write and remove its marks{opened}"
    )
    talk(f"signed with the certificate of SHA-256 {done.certificate}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The bundle.", show_default=False)],
    trust_list: Annotated[
        list[Path] | None,
        typer.Option(
            "--trust-list",
            help="PEM file of CAs; a signer that one of them vouches for is believed. Repeatable.",
            show_default=False,
        ),
    ] = None,
    fingerprint: FingerprintOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be imported, and do nothing.")
    ] = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Take in the signed bundle of another system, whose marks are then looked for."""
    need_extra()
    from provenance.trust import TrustStore
    from provenance.workspace import imports

    opened = open_workspace(workspace)
    offer = imports.offer_bundle(
        opened,
        file,
        trust=TrustStore.load(trust_list or (), ()),
        pinned=imports.fingerprints(fingerprint or ()),
    )
    if not dry_run:
        imports.import_bundle(opened, offer)
    if json:
        out_json(_row(offer.bundle, offer.receipt))
    else:
        _show(offer.bundle, offer.receipt)
    verb = "would be" if dry_run else "was"
    old = offer.replaces
    instead = f", in the place of the one of {old.bundle.created_at:%Y-%m-%d}" if old else ""
    for name in offer.bundle.unknown_schemes:
        talk(f"note: scheme {shown(name)} is not known here: marks made with it are not found")
    talk(f"{shown_path(file)} {verb} imported{instead}")


@app.command("list")
def list_(json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Show the systems whose bundles were imported."""
    found = open_workspace(workspace).systems().systems()
    if json:
        out_json([_row(item.bundle, item.receipt) for item in found])
        return
    for item in found:
        _show(item.bundle, item.receipt)
        note_expired(item)


@app.command("remove")
def remove(system: SystemArgument, workspace: WorkspaceOption = None) -> None:
    """Forget another system: its keys and its anchors, and the extract of its registry."""
    opened = open_workspace(workspace)
    gone = [opened.systems().remove(system), opened.extracts().remove(system)]
    if not any(gone):
        raise ArgumentError(
            f"nothing of system {system} was imported", hint="provenance systems list"
        )
    what = [name for name, done in zip(("bundle", "extract"), gone, strict=True) if done]
    talk(f"removed: {' and '.join(what)} of system {system}")


def note_expired(item: ImportedSystem) -> None:
    """Say that a bundle is not used any more."""
    if item.expired():
        talk(
            f"note: the bundle of {shown(item.bundle.system)} expired on "
            f"{item.bundle.not_after:%Y-%m-%d}: its marks and anchors are not looked for"
        )


def say_contacts(workspace: Path, systems: set[SystemRef]) -> None:
    """Say where legal requests about these systems go, as far as their bundles tell."""
    for item in open_workspace(workspace).systems().systems():
        bundle = item.bundle
        if bundle.system in systems and bundle.contact:
            talk(f"note: legal requests about {shown(bundle.system)}: {shown(bundle.contact)}")


def _row(bundle: DetectorBundle, receipt: Receipt) -> dict[str, Any]:
    return {
        "system": {"id": bundle.system.id, "name": bundle.system.name},
        "sha256": receipt.sha256,
        "signer": receipt.signer,
        "certificate_sha256": receipt.certificate,
        "vouched_by": receipt.vouched_by,
        "epochs": sorted(key.epoch for key in bundle.keys),
        "schemes": [name for name, _ in bundle.schemes],
        "content_match": bool(bundle.signature_keys),
        "contact": bundle.contact,
        "resolution_url": bundle.resolution_url,
        "log_key": bundle.log_key,
        "revoked": bundle.revoked,
        "created_at": _iso(bundle.created_at),
        "not_after": _iso(bundle.not_after),
        "imported_at": _iso(receipt.imported_at),
    }


def _iso(moment: datetime) -> str:
    from provenance.trust import moment_text

    return moment_text(moment)


def _show(bundle: DetectorBundle, receipt: Receipt) -> None:
    epochs = ", ".join(str(key.epoch) for key in sorted(bundle.keys, key=lambda key: key.epoch))
    lines = {
        "signed by": f"{receipt.signer}, vouched for by {receipt.vouched_by}",
        "certificate": receipt.certificate,
        "epochs": epochs,
        "schemes": ", ".join(name for name, _ in bundle.schemes),
        "grid signatures": "are opened" if bundle.signature_keys else "stay closed",
        "legal requests": bundle.contact or "no contact given",
        "resolution": bundle.resolution_url or "no address given",
        "valid": f"{bundle.created_at:%Y-%m-%d} to {bundle.not_after:%Y-%m-%d}",
        "bundle sha256": receipt.sha256,
    }
    out(shown(bundle.system))
    for name, value in lines.items():
        out(f"  {name + ':':<17}{shown(value)}")
