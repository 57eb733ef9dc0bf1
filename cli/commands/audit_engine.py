"""Where `provenance audit` runs: the cores of this machine, or a cluster."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.errors import ArgumentError, ConfigError

from ..console import shown, talk

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenance.audit.isolate import Confinement
    from provenance.audit.ledger import Ledger
    from provenance.audit.ray_run import RayRun
    from provenance.audit.run import LocalRun, Progress
    from provenance.audit.worker import Orders

_AUTO = "auto"
_ADDRESS = re.compile(r"auto|(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")


class Engine(StrEnum):
    """What does the work."""

    LOCAL = "local"
    RAY = "ray"


EngineOption = Annotated[
    Engine, typer.Option("--engine", help="Processes here, or tasks of a Ray cluster.")
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="HOST:PORT",
        help="Head of the Ray cluster [default: auto, the one this machine is a node of].",
        show_default=False,
    ),
]


def require_engine(engine: Engine, address: str | None) -> None:
    """Check the choice before anything is read.

    Raises:
        ArgumentError: the address makes no sense.
        ConfigError: the engine is not installed.
    """
    if engine is Engine.LOCAL:
        if address is not None:
            raise ArgumentError("--address is for --engine ray alone")
        return
    if address is not None and not _ADDRESS.fullmatch(address):
        raise ArgumentError(
            f"--address {shown(address)!r} is neither auto nor HOST:PORT",
            hint="run it on a node of the cluster; ray:// is not used",
        )
    try:
        import provenance.audit.ray_run  # noqa: F401
    except ImportError as error:
        raise ConfigError("--engine ray needs Ray", hint="pip install 'provenance[ray]'") from error


def make_run(
    engine: Engine,
    address: str | None,
    *,
    ledger: Ledger,
    orders: Orders,
    confinement: Confinement,
    workers: int | None,
    report: Callable[[Progress], None],
) -> LocalRun | RayRun:
    """The run on the engine that was chosen. `workers` None is all that there are."""
    if engine is Engine.LOCAL:
        from provenance.audit.run import LocalRun

        return LocalRun(
            ledger=ledger,
            orders=orders,
            confinement=confinement,
            workers=workers or len(os.sched_getaffinity(0)),
            report=report,
        )
    from provenance.audit.ray_run import RayRun

    talk("detection keys and trust lists of this run go to every node of the cluster")
    if os.environ.get("RAY_AUTH_MODE", "").lower() != "token":
        talk("RAY_AUTH_MODE is not `token`: whoever reaches the cluster's ports can read them")
    return RayRun(
        ledger=ledger,
        orders=orders,
        confinement=confinement,
        workers=workers,
        address=address or _AUTO,
        report=report,
    )
