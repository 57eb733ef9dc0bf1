"""`provenance stamp`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ArgumentError, ErrorCode, ProvenanceError

from ..console import complain, out, out_bytes, out_json, shown, shown_path, talk
from ..exit_codes import ExitCode, combined
from ..inputs import Source, expand
from ..issuance import publish
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
from ..progress import progress
from ..safely import safely

if TYPE_CHECKING:
    from provenance import Encoding, Generation, Limits, Stamped, Stamper
    from provenance.keys import TimeStamping


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
    json: JsonOption = False,
    jsonl: JsonLinesOption = False,
) -> None:
    """Mark, sign, verify and record pictures; each is written only when all that succeeded."""
    check_one_output(json=json, jsonl=jsonl)
    from provenance import Encoding, Generation, Operation

    from ..rows import SCHEMA_VERSION, stamp_error_row, stamp_row

    opened = open_workspace(workspace)
    chosen = opened.settings.stamp
    stamper = opened.stamper()
    _warn_of_expiry(stamper)
    job = _Job(
        stamper=replace(
            stamper,
            scheme=scheme or stamper.scheme,
            formats=accepted(stamper.formats, formats),
            time_stamping=_stamping(stamper.time_stamping, time_stamp),
        ),
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
        overwrite=overwrite,
        account=account,
        request=request,
    )
    sources = expand(files)
    if request and len(sources) != 1:
        raise ArgumentError(
            f"--request belongs to one picture, and there are {len(sources)}",
            hint="give every picture a run and an id of its own",
        )
    job.parents = _parents(parent or [], sources, job.stamper.limits)
    rows, codes = [], []
    try:
        if out_dir == "-":
            _to_stdout(job, sources, json=json or jsonl)
            return
        for source in progress(sources, "stamping"):
            result = safely(job.run, source, job.place(source, Path(out_dir)))
            if isinstance(result, ProvenanceError):
                code, row = ExitCode.ERROR, stamp_error_row(source, result)
            else:
                code, row = ExitCode.TRACED, stamp_row(source, result)
            codes.append(code)
            if jsonl:
                out_json(row, indent=None)
            elif not json:
                _print(source, result)
            rows.append(row)
        if json:
            out_json({"schema_version": SCHEMA_VERSION, "results": rows})
    finally:
        if job.issued:  # whoever reads the output may be gone
            publish(opened)
    _summarise(codes)
    raise typer.Exit(combined(codes))


@dataclass
class _Job:
    """What is the same for every file of one run."""

    stamper: Stamper
    generation: Generation
    encoding: Encoding
    overwrite: bool
    account: str = field(repr=False)
    request: str = ""
    parents: tuple[bytes, ...] = ()
    taken: set[Path] = field(default_factory=set)
    issued: int = 0

    def place(self, source: Source, directory: Path) -> Path:
        """Where the result goes; two inputs of one run never share an output."""
        place = directory / source.relative.with_suffix(self.encoding.extension)
        if place in self.taken:  # a.png and a.jpg: the second becomes a.jpg.png
            name = source.relative.name + self.encoding.extension
            place = directory / source.relative.with_name(name)
        self.taken.add(place)
        return place

    def run(self, source: Source, to: Path | None) -> Stamped:
        """Stamp one file."""
        data = source.read(self.stamper.limits.max_bytes)
        if to is not None:
            _make_directory(to.parent)
        stamped = self.stamper.stamp(
            data,
            self.generation,
            parents=self.parents,
            encoding=self.encoding,
            to=to,
            overwrite=self.overwrite,
            name=source.relative.name,
            account=self.account,
            request=self.request,
        )
        self.issued += 1
        return stamped


def _parents(names: list[str], sources: list[Source], limits: Limits) -> tuple[bytes, ...]:
    """The files that `--parent` names. Parents belong to one picture, not to every one of a run."""
    if names and len(sources) != 1:
        raise ArgumentError(
            f"--parent belongs to one picture, and there are {len(sources)}",
            hint="stamp each edited picture in a run of its own, with its own parents",
        )
    from provenance.imaging import read_file

    found = []
    for number, name in enumerate(names, start=1):
        try:
            found.append(read_file(Path(name), limits))
        except ProvenanceError as error:
            about = f"parent {number}, {shown_path(name)}: {error.message}"
            raise type(error)(about, hint=error.hint, code=error.code) from error
    return tuple(found)


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProvenanceError(
            f"cannot create {shown_path(path)}: {error.strerror}", code=ErrorCode.IO
        ) from error


def _to_stdout(job: _Job, sources: list[Source], *, json: bool) -> None:
    if len(sources) != 1 or json:
        raise typer.BadParameter("--out - takes exactly one file and no --json or --jsonl")
    stamped = job.run(sources[0], None)
    out_bytes(stamped.data)
    talk(f"mark {stamped.mark_id}  manifest {stamped.manifest_id}")
    _warn(sources[0], stamped)


def _print(source: Source, result: Stamped | ProvenanceError) -> None:
    if isinstance(result, ProvenanceError):
        complain(result, about=source.label)
        return
    place = shown_path(result.path) if result.path else "-"
    out(
        f"{shown_path(source.label)} -> {place}  mark {result.mark_id}  "
        f"{result.quality.psnr_db:.1f} dB"
    )
    _warn(source, result)


def _warn(source: Source, result: Stamped) -> None:
    """A missing time stamp is never passed over in silence."""
    if result.time_stamp.outcome.value == "failed":
        reason = shown(result.time_stamp.detail)
        talk(f"warning: {shown_path(source.label)}: no trusted time stamp: {reason}")


def _warn_of_expiry(stamper: Stamper) -> None:
    chain = stamper.signer.chain
    if chain.expires_soon():
        talk(
            f"warning: the signing certificate expires on {chain.expires_at:%Y-%m-%d}; nothing "
            "can be stamped after that"
        )


def _summarise(codes: list[ExitCode]) -> None:
    failed = sum(code is ExitCode.ERROR for code in codes)
    if len(codes) > 1:
        talk(f"{len(codes) - failed} stamped, {failed} refused")


def _stamping(configured: TimeStamping, mode: str | None) -> TimeStamping:
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
