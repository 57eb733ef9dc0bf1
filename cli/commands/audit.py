"""`provenance audit`."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ConfigError

from ..console import out_json, shown_path, talk
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
from .audit_engine import AddressOption, Engine, EngineOption, make_run, require_engine
from .verify import make_verifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenance.audit.ray_run import RayRun
    from provenance.audit.run import LocalRun, Progress
    from provenance.audit.summary import Summary


def audit(
    sources: Annotated[
        list[str], typer.Argument(help="Directories and files.", show_default=False)
    ],
    directory: Annotated[
        Path,
        typer.Option("--out", "-o", help="Directory of the run; goes on with one that is there."),
    ],
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
    trust_list: TrustListOption = None,
    tsa_list: TsaListOption = None,
    at: AtOption = None,
    keyring: KeyringOption = None,
    formats: FormatsOption = None,
    json: JsonOption = False,
) -> None:
    """Examine every image of a dump, each in a process that may die of it; one row for each."""
    _require_pyarrow()
    require_engine(engine, address)
    from dataclasses import asdict, replace

    from provenance.audit.isolate import Confinement
    from provenance.audit.ledger import Ledger
    from provenance.audit.settings import settings_of
    from provenance.audit.sources import scan
    from provenance.audit.summary import summarise
    from provenance.audit.worker import Orders
    from provenance.watermark import Depth

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
        depth=Depth(depth),
    )
    confinement = Confinement(seconds=seconds)
    ledger = Ledger.open(
        directory, settings_of(verifier, confinement, sources), scan(sources, chunk)
    )
    run = make_run(
        engine,
        address,
        ledger=ledger,
        orders=Orders(verifier=verifier, memory=confinement.memory),
        confinement=confinement,
        workers=workers,
        report=_said(ledger.images),
    )
    _stop_on_signals(run)
    run.run()
    found = summarise(ledger)
    if json:
        out_json(asdict(found))
    _say(found, directory)
    raise typer.Exit(ExitCode.ROW_ERRORS if found.errors else ExitCode.TRACED)


def _require_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            "provenance audit needs pyarrow", hint="pip install 'provenance[audit]'"
        ) from error


def _stop_on_signals(run: LocalRun | RayRun) -> None:
    def stop(*_: object) -> None:
        talk("stopping: what was begun is finished; the same command goes on later")
        run.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _said(images: int) -> Callable[[Progress], None]:
    done = 0

    def report(progress: Progress) -> None:
        nonlocal done
        done += progress.rows
        talk(f"{done} of {images} images")

    return report


def _say(found: Summary, directory: Path) -> None:
    talk(f"{shown_path(directory)}: {found.rows} rows for {found.images} images")
    for name, number in (*found.verdicts.items(), *found.errors.items()):
        talk(f"  {name:<14} {number}")
