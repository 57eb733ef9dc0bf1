"""A process that examines images for another one, and may die of any of them.

    python -m provenance.audit.worker ANSWERS

Orders come on standard input, one JSON line with a pickle in base64; they are made by the process
that started this one. Answers go to the descriptor ANSWERS, one JSON line each: whatever a
hostile image makes of this process, it can only write text that is parsed strictly. They are

    ["ready"]  ["begin", index]  ["row", index, {...}]  ["end"]

`begin` comes before an image is read, so that whoever waits knows which one a silence belongs to.
Standard output and error are not used for anything: native libraries write there.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import pickle
import resource
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import provenance
from provenance.audit.chunk import Chunk
from provenance.audit.row import examine
from provenance.audit.sources import items
from provenance.verify import Verifier

_PR_SET_PDEATHSIG: Final = 1  # <linux/prctl.h>
_PR_SET_DUMPABLE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a worker does for as long as it lives. `memory` in bytes, beyond what it starts with."""

    verifier: Verifier
    memory: int


def order(value: object) -> bytes:
    """A line that only a trusted reader may read."""
    return base64.b64encode(pickle.dumps(value)) + b"\n"


def main() -> None:
    """Read orders, then one chunk after another with the index to begin at."""
    parent = os.getppid()
    _die_with(parent)
    answers = open(int(sys.argv[1]), "w", encoding="ascii")  # noqa: PTH123, SIM115 - a descriptor
    orders: Orders = _next(sys.stdin.buffer)
    _confine(orders.memory)
    _say(answers, "ready")
    while True:
        try:
            chunk, start = _next(sys.stdin.buffer)
        except EOFError:
            return
        _work(orders.verifier, chunk, start, answers)


def _work(verifier: Verifier, chunk: Chunk, start: int, answers: IO[str]) -> None:
    found = items(chunk, start, verifier.limits)
    for index in range(start, chunk.count):
        _say(answers, "begin", index)
        item = next(found)
        row = examine(item, chunk.key(index), verifier, provenance.__version__)
        _say(answers, "row", index, row)
    _say(answers, "end")


def _say(answers: IO[str], *message: object) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _next(orders: IO[bytes]) -> Any:  # noqa: ANN401 - what the parent pickled
    line = orders.readline()
    if not line:
        raise EOFError
    return pickle.loads(base64.b64decode(line))  # noqa: S301 - written by our parent


def _die_with(parent: int) -> None:
    """Leave nothing behind when the parent is killed; a pipe tells us too, but later."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    if os.getppid() != parent:  # it died before we could say so
        os._exit(1)


def _confine(memory: int) -> None:
    """No core files; no more address space than now and `memory` bytes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what is finished
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main()
