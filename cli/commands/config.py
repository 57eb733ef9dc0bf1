"""`provenance config`."""

from __future__ import annotations

import typer

from ..console import out, out_json, shown
from ..options import JsonOption, WorkspaceOption, open_workspace

app = typer.Typer(help="Settings of a workspace.", no_args_is_help=True)


@app.callback()
def options() -> None:
    """Settings of a workspace."""


@app.command("show")
def show(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Show every setting, its value and where it comes from."""
    from ..rows import plain

    opened = open_workspace(workspace)
    rows = [
        {"key": key, "value": plain(value), "origin": origin}
        for key, value, origin in opened.loaded.listing()
    ]
    if json:
        out_json(rows)
        return
    for row in rows:
        value = row["value"]
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
        out(f"{row['key']:<24} {shown('-' if text in (None, '') else text):<36} {row['origin']}")
