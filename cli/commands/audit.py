"""`provenance audit`: the run itself. What comes of a run is in `audit_results`."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from provenance.errors import ArgumentError, ConfigError

from ..console import out, out_json, shown, shown_path, talk
from ..exit_codes import ExitCode
from ..options import (
    AtOption,
    FormatsOption,
    JsonOption,
    KeyringOption,
    TrustListOption,
    TsaListOption,
    WorkspaceOption,
)
from ..stopping import stopping_on_signals
from . import audit_results
from .audit_check import check
from .audit_engine import AddressOption, Engine, EngineOption, make_run, require_engine
from .verify import make_verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from provenance.audit.chunk import Chunk
    from provenance.audit.ledger import Ledger
    from provenance.audit.ray_run import RayRun
    from provenance.audit.run import LocalRun, Progress
    from provenance.watermark import Depth

_RUN = "run"


class _Group(TyperGroup):
    """Runs an audit where the first word is none of its commands: `provenance audit DIR --out RUN`.

    A directory that is called like a command is named `./query`.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Group,
    help="Examine a dump of images, a row for each, and look at what came of it.",
    no_args_is_help=True,
)
audit_results.add_to(app)
app.command("check", short_help="Check that a run is what was written.")(check)


@app.callback()
def options() -> None:
    """Examine a dump of images, a row for each, and look at what came of it."""


@app.command(_RUN, short_help="Examine a dump of images; `run` may be left out.")
def audit(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Directories, files, patterns, archives, tables (FILE::COLUMN), lists of names "
            "(- or @FILE), object stores and urls:FILE; see docs/audit-sources.md.",
            show_default=False,
        ),
    ],
    directory: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Directory of the run; goes on with one that is there."),
    ] = None,
    workspace: WorkspaceOption = None,
    depth: Annotated[
        str, typer.Option("--depth", help="How much is tried: fast, standard or deep.")
    ] = "standard",
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Processes [default: the cores there are]."),
    ] = None,
    engine: EngineOption = Engine.LOCAL,
    address: AddressOption = None,
    chunk: Annotated[int, typer.Option("--chunk", min=1, help="Images kept at a time.")] = 256,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, help="What one image may take.")
    ] = 20.0,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="Only the first images, so many.", show_default=False),
    ] = None,
    sample: Annotated[
        float,
        typer.Option(
            "--sample",
            help="Only this share of the images, 0 to 1: those whose key and seed hash low.",
        ),
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Of the sample.")] = 0,
    shard: Annotated[
        str,
        typer.Option(
            "--shard",
            metavar="I/N",
            help="Only the I-th of every N chunks; see `provenance audit join`.",
        ),
    ] = "1/1",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count chunks and images, and do nothing.")
    ] = False,
    allow_network: Annotated[
        bool,
        typer.Option(
            "--allow-network", help="Read object stores, and fetch what lists of URLs name."
        ),
    ] = False,
    trust_list: TrustListOption = None,
    tsa_list: TsaListOption = None,
    at: AtOption = None,
    keyring: KeyringOption = None,
    formats: FormatsOption = None,
    json: JsonOption = False,
) -> None:
    """Examine every image of a dump, each in a process that may die of it; one row for each.

    `run` may be left out: `provenance audit DIR --out RUN`. The first SIGINT or SIGTERM lets what
    was begun be finished, the second does not; the same command goes on later.
    """
    from provenance.audit.isolate import Confinement
    from provenance.audit.selection import Selection
    from provenance.audit.sources import Options, scan

    places = Options(allow_network=allow_network, stdin=sys.stdin.buffer)
    selection = Selection.of(sample=sample, seed=seed, limit=limit, shard=shard)
    found = selection.of_chunks(scan(sources, chunk, places))
    if dry_run:
        _plan(found, json=json)
        return
    if directory is None:
        raise typer.BadParameter("--out is missing: the directory of the run")
    _require_pyarrow()
    require_engine(engine, address)
    from provenance.audit.ledger import Ledger
    from provenance.audit.settings import settings_of
    from provenance.audit.worker import Orders

    verifier = replace(
        make_verifier(
            workspace,
            trust_lists=trust_list,
            tsa_lists=tsa_list,
            at=at,
            policy=None,
            keyrings=keyring,
            formats=formats,
        ),
        depth=_depth(depth),
    )
    confinement = Confinement(seconds=seconds)
    settings = settings_of(verifier, confinement, sources) | {
        "selection": selection.settings,
        "allow_network": allow_network,
    }
    ledger = Ledger.open(directory, settings, found)
    make = partial(
        make_run,
        engine,
        address,
        ledger=ledger,
        orders=Orders(verifier=verifier, memory=confinement.memory),
        confinement=confinement,
        workers=workers,
    )
    _work(ledger, make, workers)
    summary = audit_results.finish(directory)
    audit_results.say(summary, directory, json=json)
    if not summary.complete:
        talk(f"go on with: {shown(shlex.join(['provenance', *sys.argv[1:]]), 2000)}")
        raise typer.Exit(ExitCode.STOPPED)
    raise typer.Exit(ExitCode.ROW_ERRORS if summary.errors else ExitCode.TRACED)


def _depth(name: str) -> Depth:
    from provenance.watermark import Depth

    try:
        return Depth(name)
    except ValueError as error:
        names = ", ".join(depth.value for depth in Depth)
        raise ArgumentError(f"there is no depth {name!r}", hint=f"one of {names}") from error


def _require_pyarrow() -> None:
    if find_spec("pyarrow") is None:
        raise ConfigError("provenance audit needs pyarrow", hint="pip install 'provenance[audit]'")


def _plan(found: Iterable[Chunk], *, json: bool) -> None:
    """What a run would do."""
    chunks: Counter[str] = Counter()
    images: Counter[str] = Counter()
    problems = []
    for chunk in found:
        chunks[chunk.kind] += 1
        images[chunk.kind] += chunk.count
        if chunk.problem:
            problems.append((chunk.address, chunk.problem))
    if json:
        out_json(
            {
                "chunks": chunks.total(),
                "images": images.total(),
                "kinds": {k: {"chunks": n, "images": images[k]} for k, n in chunks.items()},
                "problems": [{"address": shown_path(a), "problem": p} for a, p in problems],
            }
        )
        return
    out(f"{images.total():,} images in {chunks.total():,} chunks")
    for kind, number in sorted(chunks.items()):
        out(f"  {kind:<10} {images[kind]:,} images in {number:,} chunks")
    for address, problem in problems:
        out(f"  {shown_path(address)}: {shown(problem)}")


def _work(ledger: Ledger, make: Callable[..., LocalRun | RayRun], workers: int | None) -> None:
    """Do what is to be done, until it is or a signal comes."""
    from provenance.audit.journal import Journal

    from ..meter import Meter

    left = sum(chunk.count for _, chunk in ledger.todo())
    if not left:
        return
    journal = Journal.open(ledger.directory)

    def report(progress: Progress) -> None:
        journal.note("chunk", rows=progress.rows, errors=progress.errors)
        meter.tell(progress.rows, progress.errors)

    journal.note("begin", workers=workers)
    done = ledger.images - left
    with Meter(ledger.images, done, what="images", bad="errors") as meter:
        run = make(report=report)
        with stopping_on_signals(run, "chunks"):
            run.run()
    journal.note("end", stopped=run.stopped)
    journal.close()
