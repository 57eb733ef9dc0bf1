"""`provenance release`: what a crash leaves behind, and whether every rule of release holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ..console import out, out_json, path_fields, shown, shown_path
from ..exit_codes import ExitCode
from ..options import JsonOption, WorkspaceOption, open_workspace
from ..times import duration
from .release_pending import expire, pending

app = typer.Typer(help="Check and clean up releases.", no_args_is_help=True)

DirectoriesArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="Directories that stamped files are written to.", show_default=False),
]
OlderThanOption = Annotated[
    str,
    typer.Option(
        "--older-than",
        metavar="TIME",
        help="Longer than any stamping takes: a number with s, m, h or d.",
    ),
]


@app.callback()
def options() -> None:
    """Check and clean up releases."""


@app.command("fsck")
def fsck(
    directories: DirectoriesArgument = None,
    workspace: WorkspaceOption = None,
    older_than: OlderThanOption = "1h",
    json: JsonOption = False,
) -> None:
    """Check every rule of registry and release directories; reads only."""
    from provenance.stamp import Fsck

    opened = open_workspace(workspace)
    found = Fsck(
        store=opened.store(read_only=True),
        system=opened.system,
        trust=opened.trust(),
        before=_before(older_than),
    ).run(directories or ())
    if json:
        out_json(
            [
                {
                    "rule": rule.name,
                    "meaning": rule.value,
                    "violations": [
                        {**_path(item.path), "detail": shown(item.detail)} for item in broken
                    ],
                }
                for rule, broken in found.items()
            ]
        )
    else:
        for rule, broken in found.items():
            out(f"{'FAIL' if broken else 'ok':<5} {rule.value}")
            for item in broken:
                about = f"{shown_path(item.path)}: " if item.path else ""
                out(f"      {about}{shown(item.detail)}")
    raise typer.Exit(ExitCode.CONFLICT if any(found.values()) else ExitCode.TRACED)


@app.command("sweep")
def sweep(
    directories: DirectoriesArgument = None,
    workspace: WorkspaceOption = None,
    older_than: OlderThanOption = "1h",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Void what crashed before the commit, finish what crashed after it, remove the rest."""
    from provenance.stamp import Action, Sweep

    store = open_workspace(workspace).store(read_only=dry_run)
    rows, failed = [], False
    for deed in Sweep(store=store, before=_before(older_than), dry_run=dry_run).run(
        directories or ()
    ):
        failed |= deed.action is Action.FAILED
        rows.append(
            {
                "action": deed.action.value,
                "record_id": deed.record_id,
                **_path(deed.path),
                "detail": shown(deed.detail),
                "done": not dry_run,
            }
        )
        if not json:
            about = "  ".join(filter(None, (deed.record_id, deed.path and shown_path(deed.path))))
            out(f"{deed.action.value:<9} {shown(about)}  {shown(deed.detail)}", flush=True)
    if json:
        out_json(rows)
    raise typer.Exit(ExitCode.ERROR if failed else ExitCode.TRACED)


app.command("pending")(pending)
app.command("expire")(expire)


def _path(path: Path | None) -> dict[str, Any]:
    return path_fields(path, "path") if path else {"path": None}


def _before(age: str) -> datetime:
    return datetime.now(UTC) - duration(age)
