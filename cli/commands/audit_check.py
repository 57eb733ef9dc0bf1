"""`provenance audit check`: is a run what was written?"""

from __future__ import annotations

import typer

from ..console import out, out_json, path_fields, shown, shown_path
from ..exit_codes import ExitCode
from ..options import JsonOption
from .audit_results import RunArgument


def check(run: RunArgument, json: JsonOption = False) -> None:
    """Check that every part of a run is there, whole, unchanged and about its images."""
    from provenance.audit.check import check as faults_of
    from provenance.audit.ledger import Ledger

    faults = list(faults_of(Ledger.existing(run)))
    if json:
        out_json(
            [
                {
                    **path_fields(fault.path, "path"),
                    "missing": fault.missing,
                    "detail": fault.message,
                }
                for fault in faults
            ]
        )
    else:
        for fault in faults:
            word = "todo" if fault.missing else "FAIL"
            out(f"{word}  {shown_path(fault.path)}: {shown(fault.message)}")
        if not faults:
            out("ok    every part is there, and is what was written")
    broken = any(not fault.missing for fault in faults)
    unfinished = ExitCode.STOPPED if faults else ExitCode.TRACED
    raise typer.Exit(ExitCode.CONFLICT if broken else unfinished)
