"""Running what a ledger has to do on the nodes of a Ray cluster; needs the extra `ray`.

One task for each chunk. A task that is lost with its node or its process is done again
elsewhere; one that fails for any other reason is reported, and its chunk left for the next run.

What travels: to each node once the orders, a pickle that holds the detection keys; to each task
a chunk, which is names; back come counts. Images are read and parts written by the nodes, from
and to storage that they share. Every process that may talk to the cluster can run code on it.
"""

from __future__ import annotations

import logging
import math
import os
import pickle
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when Ray is imported

import ray
from ray.exceptions import (
    GetTimeoutError,
    NodeDiedError,
    OutOfMemoryError,
    RayError,
    RayTaskError,
    TaskUnschedulableError,
    WorkerCrashedError,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from provenance.audit.chunk import Chunk
from provenance.audit.isolate import Confinement
from provenance.audit.ledger import Ledger
from provenance.audit.ray_task import Job, Outcome, Site, look, visible, work
from provenance.audit.run import Progress
from provenance.audit.worker import Orders
from provenance.errors import ConfigError, ErrorCode, ProvenanceError
from provenance.printable import utf8

AUTO: Final = "auto"
RETRIES: Final = 10  # of a task whose node or process was lost
_MOST_FAILURES: Final = 10  # chunks that fail for another reason, before the run gives up
_TICK_SECONDS: Final = 0.5
_CONNECT_SECONDS: Final = 5
_LOOK_SECONDS: Final = 120  # until every node has said whether it can take part
_PATIENCE_SECONDS: Final = 120  # without any node
_RESUME: Final = "the same command does what is left"


@dataclass(slots=True)
class RayRun:
    """As many tasks at once as the cluster has processors, or `workers` at most.

    `stop` ends the run once the chunks that were begun are kept; a second `stop` does not wait
    for them. What is left is done by the next run on the same ledger, with either engine.
    """

    ledger: Ledger
    orders: Orders
    confinement: Confinement
    workers: int | None
    address: str
    report: Callable[[Progress], None]
    _stops: int = 0
    _failures: list[str] = field(default_factory=list)

    def stop(self) -> None:
        """Begin no chunk any more."""
        self._stops += 1

    @property
    def stopped(self) -> bool:
        """True once it was told to stop."""
        return self._stops > 0

    def run(self) -> None:
        """Do what is to be done.

        Raises:
            ConfigError: there is no such cluster, or a node cannot take part; nothing was done.
            ProvenanceError: chunks were not done; the others are kept.
        """
        with (
            self.ledger.working(),
            connected(self.address),
            Site.opened(self.ledger.directory) as site,
        ):
            _require_nodes(site)
            job = Job(site=site, orders=pickle.dumps(self.orders), confinement=self.confinement)
            self._drive(ray.put(job))
        if self._failures:
            raise ProvenanceError(
                f"{len(self._failures)} chunks were not done; the first: {self._failures[0]}",
                hint=_RESUME,
                code=ErrorCode.IO,
            )

    def _drive(self, job: Any) -> None:  # noqa: ANN401 - a reference of Ray to a `Job`
        """Keep the cluster busy until nothing is left."""
        todo, slots = self.ledger.todo(), _Slots()
        begun: dict[Any, int] = {}
        task = ray.remote(work).options(
            name="provenance audit",
            num_cpus=1,
            max_retries=RETRIES,
            retry_exceptions=False,
            scheduling_strategy="SPREAD",
        )
        while self._stops < 2:
            most = slots.count(self.workers)
            while len(begun) < most and (next_ := self._next(todo)) is not None:
                number, chunk = next_
                begun[task.remote(job, number, chunk, here=visible(chunk))] = number
            if not begun and (most or self._stops):
                return
            if not begun:
                time.sleep(_TICK_SECONDS)
                continue
            finished, _ = ray.wait(list(begun), timeout=_TICK_SECONDS)
            for reference in finished:
                self._take(begun.pop(reference), reference)

    def _next(self, todo: Iterator[tuple[int, Chunk]]) -> tuple[int, Chunk] | None:
        return None if self._stops else next(todo, None)

    def _take(self, number: int, reference: Any) -> None:  # noqa: ANN401 - to an `Outcome`
        """Report a chunk that is done, or keep the reason why it is not."""
        try:
            outcome: Outcome = ray.get(reference)
        except RayError as error:
            outcome = Outcome(problem=_reason(error))
        if not outcome.problem:
            self.report(Progress(rows=outcome.rows, errors=outcome.errors))
            return
        self._failures.append(f"chunk {number}: {outcome.problem}")
        if len(self._failures) >= _MOST_FAILURES and not self.stopped:
            self.stop()


class _Slots:
    """How many processors the cluster has now; nodes come and go."""

    def __init__(self) -> None:
        self._seen = time.monotonic()
        self._asked = -math.inf
        self._count = 0

    def count(self, most: int | None) -> int:
        """Processors of all nodes, `most` at most.

        Raises:
            ProvenanceError: there has been none for too long.
        """
        now = time.monotonic()
        if now - self._asked > _TICK_SECONDS:
            self._asked = now
            self._count = sum(int(node["Resources"]["CPU"]) for node in _nodes())
        if self._count:
            self._seen = now
        elif now - self._seen > _PATIENCE_SECONDS:
            raise ProvenanceError(
                "the cluster has had no node to work on for two minutes",
                hint=_RESUME,
                code=ErrorCode.IO,
            )
        return min(self._count, most or self._count)


def _nodes() -> list[dict[str, Any]]:
    """The nodes that are alive and take tasks."""
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]


