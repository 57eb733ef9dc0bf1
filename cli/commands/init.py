"""`provenance init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..console import out, shown_path, talk


def init(
    directory: Annotated[Path, typer.Argument(help="Directory to create.", show_default=False)],
    system_name: Annotated[
        str, typer.Option(help="Name of the generating system [default: the directory's name].")
    ] = "",
    organization: Annotated[
        str, typer.Option(help="Organisation in the certificates [default: the system's name].")
    ] = "",
    system_id: Annotated[
        int | None,
        typer.Option(help="Number of the system in its marks, below 2^20 [default: random]."),
    ] = None,
    renew_certificate: Annotated[
        bool,
        typer.Option(
            "--renew-certificate",
            help="Keep the workspace; only replace its development signing certificate.",
        ),
    ] = False,
) -> None:
    """Create a workspace: keys, a development certificate and an empty registry."""
    from provenance.workspace import Workspace

    if renew_certificate:
        workspace = Workspace.open(directory)
        workspace.renew_certificate()
        chain = workspace.signer().chain
        out(f"signing certificate renewed, valid until {chain.expires_at:%Y-%m-%d}")
        return
    workspace = Workspace.create(
        directory, system_name=system_name, organization=organization, system_id=system_id
    )
    chain = workspace.signer().chain
    out(f"workspace {shown_path(workspace.path)}")
    out(f"system    {workspace.system}")
    out(f"signer    {chain.subject}, valid until {chain.expires_at:%Y-%m-%d}")
    talk(
        "This is a development certificate: only this workspace trusts it. Keep keys/ private "
        "and backed up: without keys/system.secret no mark can be read."
    )
    talk(f"Next: provenance stamp -w {shown_path(directory)} PICTURE --out stamped")
