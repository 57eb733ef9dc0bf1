"""A worker process at arm's length: limits that really kill, and an answer for every image.

A call into a decoder cannot be interrupted from Python, and a crash takes its process along. So
a process of its own examines a chunk; it says which image it begins, and this side waits no longer
than the time limit for the row. A worker that hangs is killed, one that dies is replaced, and in
both cases exactly the image that was begun gets a row that says so. The next worker goes on
behind it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

import provenance
from provenance.audit.chunk import Chunk
from provenance.audit.row import COLUMNS, Row, empty, failed
from provenance.audit.worker import Orders, order
from provenance.errors import ErrorCode, InputError, ProvenanceError

_START_SECONDS: Final = 120  # importing everything, on a busy machine
_MAX_ANSWER: Final = 4_000_000
_CHECKED: Final = {"text": str, "integer": int, "number": int | float, "texts": list, "bytes": str}


class WorkerLostError(Exception):
    """The worker hung, died or answered with something else; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What one image may cost. `memory` in bytes beyond what a worker starts with."""

    seconds: float = 20.0
    memory: int = 1_500_000_000


class Worker:
    """One process, started when it is needed and after each loss."""

    def __init__(self, orders: Orders, confinement: Confinement) -> None:
        """Nothing is started yet."""
        self._orders = orders
        self._confinement = confinement
        self._process: subprocess.Popen[bytes] | None = None
        self._answers = -1
        self._buffer = bytearray()
        self.starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def rows(self, chunk: Chunk) -> Iterator[Row]:
        """Exactly `chunk.count` rows, in order."""
        index = 0
        while index < chunk.count:
            try:
                for row in self._some(chunk, index):
                    yield row
                    index += 1
            except WorkerLostError as error:
                self.stop()
                if index < chunk.count:
                    yield _lost(chunk, index, error)
                    index += 1

    def stop(self) -> None:
        """Kill the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
        os.close(self._answers)
        self._buffer.clear()

    # --- one worker, for as long as it lives ------------------------------------------

    def _some(self, chunk: Chunk, start: int) -> Iterator[Row]:
        """The rows from an index on, until the end or a loss."""
        self._send((chunk, start))
        for index in range(start, chunk.count):
            if self._receive(self._confinement.seconds) != ["begin", index]:
                raise WorkerLostError("the worker lost its place")
            message = self._receive(self._confinement.seconds)
            if message[:2] != ["row", index] or len(message) != 3:
                raise WorkerLostError("the worker lost its place")
            yield _checked(message[2])
        if self._receive(self._confinement.seconds) != ["end"]:
            raise WorkerLostError("the worker lost its place")

    def _send(self, value: object) -> None:
        if self._process is None:
            self._start()
        try:
            self._order(value)
        except OSError as error:
            raise WorkerLostError(self._end()) from error

    def _order(self, value: object) -> None:
        if self._process is None or self._process.stdin is None:
            raise WorkerLostError("the worker is gone")
        self._process.stdin.write(order(value))
        self._process.stdin.flush()

    def _start(self) -> None:
        reading, writing = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, our own module
                [sys.executable, "-m", "provenance.audit.worker", str(writing)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(writing,),
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        except OSError as error:
            os.close(reading)
            raise ProvenanceError(
                f"cannot start a worker: {error.strerror or error}", code=ErrorCode.IO
            ) from error
        finally:
            os.close(writing)
        self._answers = reading
        self.starts += 1
        self._order(self._orders)
        if self._receive(_START_SECONDS) != ["ready"]:
            raise WorkerLostError("the worker did not start")

    def _receive(self, seconds: float) -> list[Any]:
        """One answer, or a loss."""
        end = time.monotonic() + seconds
        while (stop := self._buffer.find(b"\n")) < 0:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                raise WorkerLostError(f"took longer than {seconds:g} seconds and was stopped")
            data = os.read(self._answers, 1 << 16)
            if not data:
                raise WorkerLostError(self._end())
            self._buffer += data
            if len(self._buffer) > _MAX_ANSWER:
                raise WorkerLostError("the worker answered without end")
        line = bytes(self._buffer[:stop])
        del self._buffer[: stop + 1]
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise WorkerLostError("the worker answered with something else") from error
        if not isinstance(message, list):
            raise WorkerLostError("the worker answered with something else")
        return message

    def _end(self) -> str:
        """How the process ended."""
        if self._process is None:
            return "the worker is gone"
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "the worker stopped answering"
        if status < 0:
            return f"the worker crashed ({signal.Signals(-status).name})"
        return f"the worker ended by itself ({status})"


def _checked(row: object) -> Row:
    """A row that says what a row may say; its writer read an attacker's file."""
    if not isinstance(row, dict) or set(row) != set(COLUMNS):
        raise WorkerLostError("the worker answered with something else")
    for name, (kind, _) in COLUMNS.items():
        value = row[name]
        if value is not None and not isinstance(value, _CHECKED[kind]):
            raise WorkerLostError("the worker answered with something else")
    return row


def _lost(chunk: Chunk, index: int, error: WorkerLostError) -> Row:
    code = ErrorCode.TIMEOUT if "longer than" in str(error) else ErrorCode.CRASH
    row = empty(chunk.key(index), provenance.__version__)
    return row | failed(InputError(str(error), code=code))
