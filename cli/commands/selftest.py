"""`provenance selftest`."""

from __future__ import annotations

import typer

from ..console import out, shown
from ..exit_codes import ExitCode


def selftest() -> None:
    """Stamp a synthetic picture, leak it, trace it; in memory and a temporary workspace."""
    from provenance.workspace.selftest import run_selftest

    steps = run_selftest()
    for step in steps:
        out(f"{'ok  ' if step.passed else 'FAIL'} {step.name}: {shown(step.detail)}")
    passed = all(step.passed for step in steps)
    raise typer.Exit(ExitCode.TRACED if passed else ExitCode.ERROR)
