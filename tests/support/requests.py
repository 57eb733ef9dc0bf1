"""Processes that ask for the same pictures at the same moments."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path

from support import pictures

from provenance import Generation, Workspace
from provenance.registry import RecordStore

GENERATION = Generation(model="acme-1")
PROCESSES = 4

_together: Barrier


def _begin(barrier: Barrier) -> None:
    global _together
    _together = barrier


def _ask(
    workspace: Path, store: Callable[[], RecordStore], names: Sequence[str], folder: Path | None
) -> list[tuple[str, str]]:
    stamper = replace(Workspace.open(workspace).stamper(), store=store())
    found = []
    for name in names:
        to = folder / f"{name}.png" if folder else None
        _together.wait(60)
        made = stamper.stamp(pictures.crop(), GENERATION, request=name, to=to)
        found.append((made.record_id, hashlib.sha256(made.data).hexdigest()))
    return found


def at_once(
    workspace: Path, store: Callable[[], RecordStore], names: Sequence[str], folder: Path | None
) -> list[list[tuple[str, str]]]:
    """Record and SHA-256 for each request, by process.

    Args:
        workspace: its keys are used.
        store: opens the registry in a process; can be pickled.
        names: the requests, one after another; all processes begin each together.
        folder: where every process writes `<name>.png`, or None.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    with context.Pool(PROCESSES, initializer=_begin, initargs=(barrier,)) as pool:
        return pool.starmap(_ask, [(workspace, store, names, folder)] * PROCESSES, chunksize=1)
