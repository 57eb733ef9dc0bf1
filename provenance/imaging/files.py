"""Reading one file from a place that an attacker may control."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from provenance.errors import ErrorCode, InputError
from provenance.imaging.limits import DEFAULT_LIMITS, Limits

_REASONS = {
    errno.ENOENT: "no such file",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ELOOP: "symbolic link, not followed",
    errno.EISDIR: "is a directory",
    errno.ENXIO: "not a regular file",
    errno.ENAMETOOLONG: "file name is too long",
    errno.ENOTDIR: "part of the path is not a directory",
}


def read_file(path: Path, limits: Limits = DEFAULT_LIMITS, *, follow_links: bool = True) -> bytes:
    """Read a regular file once, whole, within the size limit.

    Opening never blocks on a FIFO, never follows a link where `follow_links` is False,
    and the kind of file is checked on the open descriptor, not on the name.

    Raises:
        InputError: `E_IO` (missing, unreadable, not a regular file, changed while it was
            read) or `E_LIMIT` (too large).
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    if not follow_links:
        flags |= os.O_NOFOLLOW
    try:
        # open() would refuse the descriptor of a directory and leave it open.
        descriptor = os.open(path, flags)
        try:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise InputError(f"not a regular file: {_kind(before)}", code=ErrorCode.IO)
            limits.check_bytes(before.st_size)
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read(before.st_size + 1)  # one more, to see that it grew
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, os.strerror(error.errno or 0))
        if error.errno == errno.ELOOP and follow_links:
            reason = "symbolic links form a loop"
        raise InputError(f"cannot read file: {reason}", code=ErrorCode.IO) from error
    except ValueError as error:  # a NUL byte in the name
        raise InputError("cannot read file: the name is not valid", code=ErrorCode.IO) from error
    limits.check_bytes(max(len(data), after.st_size))
    if data and not before.st_size:
        raise InputError("not a regular file: its size is not known", code=ErrorCode.IO)
    if len(data) != after.st_size or _identity(before) != _identity(after):
        raise InputError("file changed while it was being read", code=ErrorCode.IO)
    return data


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _kind(status: os.stat_result) -> str:
    for test, name in (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a FIFO"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a character device"),
        (stat.S_ISBLK, "a block device"),
    ):
        if test(status.st_mode):
            return name
    return "a special file"
