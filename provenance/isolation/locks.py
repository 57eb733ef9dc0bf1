"""Locks of a run's directory. The kernel holds them: who dies, however it dies, lets go.

Two processes that work on the same chunks would not harm each other: a part is written beside its
name and is the same whoever makes it. They would do everything twice, so the second is refused.
Where a file system has no locks (some object stores mounted as directories), nobody is refused.
"""

from __future__ import annotations

import errno
import fcntl
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from provenance.errors import ErrorCode, ProvenanceError

_WORKING: Final = "run"
_BEGINNING: Final = "begin"
_NO_LOCKS: Final = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
_POLL_SECONDS: Final = 0.05


@contextmanager
def working(directory: Path, *, seconds: float = 0) -> Iterator[int]:
    """Be the only one that works on a run.

    Gives the descriptor of the lock: a process that inherits it holds the lock, too.

    Args:
        directory: where the locks of the run are.
        seconds: how long to wait for somebody else to let go.

    Raises:
        ProvenanceError: `E_BUSY`; somebody else did not.
    """
    with _locked(directory / _WORKING, seconds) as descriptor:
        yield descriptor


@contextmanager
def beginning(directory: Path) -> Iterator[None]:
    """Be the only one that lists the chunks of a run; waits for another one."""
    with _locked(directory / _BEGINNING, math.inf):
        yield


@contextmanager
def _locked(path: Path, seconds: float) -> Iterator[int]:
    try:
        path.parent.mkdir(exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise _failure(path, error) from error
    try:
        _take(file, path, seconds)
        yield file
    finally:
        os.close(file)


def _take(file: int, path: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not _free(file, path):
        if time.monotonic() >= end:
            raise ProvenanceError(
                f"another process works on the run in {path.parent.parent}",
                hint="wait for it, or stop it",
                code=ErrorCode.BUSY,
            )
        time.sleep(_POLL_SECONDS)


def _free(file: int, path: Path) -> bool:
    """True where it is ours now, or cannot be anybody's."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise _failure(path, error) from error
    return True


def _failure(path: Path, error: OSError) -> ProvenanceError:
    return ProvenanceError(f"cannot lock {path}: {error.strerror or error}", code=ErrorCode.IO)
