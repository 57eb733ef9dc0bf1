"""`provenance doctor`."""

from __future__ import annotations

import typer

from ..console import out, out_json, shown
from ..exit_codes import ExitCode
from ..options import JsonOption, WorkspaceOption


def doctor(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Check this installation and, with --workspace, its keys, certificate and registry."""
    from provenance.workspace.doctor import examine

    from ..rows import plain

    checks = examine(workspace)
    if json:
        out_json([plain(check) for check in checks])
    else:
        for check in checks:
            out(f"{check.level.value:<5} {check.name}: {shown(check.detail)}")
            if check.remedy:
                out(f"      -> {shown(check.remedy)}")
    failed = any(check.level.value == "fail" for check in checks)
    raise typer.Exit(ExitCode.ERROR if failed else ExitCode.TRACED)
