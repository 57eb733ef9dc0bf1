"""Entry point of the `provenance` command."""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated, NoReturn

import typer

from provenance import __version__, keep_freed_memory
from provenance.errors import ProvenanceError

from .commands import (
    audit,
    config,
    doctor,
    gateway,
    guard,
    init,
    inspect,
    keys,
    log,
    registry,
    release,
    report,
    schemes,
    selftest,
    stamp,
    systems,
    verify,
)
from .console import ReaderGoneError, complain, flush_output, shown, talk
from .exit_codes import ExitCode
from .hardening import keep_memory_private

app = typer.Typer(
    name="provenance",
    help="Stamp AI-generated images and trace leaked copies back to the system that made them.",
    no_args_is_help=True,
    rich_markup_mode=None,  # drawing boxes would take a third of the start-up time
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init", short_help="Create a workspace.")(init.init)
app.command("stamp", short_help="Mark, sign and record pictures.")(stamp.stamp)
app.command("verify", short_help="Give a verdict on pictures.")(verify.verify)
app.command("inspect", short_help="Show everything found in one file.")(inspect.inspect)
app.command("schemes", short_help="List the watermark schemes.")(schemes.schemes)
app.command("doctor", short_help="Check installation and workspace.")(doctor.doctor)
app.command("selftest", short_help="Stamp, leak and trace a test picture.")(selftest.selftest)
app.command("gateway", short_help="Stamp what a server answers.")(gateway.gateway)
app.command("guard", short_help="Watch release directories.")(guard.guard)
app.add_typer(audit.app, name="audit")
app.add_typer(report.app, name="report")
app.add_typer(release.app, name="release")
app.add_typer(config.app, name="config")
app.add_typer(keys.app, name="keys")
app.add_typer(registry.app, name="registry")
app.add_typer(log.app, name="log")
app.add_typer(systems.app, name="systems")


def _version(*, value: bool) -> None:
    if value:
        typer.echo(f"provenance {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _version(value=value),
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the full traceback of an unexpected error.")
    ] = False,
) -> None:
    """Options before the command."""


def main() -> NoReturn:
    """Run the command; every error becomes one line and a documented exit code."""
    keep_memory_private()
    # Matrices here are small: a pool of BLAS threads only burns time, most of it waiting.
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    keep_freed_memory()
    # Importing allocates a lot and frees nothing: collecting meanwhile is wasted.
    gc.set_threshold(50_000)
    try:
        try:
            app()
        finally:
            flush_output()
    except ProvenanceError as error:
        complain(error)
        sys.exit(ExitCode.ERROR)
    except ReaderGoneError:
        sys.exit(ExitCode.ERROR)  # there is nobody left to tell
    except KeyboardInterrupt:
        talk("stopped")
        sys.exit(130)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        problem = f"{type(error).__name__}: {shown(error)}"
        talk(f"internal error: {problem} (run with --debug and report it)")
        sys.exit(ExitCode.INTERNAL)
    sys.exit(ExitCode.TRACED)
