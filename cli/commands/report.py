"""`provenance report`: saved reports."""

from __future__ import annotations

import typer

from .report_verify import report_verify

app = typer.Typer(help="Work with saved reports.", no_args_is_help=True)
app.command("verify", short_help="Check a signed report.")(report_verify)
