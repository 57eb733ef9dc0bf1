"""File systems that are full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """A file system of its own that can be filled to the last byte."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    def fill(self, but: int = 0) -> None:
        """Leave so many bytes."""
        free = os.statvfs(self.path)
        with self._filler.open("ab") as file:
            file.write(bytes(max(0, free.f_bavail * free.f_frsize - but)))

    def empty(self) -> None:
        self._filler.unlink()


@contextmanager
def mounted(place: Path, size: str = "1m") -> Iterator[Disk]:
    """A small one; where none can be mounted the test is skipped."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place]
    try:
        done = subprocess.run(mount, capture_output=True, timeout=20, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted: {done.stderr.decode().strip()}")
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "-l", place], timeout=20, check=True)
