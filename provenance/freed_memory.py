"""Keeping the memory that one picture freed for the next one.

The planes of a picture are larger than what glibc keeps: it takes each from the kernel and gives it
back at once, and every page of the next one is a fault. That is a quarter of the processor time of
stamping a JPEG, and threads wait for one another there (`benchmarks/pipeline.py`). For an audit at
`fast` depth it was a third.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_M_TRIM_THRESHOLD: Final = -1  # malloc.h
_M_MMAP_THRESHOLD: Final = -3
#: Bytes. Larger pieces go back to the kernel as before; it is the most that glibc takes.
_PIECE: Final = 32 << 20
#: Bytes that are kept free at the end of the heap.
_FREE: Final = 128 << 20


def keep_freed_memory() -> bool:
    """Let this process keep freed memory, up to a bound, for as long as it lives.

    It is for programs that work on pictures, and changes how the whole process gets its memory: so
    the library never does it by itself; the command line and worker processes do.

    Returns:
        False where the C library is not glibc, and nothing was changed.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # Setting one ends the adapting of both, so both are set.
    return bool(mallopt(_M_MMAP_THRESHOLD, _PIECE)) and bool(mallopt(_M_TRIM_THRESHOLD, _FREE))
