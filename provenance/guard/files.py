"""What lies in a directory: every name, whatever it is."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# The name under which stamping writes beside the final one. It is written down a second time,
# because the guard shares no code with what it watches; a test compares the two.
_ASIDE: Final = re.compile(r"\.provenance-[0-9a-f]{16}\.unreleased")

_KINDS: Final = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A name that is no directory, and what `lstat` says of it."""

    path: str
    status: os.stat_result

    @property
    def special(self) -> str:
        """What it is; empty for a regular file."""
        mode = self.status.st_mode
        return "" if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "a special file")

    @property
    def unreleased(self) -> bool:
        """It has the name of a file that is being written."""
        return _ASIDE.fullmatch(self.path.rpartition("/")[2]) is not None

    @property
    def identity(self) -> tuple[int, ...]:
        """Changes whenever the file does: device, inode, size, times of content and of status."""
        s = self.status
        return s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns


@dataclass(frozen=True, slots=True)
class Trouble:
    """A place that cannot be looked at, and why."""

    path: str
    reason: str
    identity: tuple[int, ...] = ()


def entries(top: Path) -> Iterator[Entry | Trouble]:
    """Everything below a directory but directories, in no stated order; links are not followed.

    One directory is open at a time and nothing is collected but the names of directories.
    What vanishes meanwhile is left out.
    """
    open_ones = [os.fspath(top)]
    while open_ones:
        folder = open_ones.pop()
        try:
            with os.scandir(folder) as found:
                for item in found:
                    if item.is_dir(follow_symlinks=False):
                        open_ones.append(item.path)
                    else:
                        yield from _entry(item)
        except FileNotFoundError:
            if folder == os.fspath(top):
                yield Trouble(folder, "the directory is gone")
        except OSError as error:
            yield Trouble(folder, error.strerror or str(error))


def _entry(item: os.DirEntry[str]) -> Iterator[Entry | Trouble]:
    try:
        yield Entry(item.path, item.stat(follow_symlinks=False))
    except FileNotFoundError:
        return
    except OSError as error:
        yield Trouble(item.path, error.strerror or str(error))
