"""`provenance keys`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..console import shown_path, talk
from ..options import WorkspaceOption, open_workspace

app = typer.Typer(help="Keys of a workspace.", no_args_is_help=True)


@app.callback()
def options() -> None:
    """Keys of a workspace."""


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
