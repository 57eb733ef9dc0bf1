"""Stamping the files of one command, one after another, in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from provenance.errors import ArgumentError, ErrorCode, ProvenanceError

from .console import complain, out, out_bytes, out_json, shown_path, talk
from .exit_codes import ExitCode, combined
from .inputs import Source, expand
from .issuance import publish, warn_of_expiry, warn_of_time_stamp
from .progress import progress
from .safely import safely

if TYPE_CHECKING:
    from provenance import Limits, Stamped, Stamper
    from provenance.batch import Orders


def stamp_files(
    orders: Orders,
    files: list[str],
    out_dir: str,
    *,
    parents: list[str],
    request: str,
    json: bool,
    jsonl: bool,
) -> NoReturn:
    """Stamp them, and exit."""
    from .rows import SCHEMA_VERSION, stamp_error_row, stamp_row

    stamper = orders.stamper()
    warn_of_expiry(stamper)
    job = _Job(stamper=stamper, orders=orders, request=request)
    sources = expand(files)
    if request and len(sources) != 1:
        raise ArgumentError(
            f"--request belongs to one picture, and there are {len(sources)}",
            hint="give every picture a run and an id of its own",
        )
    job.parents = _parents(parents, sources, stamper.limits)
    rows, codes = [], []
    try:
        if out_dir == "-":
            _to_stdout(job, sources, json=json or jsonl)
            raise typer.Exit
        for source in progress(sources, "stamping"):
            result = safely(job.run, source, job.place(source, Path(out_dir)))
            if isinstance(result, ProvenanceError):
                code, row = ExitCode.ERROR, stamp_error_row(source.label, result)
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
            publish(orders.workspace)
    _summarise(codes)
    raise typer.Exit(combined(codes))


@dataclass
class _Job:
    """What is the same for every file of one run."""

    stamper: Stamper
    orders: Orders
    request: str = ""
    parents: tuple[bytes, ...] = ()
    taken: set[Path] = field(default_factory=set)
    issued: int = 0

    def place(self, source: Source, directory: Path) -> Path:
        """Where the result goes; two inputs of one run never share an output."""
        place = directory / source.relative.with_suffix(self.orders.encoding.extension)
        if place in self.taken:  # a.png and a.jpg: the second becomes a.jpg.png
            name = source.relative.name + self.orders.encoding.extension
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
            self.orders.generation,
            parents=self.parents,
            encoding=self.orders.encoding,
            to=to,
            overwrite=self.orders.overwrite,
            name=source.relative.name,
            account=self.orders.account,
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
    warn_of_time_stamp(sources[0].label, stamped.time_stamp)


def _print(source: Source, result: Stamped | ProvenanceError) -> None:
    if isinstance(result, ProvenanceError):
        complain(result, about=source.label)
        return
    place = shown_path(result.path) if result.path else "-"
    out(
        f"{shown_path(source.label)} -> {place}  mark {result.mark_id}  "
        f"{result.quality.psnr_db:.1f} dB"
    )
    warn_of_time_stamp(source.label, result.time_stamp)


def _summarise(codes: list[ExitCode]) -> None:
    failed = sum(code is ExitCode.ERROR for code in codes)
    if len(codes) > 1:
        talk(f"{len(codes) - failed} stamped, {failed} refused")
