"""A worker process at arm's length: limits that really kill, and an answer for every image.

A call into a decoder cannot be interrupted from Python, and a crash takes its process along. So
a process of its own examines a chunk; it says which image it begins, and this side waits no longer
than the time limit for the row. A worker that hangs is killed and one that dies is replaced.

The image that was begun is then tried again in a new worker, because a worker also dies when
somebody kills it or the machine runs out of memory. Only an image with which it happens again
gets a row that says so; all others are examined as if nothing had happened.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import provenance
from provenance.audit.answers import checked
from provenance.audit.chunk import Chunk
from provenance.audit.row import Row, empty, failed
from provenance.audit.worker import Orders
from provenance.errors import InputError
from provenance.isolation import START_SECONDS, Process, WorkerLostError, started
from provenance.isolation.child import order
from provenance.printable import utf8

_MODULE: Final = "provenance.audit.worker"
#: How often an image is tried that loses its worker; more where that came from outside.
_TRIES: Final = 2
_TRIES_IF_KILLED: Final = 5
#: For opening an archive and passing over what comes before, on top of the first image.
_OPEN_SECONDS: Final = 120
#: A worker is replaced when it holds more memory than this, or has examined so many images:
#: what a native library leaks in a week comes back.
MOST_RESIDENT: Final = 400_000_000
MOST_IMAGES: Final = 50_000
_PAUSE_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What one image may cost.

    Measured with Python 3.11 on x86-64: a worker starts with 100 MB resident and 400 MB of
    address space, and its start takes 1.5 s of processor time. At its peak it holds 160 MB for a
    picture of 1 million pixels, 250 MB for 12, 370 MB for 25, and 970 MB for 98 million, which is
    about the most that is decoded at all.

    Attributes:
        seconds: for reading and examining it, by the clock. An ordinary one takes a tenth of
            one; twice this is spent on one that hangs, because it is tried again.
        memory: bytes of address space beyond what a worker starts with. Without more, the image
            gets an `E_LIMIT`, or an `E_CRASH` where native code ends its process over it.
    """

    seconds: float = 20.0
    memory: int = 1_500_000_000


class Worker:
    """One process at a time, started when it is needed and after each loss.

    It may be used from several threads, one after another.
    """

    def __init__(self, orders: Orders, confinement: Confinement) -> None:
        """Nothing is started yet."""
        self._orders = orders
        self._confinement = confinement
        self._process: Process | None = None
        self._images = 0
        self.starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The number of the process, if there is one."""
        return self._process.pid if self._process else None

    def rows(self, chunk: Chunk) -> Iterator[Row]:
        """Exactly `chunk.count` rows, in order.

        Raises:
            ProvenanceError: no worker can be started, or one cannot be stopped.
        """
        index = losses = 0
        try:
            while index < chunk.count:
                try:
                    for row in self._some(chunk, index):
                        yield row
                        index, losses = index + 1, 0
                except WorkerLostError as error:
                    self.stop()
                    losses += 1
                    tries = _TRIES_IF_KILLED if error.killed else _TRIES
                    if index < chunk.count and losses >= tries:
                        yield _lost(chunk, index, error)
                        index, losses = index + 1, 0
        except BaseException:  # nobody takes the rest, and the worker still talks about it
            self.stop()
            raise

    def stop(self) -> None:
        """Kill the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    # --- one worker, for as long as it lives ------------------------------------------

    def _some(self, chunk: Chunk, start: int) -> Iterator[Row]:
        """The rows from an index on: until the end, or until the worker is replaced."""
        process, seconds = self._ready(), self._confinement.seconds
        process.send(order((chunk, start)), START_SECONDS)
        begin = time.monotonic()
        for index in range(start, chunk.count):
            opening = _OPEN_SECONDS if index == start else 0
            _require(process.receive(seconds + opening) == ["begin", index])
            pause = _pause(time.monotonic() - begin, index - start, chunk.count - index)
            message = process.receive(seconds, pause=pause)
            _require(message[:2] == ["row", index] and len(message) == 3)
            yield checked(message[2], chunk.key(index))
            self._images += 1
            if process.resident > MOST_RESIDENT or self._images >= MOST_IMAGES:
                self.stop()
                return
        _require(process.receive(seconds) == ["end"] and process.silent)

    def _ready(self) -> Process:
        if self._process is None:
            self._process, self._images = started(_MODULE, order(self._orders)), 0
            self.starts += 1
        return self._process


def _pause(seconds: float, done: int, left: int) -> float:
    """A part of what the rest of a chunk will take; the worker goes on meanwhile.

    Never so much of it that the end is waited for while the worker has nothing to do.
    """
    return min(_PAUSE_SECONDS, left * seconds / done / 4) if done else 0


def _require(condition: bool) -> None:  # noqa: FBT001
    if not condition:
        raise WorkerLostError("the worker lost its place")


def _lost(chunk: Chunk, index: int, error: WorkerLostError) -> Row:
    row = empty(chunk.key(index), provenance.__version__)
    row["name"] = utf8(chunk.names[index]) if chunk.names else ""
    return row | failed(InputError(str(error), code=error.code))
