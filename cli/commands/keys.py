"""`provenance keys`: epochs of mark keys, signing certificates, revocation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from provenance.errors import ArgumentError, ErrorCode, ProvenanceError

from ..console import out, out_json, shown, shown_path, talk
from ..options import JsonOption, WorkspaceOption, open_workspace

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from provenance.workspace import Workspace

app = typer.Typer(help="Keys and certificates of a workspace.", no_args_is_help=True)
_MAX_PUBLIC_KEY = 65_536


@app.callback()
def options() -> None:
    """Keys and certificates of a workspace."""


@app.command("export")
def export(
    out: Annotated[
        Path, typer.Option("--out", help="The new file; it is readable by its owner alone.")
    ],
    workspace: WorkspaceOption = None,
) -> None:
    """Write the carrier keys alone, without signature; `provenance systems export` signs them."""
    from provenance.watermark import Keyring, save_bundle

    opened = open_workspace(workspace)
    keyring = Keyring(keys=opened.detection_keys())
    save_bundle(out, keyring)
    talk(
        f"{shown_path(out)}: {len(keyring.keys)} carrier keys of {opened.system}; whoever holds "
        "them can read, write and remove its marks"
    )


@app.command("list")
def list_(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Show the epochs of mark keys, and every signing certificate with its state."""
    opened = open_workspace(workspace)
    epochs = [
        {"epoch": key.epoch, "fingerprint": key.fingerprint, "current": index == 0}
        for index, key in enumerate(opened.detection_keys())
    ]
    certificates = _certificates(opened)
    if json:
        out_json({"epochs": epochs, "certificates": certificates})
        return
    for row in epochs:
        out(
            f"epoch {row['epoch']:<5} {row['fingerprint']}  {'new marks' if row['current'] else ''}"
        )
    for item in certificates:
        about = f"{item['use']:<9} {item['sha256']}  {shown(item['subject'])}"
        out(f"{about}  until {item['until'][:10] or '-'}  {shown(item['state'])}")


@app.command("rotate")
def rotate(workspace: WorkspaceOption = None) -> None:
    """Begin a new epoch of mark keys; marks of every earlier epoch stay readable for ever."""
    opened = open_workspace(workspace)
    opened.detection_keys()  # without the secret a new epoch would be of no use
    epoch = opened.rotate()
    out(f"epoch {epoch}")
    talk(
        "Marks are written with the new keys once a stamper has been started again; detector "
        "bundles have to be exported again for the new marks to be read elsewhere."
    )


@app.command("revoke")
def revoke(
    reason: Annotated[
        str,
        typer.Option(
            help="key-compromise, privilege-withdrawn, superseded or cessation-of-operation."
        ),
    ],
    workspace: WorkspaceOption = None,
    certificate: Annotated[
        Path | None,
        typer.Option(help="PEM file with the certificate first.", show_default=False),
    ] = None,
    current: Annotated[
        bool, typer.Option("--current", help="Revoke the one that the workspace signs with.")
    ] = False,
    from_size: Annotated[
        int | None,
        typer.Option(
            "--from-size",
            min=0,
            help="Size of the log from which on nothing is believed that the certificate signed: "
            "that of the last checkpoint before the theft, or 0 [default: the newest checkpoint].",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Revoke a signing certificate, e.g. of a stolen key, from a size of the issuance log on."""
    from provenance.trust import Revocation, RevocationReason

    opened = open_workspace(workspace)
    found = _certificate(opened, certificate, current=current)
    why = RevocationReason.parse(reason)
    log = opened.log(read_only=True)
    size = log.newest().size if from_size is None else from_size
    revocation = Revocation.of(found, log=log.key.name, from_size=size, reason=why)
    opened.revoke(revocation)
    out(f"revoked {revocation.certificate_sha256} from size {size} of {shown(log.key.name)} on")
    talk(
        "Stop every running stamper that signs with it, and give the revocation to whoever "
        "verifies. What it signed is now believed only with a record that was logged before."
    )


@app.command("revocations")
def revocations(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Show the signing certificates that are revoked."""
    from ..rows import plain

    items = open_workspace(workspace).revocations().items
    if json:
        out_json([plain(item) for item in items])
        return
    for item in items:
        out(
            f"{item.certificate_sha256}  {shown(item.subject)}  from size {item.from_size} of "
            f"{shown(item.log)} on  {item.revoked_at:%Y-%m-%dT%H:%M:%SZ}  {item.reason.value}"
        )


@app.command("certify")
def certify(
    public_key: Annotated[
        Path, typer.Argument(help="Public key of the token or service, PEM or DER.")
    ],
    out_file: Annotated[Path, typer.Option("--out", help="The new chain file.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Make a development certificate for a signing key that is in a token or behind a service."""
    chain = open_workspace(workspace).certify(_read(public_key))
    try:
        with out_file.open("xb") as file:
            file.write(chain)
    except OSError as error:
        raise ProvenanceError(
            f"cannot write {shown_path(out_file)}: {error.strerror}", code=ErrorCode.IO
        ) from error
    talk(
        f"{shown_path(out_file)}: only this workspace trusts it. Name it as signer.chain in "
        "config.toml; in production use a certificate of a listed CA."
    )


# --- certificates ----------------------------------------------------------------------


def _certificate(opened: Workspace, path: Path | None, *, current: bool) -> Certificate:
    from provenance.keys import CertificateChain

    if (path is None) is not current:
        raise ArgumentError(
            "one certificate is revoked at a time", hint="give --certificate FILE or --current"
        )
    chain = CertificateChain.load(path) if path else opened.signing_chain()
    return chain.leaf


def _certificates(opened: Workspace) -> list[dict[str, Any]]:
    """The current ones, and those that are revoked."""
    from provenance.keys import CertificateChain

    revoked = opened.revocations()
    rows = []
    for use, path in opened.chain_paths().items():
        if not path.exists():
            continue
        chain = CertificateChain.load(path)
        revocation = revoked.get(chain.sha256)
        if revocation is not None:
            state = f"revoked from size {revocation.from_size} of {revocation.log} on"
        elif datetime.now(UTC) >= chain.expires_at:
            state = "expired"
        else:
            state = "expires soon" if chain.expires_soon() else "valid"
        rows.append(
            {
                "use": use,
                "sha256": chain.sha256,
                "subject": chain.subject,
                "until": chain.expires_at.isoformat(),
                "state": state,
            }
        )
    listed = {row["sha256"] for row in rows}
    former = (item for item in revoked.items if item.certificate_sha256 not in listed)
    return rows + [
        {
            "use": "former",
            "sha256": item.certificate_sha256,
            "subject": item.subject,
            "until": "",
            "state": f"revoked from size {item.from_size} of {item.log} on",
        }
        for item in former
    ]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_PUBLIC_KEY)
    except OSError as error:
        raise ProvenanceError(
            f"cannot read {shown_path(path)}: {error.strerror}", code=ErrorCode.IO
        ) from error
