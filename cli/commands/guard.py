"""`provenance guard`: alarms for every file that was not released."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ProvenanceError, RegistryError

from ..console import complain, out, out_json, path_fields, shown, shown_path, talk
from ..exit_codes import ExitCode
from ..options import WorkspaceOption, open_workspace
from ..times import duration

if TYPE_CHECKING:
    from provenance.guard import Alarm, Guard


def guard(
    directories: Annotated[
        list[Path],
        typer.Argument(help="Directories that files are released into.", show_default=False),
    ],
    workspace: WorkspaceOption = None,
    once: Annotated[
        bool, typer.Option("--once", help="Look once and say by the exit code what was found.")
    ] = False,
    interval: Annotated[
        str, typer.Option(metavar="TIME", help="Pause between two looks, e.g. 2s.")
    ] = "2s",
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than",
            metavar="TIME",
            help="A file that is being written is an alarm once it is older than this.",
        ),
    ] = "1h",
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Print one JSON object per alarm.")
    ] = False,
) -> None:
    """Name every file without a released record, once, and again when something about it changes.

    Reads only, and shares no code with stamping: it finds what got there in any other way.
    """
    from provenance.guard import Guard

    pause = duration(interval).total_seconds()
    watch = Guard(
        open_workspace(workspace).store(read_only=True),
        directories,
        older_than=duration(older_than),
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both end it the same way
    try:
        complete = _look(watch, jsonl=jsonl)
        while not once or (watch.pending and complete):
            time.sleep(pause)
            complete = _look(watch, jsonl=jsonl)
    except KeyboardInterrupt:
        talk(f"stopped; alarms: {watch.alarms}")
        raise typer.Exit(_code(watch, complete=True)) from None
    raise typer.Exit(_code(watch, complete=complete))


def _look(watch: Guard, *, jsonl: bool) -> bool:
    """One look; False if the registry did not answer, which is said and never passed over."""
    try:
        for alarm in watch.look():
            _print(alarm, jsonl=jsonl)
    except RegistryError as error:
        complain(_with_consequence(error))
        return False
    if watch.uncounted:
        talk(f"warning: {watch.uncounted} more alarms than can be named one by one")
    return True


def _with_consequence(error: RegistryError) -> ProvenanceError:
    message = f"not everything was looked at: {error.message}"
    return ProvenanceError(message, hint=error.hint, code=error.code)


def _code(watch: Guard, *, complete: bool) -> ExitCode:
    if watch.alarms:
        return ExitCode.CONFLICT
    return ExitCode.TRACED if complete else ExitCode.ERROR


def _print(alarm: Alarm, *, jsonl: bool) -> None:
    now = datetime.now(UTC)
    if jsonl:
        row = {
            "time": now.isoformat(timespec="milliseconds"),
            "alarm": alarm.kind.name,
            **path_fields(alarm.path, "path"),
            "record_id": alarm.record_id or None,
            "sha256": alarm.sha256 or None,
            "detail": shown(alarm.detail),
        }
        out_json(row, indent=None)
        return
    about = "  ".join(filter(None, (alarm.record_id, shown(alarm.detail))))
    text = f"{now:%Y-%m-%d %H:%M:%S}Z  {alarm.kind.value}: {shown_path(alarm.path)}"
    out(f"{text}  {about}".rstrip(), flush=True)
