"""`provenance stamp`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ArgumentError

from ..console import shown
from ..options import (
    FilesArgument,
    FormatsOption,
    JsonLinesOption,
    JsonOption,
    WorkspaceOption,
    accepted,
    check_one_output,
    open_workspace,
)

if TYPE_CHECKING:
    from provenance.keys import TimeStamping
    from provenance.labels import Label


def stamp(
    files: FilesArgument,
    out_dir: Annotated[
        str,
        typer.Option("--out", "-o", help="Directory for the stamped files, or - for stdout."),
    ],
    workspace: WorkspaceOption = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", "-f", help="png, jpeg, webp, webp-lossless, tiff or avif."),
    ] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="Quality of lossy formats.")
    ] = None,
    background: Annotated[
        str, typer.Option(help="Colour behind transparency for JPEG, as RRGGBB.")
    ] = "",
    model: Annotated[str | None, typer.Option(help="Name of the generating model.")] = None,
    model_version: Annotated[str | None, typer.Option(help="Version of the model.")] = None,
    parent: Annotated[
        list[str] | None,
        typer.Option(
            help="A picture that the model was given; repeat it for more. The first is the "
            "parent, all others are components."
        ),
    ] = None,
    operation: Annotated[
        list[str] | None,
        typer.Option(
            help="What the model did to it; repeat it for more: inpaint, outpaint, redraw, "
            "remove, background, face, text, style, colour, enhance, upscale or compose."
        ),
    ] = None,
    scheme: Annotated[
        str | None, typer.Option(help="Watermark scheme; see `provenance schemes`.")
    ] = None,
    formats: FormatsOption = None,
    time_stamp: Annotated[
        str | None,
        typer.Option(help="Ask the configured authority for time stamps: off, record or require."),
    ] = None,
    account: Annotated[
        str,
        typer.Option(
            "--account",
            envvar="PROVENANCE_ACCOUNT",
            help="Who asked for the pictures. Only a keyed pseudonym and the sealed name are kept; "
            "the environment is not seen by others, as the arguments of a process are.",
            show_default=False,
        ),
    ] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that exist in the output directory.")
    ] = False,
    request: Annotated[
        str,
        typer.Option(
            metavar="ID",
            help="Your own id of this picture: asked again with the same id and input, the same "
            "record and the same bytes are given.",
        ),
    ] = "",
    label: Annotated[
        str | None,
        typer.Option(
            help="Draw a visible label into every picture: eu, cn, in or none; see docs/labels.md.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            help="Stamp in so many processes, each of which may die of a file; makes it a run "
            "that can be gone on with [default with --resume: the cores there are].",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the run in --out, or begin one: what is stamped already is skipped, "
            "where the registry says that the output is that very file.",
        ),
    ] = False,
    json: JsonOption = False,
    jsonl: JsonLinesOption = False,
) -> None:
    """Mark, sign, verify and record pictures; each is written only when all that succeeded."""
    check_one_output(json=json, jsonl=jsonl)
    from provenance import Encoding, Generation, Operation
    from provenance.batch import Orders

    opened = open_workspace(workspace)
    chosen = opened.settings.stamp
    orders = Orders(
        workspace=opened,
        generation=Generation(
            model=model or chosen.model,
            model_version=model_version or chosen.model_version,
            operations=tuple(Operation.parse(name) for name in operation or ()),
        ),
        encoding=Encoding.parse(
            format_ or chosen.format,
            quality=quality or chosen.quality,
            background=_colour(background),
        ),
        scheme=scheme or chosen.scheme,
        formats=accepted(chosen.formats, formats),
        time_stamping=_stamping(chosen.time_stamping(), time_stamp),
        label=_label(label, chosen.label),
        account=account,
        overwrite=overwrite,
    )
    if workers is None and not resume:
        from ..stamp_files import stamp_files

        stamp_files(
            orders, files, out_dir, parents=parent or [], request=request, json=json, jsonl=jsonl
        )
    from ..stamp_run import stamp_run

    if request or parent or json or out_dir == "-":
        raise ArgumentError(
            "--request, --parent, --json and --out - are not for a run of many files",
            hint="leave out --workers and --resume, or print rows with --jsonl",
        )
    stamp_run(orders, files, Path(out_dir), workers=workers, resume=resume, jsonl=jsonl)


def _label(name: str | None, configured: Label | None) -> Label | None:
    from provenance.labels import Label

    if name is None:
        return configured
    return None if name == "none" else Label.parse(name)


def _stamping(configured: TimeStamping, mode: str | None) -> TimeStamping:
    from dataclasses import replace

    from provenance.keys import TimeStampMode

    if mode is None:
        return configured
    try:
        return replace(configured, mode=TimeStampMode(mode))
    except ValueError:
        raise ArgumentError(
            f"{shown(mode)} is not a mode of time stamping", hint="off, record or require"
        ) from None


def _colour(text: str) -> tuple[int, int, int] | None:
    if not text:
        return None
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        raise ArgumentError(
            f"{shown(text)} is not a colour", hint="six hexadecimal digits, e.g. ffffff"
        ) from None
    return red, green, blue
