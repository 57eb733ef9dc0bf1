"""A worker's process and its pipes, seen from outside: started, told, heard, and killed.

Three pipes lead to it: orders on its standard input, answers from a descriptor of their own, and
one on which nothing is ever written. When this side of that one closes, because this process
died, the kernel ends the worker, whatever native code it is in; see `provenance.isolation.child`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Self

from provenance.errors import ErrorCode, ProvenanceError

_SLICE: Final = 0.5  # seconds between two looks at whether the process still lives
_END_SECONDS: Final = 5  # for a process that closed its pipe to end
_KILL_SECONDS: Final = 60  # for a killed process to be gone; longer only while storage hangs
_MAX_ANSWER: Final = 1 << 20
#: One thread in each worker: its pools would reserve address space and compete with the others.
_ENVIRONMENT: Final = {
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_OPENCL_RUNTIME": "disabled",
}
_FROM_OUTSIDE: Final = (signal.SIGKILL, signal.SIGTERM)


class WorkerLostError(Exception):
    """The worker hung, died or answered with something else; the message says which.

    `killed` is true where that was done from outside: by a person, or by a machine that is short
    of memory.
    """

    def __init__(
        self, message: str, *, code: ErrorCode = ErrorCode.CRASH, killed: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.killed = killed


class Process:
    """One process. What comes from it was perhaps written by an attacker's image."""

    def __init__(self, process: subprocess.Popen[bytes], answers: int, life: int) -> None:
        self._process = process
        self._answers = answers
        self._life = life
        self._buffer = bytearray()
        assert process.stdin is not None  # noqa: S101 - it was asked for
        self._orders = process.stdin
        os.set_blocking(self._orders.fileno(), False)
        os.set_blocking(answers, False)

    @classmethod
    def start(cls, module: str, keep: Sequence[int] = ()) -> Self:
        """Start a module of this package, with the two descriptors as its arguments.

        Args:
            module: its name.
            keep: more descriptors that it inherits.

        Raises:
            ProvenanceError: `E_IO`.
        """
        answers, answering = os.pipe()
        living, life = os.pipe()
        try:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, our own module
                # -P: what lies in the current directory, a dump perhaps, is no Python to us.
                [sys.executable, "-P", "-m", module, str(answering), str(living)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                pass_fds=(answering, living, *keep),
                start_new_session=True,  # signals from the terminal are for this side
                env={**os.environ, **_ENVIRONMENT},
            )
        except OSError as error:
            os.close(answers)
            os.close(life)
            raise ProvenanceError(
                f"cannot start a worker: {error.strerror or error}", code=ErrorCode.IO
            ) from error
        finally:
            os.close(answering)
            os.close(living)
        return cls(process, answers, life)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def resident(self) -> int:
        """Bytes of memory that it holds now; 0 where the system does not tell."""
        try:
            statm = os.open(f"/proc/{self.pid}/statm", os.O_RDONLY)
            try:
                pages = int(os.read(statm, 200).split()[1])
            finally:
                os.close(statm)
        except (OSError, ValueError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def send(self, line: bytes, seconds: float) -> None:
        """Write a line; a process that does not read it is as good as lost.

        Raises:
            WorkerLostError: it ended, or did not read.
        """
        rest, left = memoryview(line), seconds
        while rest:
            ready, spent = _wait(self._orders.fileno(), select.POLLOUT, left)
            left -= spent
            if ready:
                try:
                    rest = rest[os.write(self._orders.fileno(), rest) :]
                except BlockingIOError:
                    continue
                except OSError as error:
                    raise self._ended() from error
            elif left <= 0:
                raise WorkerLostError("the worker did not read its orders", code=ErrorCode.TIMEOUT)

    def receive(self, seconds: float, *, pause: float = 0) -> list[Any]:
        """One answer.

        Args:
            seconds: how long it may take.
            pause: seconds to let pass, uncounted, where it is not there yet. Who looks less often
                finds more at once, and takes less of the processor from the worker.

        Raises:
            WorkerLostError: it did not come in time, or was none.
        """
        left = seconds
        if pause and b"\n" not in self._buffer:
            time.sleep(pause)
        while b"\n" not in self._buffer:
            if left <= 0:
                raise WorkerLostError(
                    f"took longer than {seconds:g} seconds and was stopped", code=ErrorCode.TIMEOUT
                )
            ready, spent = _wait(self._answers, select.POLLIN, left)
            left -= spent
            if ready:
                self._fill()
            elif self._status() is not None:  # a child of it may hold the pipe open
                raise self._ended()
        line, _, rest = self._buffer.partition(b"\n")
        self._buffer = rest
        return _parsed(bytes(line))

    @property
    def silent(self) -> bool:
        """True if everything that it said was asked for."""
        return not self._buffer and not _wait(self._answers, select.POLLIN, 0)[0]

    def kill(self) -> None:
        """Kill it with all its children, and wait until it is gone.

        Raises:
            ProvenanceError: `E_IO`; it hangs in the kernel.
        """
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # not reaped yet, so the number is still its own
        for descriptor in (self._answers, self._life):
            os.close(descriptor)
        self._orders.close()
        try:
            self._process.wait(timeout=_KILL_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise ProvenanceError(
                "a worker cannot be stopped: it waits for storage that does not answer",
                hint="see to the storage; the same command goes on later",
                code=ErrorCode.IO,
            ) from error

    # --- helpers ------------------------------------------------------------------------

    def _fill(self) -> None:
        data = os.read(self._answers, 1 << 16)
        if not data:
            raise self._ended()
        self._buffer += data
        if len(self._buffer) > _MAX_ANSWER:
            raise WorkerLostError("the worker answered without end")

    def _status(self) -> int | None:
        """Exit status, or minus the signal; None while it lives. It is not reaped yet."""
        try:
            found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:  # this program has its children reaped elsewhere
            return 0
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status

    def _ended(self) -> WorkerLostError:
        """How it ended, or that it did not."""
        end = time.monotonic() + _END_SECONDS
        while (status := self._status()) is None:
            if time.monotonic() > end:
                return WorkerLostError("the worker stopped answering")
            time.sleep(0.01)
        if status >= 0:
            return WorkerLostError(f"the worker ended by itself ({status})")
        number = -status
        names = {item.value: item.name for item in signal.Signals}
        return WorkerLostError(
            f"the worker crashed ({names.get(number, f'signal {number}')})",
            killed=number in _FROM_OUTSIDE,
        )


def _wait(descriptor: int, event: int, left: float) -> tuple[bool, float]:
    """Wait a little: whether it is ready, and the seconds to count.

    Never more are counted than were meant to be waited: while this process was stopped itself,
    the worker perhaps was, too.
    """
    poll = select.poll()
    poll.register(descriptor, event)
    most = max(0.0, min(left, _SLICE))
    begin = time.monotonic()
    ready = bool(poll.poll(1000 * most))
    return ready, min(time.monotonic() - begin, _SLICE)


def _parsed(line: bytes) -> list[Any]:
    try:
        message = _JSON.decode(line.decode())
    except (ValueError, RecursionError) as error:
        raise WorkerLostError("the worker answered with something else") from error
    if not isinstance(message, list):
        raise WorkerLostError("the worker answered with something else")
    return message


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number")


_JSON: Final = json.JSONDecoder(parse_constant=_refuse)
