"""Where a stamped file goes: memory, or a path that it reaches only when it is verified."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Protocol, Self

from provenance.errors import ErrorCode, InputError, ProvenanceError
from provenance.imaging import Limits, read_file

_ASIDE = re.compile(r"\.provenance-[0-9a-f]{16}\.unreleased")


def is_unreleased(name: str) -> bool:
    """True if this is the name of a file that was written beside its final name."""
    return _ASIDE.fullmatch(name) is not None


class Target(Protocol):
    """A place for one file: write, read back, publish; discarded unless published."""

    def prepare(self) -> None:
        """Fail early where publishing could not succeed, before anything is reserved."""
        ...

    def write(self, data: bytes) -> None:
        """Put the bytes where they can be read back but are not yet visible."""
        ...

    def read_back(self, limits: Limits) -> bytes:
        """The bytes as a verifier would read them."""
        ...

    def publish(self) -> None:
        """Make the file visible under its final name, all at once."""
        ...

    def adopt(self, sha256: str) -> bool:
        """True if the final name has a file with this digest; it then counts as published."""
        ...

    def withdraw(self) -> None:
        """Take back what `publish` did, as far as it got; never raises.

        The file is kept under its temporary name: its record is committed.
        """
        ...

    def discard(self) -> None:
        """Remove what was written; never raises, harmless after `publish`."""
        ...


class MemoryTarget:
    """For callers that take the bytes themselves."""

    def __init__(self) -> None:
        """Nothing is written yet."""
        self._data = b""

    def prepare(self) -> None:
        """Memory needs no preparation."""

    def write(self, data: bytes) -> None:
        """Keep the bytes."""
        self._data = data

    def read_back(self, limits: Limits) -> bytes:
        """The bytes again, if they are within the limits that a verifier will apply."""
        limits.check_bytes(len(self._data))
        return self._data

    def publish(self) -> None:
        """Nothing to do: the caller gets the bytes only after this."""

    def adopt(self, sha256: str) -> bool:  # noqa: ARG002 - the protocol's
        """Memory holds nothing that was there before."""
        return False

    def withdraw(self) -> None:
        """Nothing to do: the caller did not get the bytes."""

    def discard(self) -> None:
        """Forget the bytes."""
        self._data = b""


class FileTarget:
    """A file that appears under its name complete, synced and verified, or not at all.

    It is written beside its final name, so that the last step is a rename within one
    directory; then the directory itself is synced.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        """Nothing is written yet.

        Args:
            path: the final name; its directory must exist.
            overwrite: replace an existing file instead of refusing.
        """
        self.path = path
        self._overwrite = overwrite
        self._aside = path.with_name(f".provenance-{secrets.token_hex(8)}.unreleased")
        self._named = False

    @classmethod
    def written(cls, aside: Path, path: Path) -> Self:
        """The target of a file that somebody else wrote and did not publish."""
        target = cls(path)
        target._aside = aside
        return target

    def prepare(self) -> None:
        """Refuse a name that is taken or a directory that is not there."""
        with _translated(self.path):
            if not self.path.parent.is_dir():
                raise NotADirectoryError(0, f"{self.path.parent} is not a directory")
            if len(os.fsencode(self.path.name)) > os.pathconf(self.path.parent, "PC_NAME_MAX"):
                raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
            if not self._overwrite and os.path.lexists(self.path):
                raise FileExistsError

    def write(self, data: bytes) -> None:
        """Write and sync the file under its temporary name."""
        with _translated(self.path), self._aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def read_back(self, limits: Limits) -> bytes:
        """Read the file from the disk, as the verifier does."""
        return read_file(self._aside, limits, follow_links=False)

    def publish(self) -> None:
        """Give the file its name and sync the directory."""
        with _translated(self.path):
            if self._overwrite:
                self._aside.replace(self.path)
                self._named = True
            else:
                # A link fails where the name is taken; a rename would replace it.
                os.link(self._aside, self.path)
                self._named = True
                self._aside.unlink()
            _sync(self.path.parent, os.O_DIRECTORY)

    def adopt(self, sha256: str) -> bool:
        """Whether the file is there already; then it and its name are synced."""
        try:
            data = read_file(self.path, follow_links=False)
        except InputError:
            return False
        if hashlib.sha256(data).hexdigest() != sha256:
            return False
        with _translated(self.path):
            _sync(self.path, os.O_NOFOLLOW)
            _sync(self.path.parent, os.O_DIRECTORY)
        return True

    def withdraw(self) -> None:
        """Give the file its temporary name again, if it has the final one."""
        with contextlib.suppress(OSError):
            if self._named and self._aside.exists():  # a rename to a second name does nothing
                self.path.unlink()
            elif self._named:
                self.path.rename(self._aside)

    def discard(self) -> None:
        """Remove the temporary file, if it is still there and can be removed."""
        with contextlib.suppress(OSError):
            self._aside.unlink()


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _translated:  # noqa: N801 - reads as a statement
    """Errors of the file system as ours."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, FileExistsError):
            raise ProvenanceError(
                f"{self._path} exists already",
                hint="choose another name or --overwrite",
                code=ErrorCode.IO,
            ) from error
        if isinstance(error, OSError):
            raise ProvenanceError(
                f"cannot write {self._path}: {error.strerror or error}", code=ErrorCode.IO
            ) from error