def _require_nodes(site: Site) -> None:
    """Ask each node whether it can take part, before anything is done.

    One that is lost meanwhile is left out: should it come back, its tasks look again.
    """
    asked = {
        node["NodeID"]: ray.remote(look)
        .options(
            num_cpus=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
        )
        .remote(site)
        for node in _nodes()
    }
    answers = [answer for reference in asked.values() if (answer := _answer(reference)) is not None]
    if not answers:
        raise ConfigError("no node of the cluster has processors to give")
    if problems := sorted(filter(None, answers)):
        raise _unfit(problems[0])


def _answer(reference: Any) -> str | None:  # noqa: ANN401 - a reference of Ray to a text
    """What a node says that keeps it from taking part; None where the node is lost."""
    try:
        return str(ray.get(reference, timeout=_LOOK_SECONDS))
    except GetTimeoutError as error:
        raise ConfigError("not every node of the cluster answers") from error
    except (NodeDiedError, TaskUnschedulableError, WorkerCrashedError):
        return None
    except RayError as error:
        raise _unfit(_reason(error)) from error


def _unfit(problem: str) -> ConfigError:
    return ConfigError(
        f"a node of the cluster cannot take part: {problem}",
        hint="every node needs the same versions, and the run and the images at the same path",
    )


def _reason(error: RayError) -> str:
    """In words, without the trace that Ray puts into its messages."""
    if isinstance(error, RayTaskError):
        return utf8(f"{type(error.cause).__name__}: {error.cause}".splitlines()[0])
    for kind, words in _LOST.items():
        if isinstance(error, kind):
            return f"{words} {RETRIES + 1} times"
    return type(error).__name__


_LOST: Final[dict[type[RayError], str]] = {
    NodeDiedError: "its node was lost",
    OutOfMemoryError: "its node had no memory left",
    WorkerCrashedError: "its process was lost",
}


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A connection to a cluster that is there, for as long as it is needed.

    Args:
        address: `auto` for the cluster that this machine is a node of, or `HOST:PORT` of its head.

    Raises:
        ConfigError: there is none, or it does not let us in.
    """
    if ray.is_initialized():
        yield
        return
    _require_listener(address)
    with _as_it_was():
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:  # whatever it raises, and it raises everything
            first = (str(error) or type(error).__name__).splitlines()[0]
            raise ConfigError(
                f"cannot join the cluster at {address}: {utf8(first)}",
                hint="with its token, make this machine a node: ray start --address HOST:PORT",
            ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _require_listener(address: str) -> None:
    """Ray itself takes two minutes to say that nobody is there."""
    if address == AUTO:
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else ""
        raise ConfigError(
            f"nobody answers at {address}: {reason or error}",
            hint="start the head of a cluster: docs/audit-cluster.md",
        ) from error


@contextmanager
def _as_it_was() -> Iterator[None]:
    """Keep what joining a cluster changes or gives away.

    Ray puts the working directory on the import path of every node, and that may be the one
    with the hostile files. It also takes SIGTERM.
    """
    working = Path.cwd()
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM)
    os.chdir("/")
    try:
        yield
    finally:
        os.chdir(working)
        if main:
            signal.signal(signal.SIGTERM, handler)
