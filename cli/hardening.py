"""What is in memory stays there: no core file, no look from outside.

Whoever uses the library in a program of their own decides this for that program.
"""

from __future__ import annotations

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4  # <linux/prctl.h>


def keep_memory_private() -> None:
    """Forbid core dumps of this process and reading its memory; it cannot be undone.

    The limit stops core files, but not a handler that the kernel pipes dumps to (core(5),
    "Piping core dumps to a program"). On Linux the process is therefore made undumpable,
    which stops both, and keeps other processes of the same user from attaching to it
    (PR_SET_DUMPABLE(2const)).

    Raises:
        OSError: the system refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "cannot make this process undumpable")
