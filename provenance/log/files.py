"""Files of the log: whole or not there at all, in order, by one writer at a time."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from provenance.errors import ErrorCode, LogError

_POLL_SECONDS: Final = 0.05
_PUBLIC: Final = 0o644
PRIVATE: Final = 0o600


def read_bounded(path: Path, limit: int) -> bytes | None:
    """A regular file, whole; None if there is none.

    Raises:
        LogError: unreadable, not a regular file, or larger than `limit` bytes.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LogError(f"cannot read {path}: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise LogError(f"{path} is not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise LogError(f"cannot read {path}: {error.strerror}") from error
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise LogError(f"{path} has more than {limit:,} bytes")
    return data


def replace_file(
    path: Path, data: bytes, *, mode: int = _PUBLIC, aside: Path | None = None
) -> None:
    """Give a file new content, durably: whoever reads it sees the old or the new.

    `aside` is where it is written first, on the same file system.

    Raises:
        LogError: it cannot be written.
    """
    write_aside_and_rename(path, data, mode=mode, aside=aside)
    sync_directory(path.parent)


def write_aside_and_rename(
    path: Path, data: bytes, *, mode: int = _PUBLIC, aside: Path | None = None
) -> None:
    """The same, but for the directory's own entry: see `sync_directory`."""
    beside = aside or path.with_name(f".{path.name}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(beside, flags, mode)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        beside.replace(path)
    except OSError as error:
        raise LogError(f"cannot write {path}: {error.strerror}") from error


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable.

    Raises:
        LogError: it cannot be done; what was written there may be lost.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise LogError(f"cannot sync {path}: {error.strerror}") from error


def make_directory(path: Path) -> list[Path]:
    """Make a directory with those above it; the directories whose entries changed."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    try:
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
    except OSError as error:
        raise LogError(f"cannot make {missing[0]}: {error.strerror}") from error
    return [folder.parent for folder in missing]


@contextlib.contextmanager
def locked(path: Path, *, seconds: float, shared: bool = False) -> Iterator[None]:
    """Hold a lock file alone, against other threads and processes; the system frees it.

    A shared lock keeps out those who hold it alone, and writes nothing: without the file, nobody
    ever did.

    Raises:
        LogError: somebody else held it all the time (`E_BUSY`), or it cannot be opened.
    """
    import fcntl  # not on every system; reading needs none

    flags = os.O_RDONLY if shared else os.O_RDWR | os.O_CREAT
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC, PRIVATE)
    except FileNotFoundError as error:
        if not shared:
            raise LogError(f"cannot open {path}: {error.strerror}") from error
        yield
        return
    except OSError as error:
        raise LogError(f"cannot open {path}: {error.strerror}") from error
    end = time.monotonic() + seconds
    try:
        while True:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise LogError(
                        f"{path} stayed locked for {seconds:g} seconds",
                        hint="another process works on this log; try again",
                        code=ErrorCode.BUSY,
                    ) from None
                time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)
