"""A process that examines images for another one, and may die of any of them.

    python -P -m provenance.audit.worker ANSWERS LIFE

Orders come on standard input, one JSON line with a pickle in base64; they are made by the process
that started this one. Answers go to the descriptor ANSWERS, one JSON line each: whatever a
hostile image makes of this process, it can only write text that is parsed strictly. They are

    ["ready"]  ["begin", index]  ["row", index, {...}]  ["end"]

`begin` comes before an image is read, so that whoever waits knows which one a silence belongs to.
Standard output and error are not used for anything: native libraries write there.

Nothing comes on the descriptor LIFE. When its other side closes, the kernel ends this process.
(PR_SET_PDEATHSIG would not do: it belongs to the thread that started the process, and threads end
while their process goes on.)
"""

from __future__ import annotations

import base64
import ctypes
import fcntl
import json
import os
import pickle
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import cv2

import provenance
from provenance.audit.chunk import Chunk, Item
from provenance.audit.row import Row, examine
from provenance.audit.sources import items
from provenance.errors import ErrorCode, InputError
from provenance.verify import Verifier

_PR_SET_DUMPABLE: Final = 4  # <linux/prctl.h>
_PR_SET_NO_NEW_PRIVS: Final = 38
_FIRST_TO_GO: Final = b"800"  # of 1000, where the machine runs out of memory


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
    answers, life = map(int, sys.argv[1:])
    _die_with(life)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what is finished
    channel = open(answers, "w", encoding="ascii")  # noqa: PTH123, SIM115 - a descriptor
    orders: Orders = _next(sys.stdin.buffer)
    _confine(orders.memory)
    _say(channel, "ready")
    while True:
        try:
            chunk, start = _next(sys.stdin.buffer)
        except EOFError:
            return
        _work(orders.verifier, chunk, start, channel)


def _work(verifier: Verifier, chunk: Chunk, start: int, answers: IO[str]) -> None:
    found = items(chunk, start, verifier.limits)
    for index in range(start, chunk.count):
        _say(answers, "begin", index)
        _say(answers, "row", index, _row(found, chunk.key(index), verifier))
    _say(answers, "end")


def _row(found: Iterator[Item], key: str, verifier: Verifier) -> Row:
    """The row of the next image; its time begins before it is read."""
    begin = time.monotonic()
    try:
        item = next(found, None) or _missing(key, "is not there any more", ErrorCode.IO)
    except MemoryError:
        item = _missing(key, "needs more memory than a worker may use", ErrorCode.LIMIT)
    except Exception as error:  # noqa: BLE001 - a defect must not cost the run a row
        item = _missing(key, f"{type(error).__name__}: {error}", ErrorCode.INTERNAL)
    row = examine(item, key, verifier, provenance.__version__)
    return row | {"milliseconds": round(1000 * (time.monotonic() - begin))}


def _missing(key: str, why: str, code: ErrorCode) -> Item:
    return Item(name=key, problem=InputError(why, code=code))


def _say(answers: IO[str], *message: object) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _next(orders: IO[bytes]) -> Any:  # noqa: ANN401 - what the parent pickled
    line = orders.readline()
    if not line:
        raise EOFError
    return pickle.loads(base64.b64decode(line))  # noqa: S301 - written by our parent


def _die_with(life: int) -> None:
    """Have the kernel send SIGIO, which ends a process, when the other side of a pipe closes."""
    fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    poll = select.poll()
    poll.register(life, select.POLLIN)
    if poll.poll(0):  # it closed before we could say so
        os._exit(1)


def _confine(memory: int) -> None:
    """One thread; no core files, no look from outside, no more rights, no file written.

    And no more address space than now and `memory` bytes.
    """
    cv2.setNumThreads(1)
    cv2.ocl.setUseOpenCL(False)
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_bytes(_FIRST_TO_GO)
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # pipes may still be written
    with suppress(FileNotFoundError):  # no /proc: the system does not keep to the limit either
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + memory
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main()
