"""Replacing a file of a workspace: the old one or the new one is there, and nothing between."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from provenance.errors import ConfigError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Whoever changes a file after reading it does so alone. Waits for others.

    Raises:
        ConfigError: the directory cannot be opened.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError(f"cannot open {folder}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace_file(path: Path, text: str) -> None:
    """Write a file beside, sync it, and put it in the place of the old one, whose mode it keeps.

    Raises:
        ConfigError: it cannot be written; the old one is as it was.
    """
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
        try:
            with aside.open("xb") as file:
                os.fchmod(file.fileno(), mode)
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
        _sync(path.parent)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
