"""Starting a worker that has taken its orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from provenance.errors import ErrorCode, ProvenanceError
from provenance.isolation.process import Process, WorkerLostError

START_SECONDS: Final = 120  # importing everything, on a busy machine
_STARTS: Final = 3


def started(module: str, orders: bytes, keep: Sequence[int] = ()) -> Process:
    """A worker that said `["ready"]`.

    Args:
        module: of this package, in the way of `provenance.isolation.child`.
        orders: the line that it is told first.
        keep: descriptors that it inherits and does nothing with.

    Raises:
        ProvenanceError: `E_IO`; it does not start, however often that is tried.
    """
    for attempt in range(1, _STARTS + 1):
        process = Process.start(module, keep)
        try:
            process.send(orders, START_SECONDS)
            if process.receive(START_SECONDS) == ["ready"]:
                return process
            raise WorkerLostError("the worker lost its place")
        except WorkerLostError as error:
            process.kill()
            if attempt == _STARTS:
                raise ProvenanceError(
                    f"a worker does not start: {error}",
                    hint=f"`python -P -m {module}` says why; the same command goes on later",
                    code=ErrorCode.IO,
                ) from error
        except BaseException:
            process.kill()
            raise
    raise AssertionError  # pragma: no cover - the last attempt returns or raises
