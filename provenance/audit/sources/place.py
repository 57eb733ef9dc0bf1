"""Opening an archive for reading by position, wherever it is; nothing is ever written."""

from __future__ import annotations

import io
import os
import re
import stat
from contextlib import suppress
from typing import IO, Final, Self

from provenance.errors import ErrorCode, InputError

_REMOTE: Final = re.compile(r"[a-z][a-z0-9+.-]*://")


def is_remote(address: str) -> bool:
    """True for `scheme://...`, which only `provenance.audit.sources.objects` opens."""
    return _REMOTE.match(address) is not None


def open_place(address: str) -> Place:
    """Open a regular local file, or an object behind fsspec.

    Raises:
        InputError: `E_IO`.
    """
    if is_remote(address):
        from provenance.audit.sources import objects

        return Place(*objects.open_object(address))
    try:
        descriptor = os.open(address, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise InputError("not a regular file", code=ErrorCode.IO)
            return Place(io.FileIO(descriptor, "rb"), status.st_size)
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise unreadable(error) from error
    except ValueError as error:  # a NUL byte in the name
        raise InputError("cannot read file: the name is not valid", code=ErrorCode.IO) from error


def unreadable(error: OSError) -> InputError:
    """What the operating system said, without the name."""
    return InputError(f"cannot read file: {error.strerror or 'failed'}", code=ErrorCode.IO)


class Place:
    """A file of known size, read by position.

    Not buffered: tables of contents are read in steps of their own, and members are passed over.
    """

    def __init__(self, file: IO[bytes] | io.RawIOBase, size: int) -> None:
        """Take over an open file that can be sought in."""
        self._file = file
        self.size = size
        self.position = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):
            self._file.close()

    def read(self, count: int) -> bytes:
        """The next bytes; fewer only at the end.

        Raises:
            InputError: `E_IO`.
        """
        pieces = []
        try:
            while count > 0:
                piece = self._file.read(count)
                if not piece:
                    break
                pieces.append(piece)
                count -= len(piece)
        except OSError as error:
            raise unreadable(error) from error
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self.position += len(data)
        return data

    def seek(self, position: int) -> None:
        """Go on at another byte; behind the end, at the end."""
        position = min(position, self.size)
        if position != self.position:
            try:
                self._file.seek(position)
            except OSError as error:
                raise unreadable(error) from error
            self.position = position

    def skip(self, count: int) -> bool:
        """Pass over bytes; False where there are not as many."""
        if self.position + count > self.size:
            return False
        self.seek(self.position + count)
        return True

    def peek(self, count: int) -> bytes:
        """The next bytes, which are read again by the next call."""
        here = self.position
        data = self.read(count)
        self.seek(here)
        return data
