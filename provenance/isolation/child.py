"""The inside of a worker process: its channel, and what it gives up before it begins.

    python -P -m MODULE ANSWERS LIFE

Orders come on standard input, one JSON line with a pickle in base64; they are made by the process
that started this one. Answers go to the descriptor ANSWERS, one JSON line each: whatever a
hostile image makes of this process, it can only write text that is parsed strictly. The first
answer is `["ready"]`. Standard output and error are not used for anything: native libraries write
there.

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
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import cv2

from provenance.freed_memory import keep_freed_memory

_PR_SET_DUMPABLE: Final = 4  # <linux/prctl.h>
_PR_SET_NO_NEW_PRIVS: Final = 38
_FIRST_TO_GO: Final = b"800"  # of 1000, where the machine runs out of memory


class Channel:
    """Orders in, answers out."""

    def __init__(self) -> None:
        """Take over the descriptors that this process was started with."""
        answers, life = map(int, sys.argv[1:])
        _die_with(life)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what is finished
        self._answers: IO[str] = open(answers, "w", encoding="ascii")  # noqa: PTH123, SIM115 - a descriptor

    def next(self) -> Any:  # noqa: ANN401 - what the parent pickled
        """The next order.

        Raises:
            EOFError: there is none any more.
        """
        line = sys.stdin.buffer.readline()
        if not line:
            raise EOFError
        return pickle.loads(base64.b64decode(line))  # noqa: S301 - written by our parent

    def say(self, *message: object, at_once: bool = True) -> None:
        """One answer.

        Args:
            message: values of JSON.
            at_once: False where the next answer follows before any work: they go together, and
                the other side wakes up once.
        """
        self._answers.write(json.dumps(message) + "\n")
        if at_once:
            self._answers.flush()


def order(value: object) -> bytes:
    """A line that only a trusted reader may read."""
    return base64.b64encode(pickle.dumps(value)) + b"\n"


def confine(memory: int, *, writes: bool) -> None:
    """One thread, freed memory kept; no core files, no look from outside, no more rights.

    Args:
        memory: bytes of address space beyond what there is now.
        writes: whether files may be written.
    """
    keep_freed_memory()
    cv2.setNumThreads(1)
    cv2.ocl.setUseOpenCL(False)
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_bytes(_FIRST_TO_GO)
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not writes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # pipes may still be written
    with suppress(FileNotFoundError):  # no /proc: the system does not keep to the limit either
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + memory
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _die_with(life: int) -> None:
    """Have the kernel send SIGIO, which ends a process, when the other side of a pipe closes."""
    fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    poll = select.poll()
    poll.register(life, select.POLLIN)
    if poll.poll(0):  # it closed before we could say so
        os._exit(1)
