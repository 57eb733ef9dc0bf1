"""`provenance report`: what can be done with a saved report."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ArgumentError

from ..console import out, out_bytes, shown, talk
from ..inputs import STDIN, Source
from ..options import OverwriteReportOption
from .report_verify import report_verify

if TYPE_CHECKING:
    from provenance.report.document import Document
    from provenance.report.render import ReportFormat

app = typer.Typer(help="Show or check a saved report.", no_args_is_help=True)
app.command("verify", short_help="Check a signed report.")(report_verify)


@app.callback()
def options() -> None:
    """Work with saved reports."""


@app.command("formats")
def formats() -> None:
    """List the forms of a report, with the file names that ask for them."""
    from provenance.report.render import ReportFormat

    for form in ReportFormat:
        out(f"{form.value:<8} {form.extension:<14} {form.meaning}")


@app.command("render")
def render(
    saved: Annotated[str, typer.Argument(help="Report saved as JSON, or - for standard input.")],
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="Form, as `provenance report formats` lists them; default: what the name of "
            "--out asks for, else txt.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write; default: -, standard output."),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option(
            "--lang",
            help="Language of sentences: en or fr; default: the report's own.",
            show_default=False,
        ),
    ] = None,
    overwrite: OverwriteReportOption = False,
) -> None:
    """Show a saved report in another form or language; no picture and no key are needed."""
    from provenance.report.render import check_available, lost
    from provenance.report.render import render as rendered

    from ..languages import chosen_translator
    from ..report_files import check_free, write_new

    target = None if output in (None, Path(STDIN)) else output
    form = _form(to, target)
    check_available(form)
    if target is not None:
        if os.path.realpath(target) == os.path.realpath(saved):
            raise ArgumentError("--out is the saved report itself", hint="choose another name")
        check_free(target, overwrite=overwrite)
    document = read_report(saved)
    data = rendered(document, form, chosen_translator(lang).language if lang else None)
    if target is not None:
        write_new(target, data, overwrite=overwrite)
    else:
        _print(data)
    if remark := lost(document, form):
        talk(f"note: {remark}")


def read_report(saved: str) -> Document:
    """A saved report by its name; `-` is standard input.

    Raises:
        InputError: it cannot be read, is too large, or is no report.
    """
    from provenance.report.document import MAX_BYTES, Document

    path = None if saved == STDIN else Path(saved)
    return Document.from_json(Source(path, Path(saved)).read(MAX_BYTES))


def _form(name: str | None, target: Path | None) -> ReportFormat:
    from provenance.report.render import ReportFormat, format_of

    if name is None:
        return ReportFormat.TEXT if target is None else format_of(target)
    try:
        return ReportFormat(name)
    except ValueError:
        known = ", ".join(form.value for form in ReportFormat)
        message = f"no such report format: {shown(name)}"
        raise ArgumentError(message, hint=f"one of: {known}") from None


def _print(data: bytes) -> None:
    """Bytes as they are; what is no text is kept away from a terminal."""
    if sys.stdout.isatty() and not _is_text(data):
        raise ArgumentError("this form is not text", hint="write it into a file: --out FILE")
    out_bytes(data)


def _is_text(data: bytes) -> bool:
    try:
        return b"\0" not in data and bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False
