"""One-thread workers for independent pieces of work."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

import cv2

from provenance.errors import ArgumentError

Item = TypeVar("Item")
Result = TypeVar("Result")


def prepare() -> None:
    """One thread per process; the times measured are then those of one core."""
    cv2.setNumThreads(1)


def each(
    function: Callable[[Item], Result], items: Sequence[Item], jobs: int
) -> Iterator[tuple[Item, Result | Exception]]:
    """Results in the order in which they come; what a piece raises is its result.

    One broken piece must not cost an hour of others. Workers are spawned, not forked:
    OpenCV and numpy may hold threads and locks.

    Raises:
        ArgumentError: fewer than one job.
    """
    if jobs < 1:
        raise ArgumentError("at least one job is needed")
    if jobs == 1:
        prepare()
        for item in items:
            yield item, _outcome(function, item)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=prepare) as pool:
        futures = {pool.submit(_outcome, function, item): item for item in items}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _outcome(function: Callable[[Item], Result], item: Item) -> Result | Exception:
    try:
        return function(item)
    except Exception as error:  # noqa: BLE001 -- reported by the caller, for every piece
        return error
