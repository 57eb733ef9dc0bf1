"""A copy of an SQLite file, made while it is in use."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Final

from provenance.errors import RegistryError

#: What a migration takes at most, in sizes of the file: the copy, a table that is written anew,
#: and the journal.
_ROOM: Final = 3


def copy_aside(path: Path, copy: Path) -> None:
    """Copy a database with its mode; the copy is complete and on the disk, or not there.

    It is read through SQLite: whoever opens and closes the file by itself gives up every lock
    that its process holds on it.

    Raises:
        RegistryError: the copy exists already, cannot be written, or there is not enough room.
    """
    size = path.stat().st_size
    free = shutil.disk_usage(path.parent).free
    if free < _ROOM * size:
        raise RegistryError(
            f"migrating {path} takes up to {_ROOM * size:,} bytes, and {free:,} are free",
            hint="make room on that file system",
        )
    aside = copy.with_name(f"{copy.name}.incomplete")
    try:
        _write(path, aside)
        os.link(aside, copy)
        _sync(copy.parent)
    except FileExistsError as error:
        raise RegistryError(
            f"{error.filename2 or error.filename} exists already",
            hint="it is left from an earlier try; move it away",
        ) from error
    finally:
        aside.unlink(missing_ok=True)


def _write(path: Path, aside: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        os.fchmod(descriptor, mode)
        address = f"{path.absolute().as_uri()}?mode=ro"
        with (
            closing(sqlite3.connect(address, uri=True)) as source,
            closing(sqlite3.connect(aside)) as target,
        ):
            source.backup(target)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
