"""Private files: created for the owner alone, refused when anybody else can read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from provenance.errors import KeyMaterialError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_private(path: Path, data: bytes) -> None:
    """Create a file with mode 0600; an existing file is never overwritten.

    Raises:
        KeyMaterialError: the file exists or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except FileExistsError as error:
        raise KeyMaterialError(f"{path} exists already and is not overwritten") from error
    except OSError as error:
        raise KeyMaterialError(f"cannot write {path}: {error.strerror}") from error


def read_private(path: Path, *, limit: int = 65_536) -> bytes:
    """Read a private file, but only if no group or other user could.

    Raises:
        KeyMaterialError: missing, unreadable, not a regular file, too permissive, owned by
            another user, or larger than `limit` bytes.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _check(path, os.fstat(descriptor))
            data = os.read(descriptor, limit + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise KeyMaterialError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > limit:
        raise KeyMaterialError(f"{path} is too large to be a key file")
    return data


def _check(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyMaterialError(f"{path} is not a regular file")
    if status.st_mode & _OTHERS:
        raise KeyMaterialError(
            f"{path} can be read by other users (mode {stat.S_IMODE(status.st_mode):04o})",
            hint=f"chmod 600 {path}",
        )
    if hasattr(os, "geteuid") and status.st_uid not in (os.geteuid(), 0):
        raise KeyMaterialError(f"{path} belongs to another user")
