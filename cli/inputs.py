"""From command-line arguments to files, one entry for each, nothing skipped."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from provenance.errors import ErrorCode, InputError

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One input. `relative` is its place below the directory that was named.

    Where an alias is given, it alone is shown, and `relative` is made of it.
    """

    path: Path | None  # None is standard input
    relative: Path
    walked: bool = False
    problem: InputError | None = None
    alias: str = ""

    @property
    def label(self) -> str | Path:
        """What to call it in output."""
        return self.alias or (STDIN if self.path is None else self.path)

    def read(self, limit: int) -> bytes:
        """The bytes of the input.

        Raises:
            InputError: it cannot be read, or has more than `limit` bytes.
        """
        from provenance.imaging import Limits, read_file

        if self.problem:
            raise self.problem
        limits = Limits(max_bytes=limit)
        if self.path is not None:
            return read_file(self.path, limits, follow_links=not self.walked)
        data = sys.stdin.buffer.read(limit + 1)
        limits.check_bytes(len(data))
        return data


def expand(arguments: list[str], alias: Callable[[Path], str] | None = None) -> list[Source]:
    """All inputs that the arguments name, in a stable order.

    A name that leads nowhere becomes an entry with a problem, so that it gets its row.

    Args:
        arguments: files, directories, patterns, or - for standard input.
        alias: what to show in place of a path; standard input has no name to hide.
    """
    sources = [source for argument in arguments for source in _expand_one(argument)]
    return sources if alias is None else [_hidden(source, alias) for source in sources]


def named(arguments: list[str]) -> list[Path]:
    """The files and directories that the arguments name, each once; nothing is walked.

    A pattern that matches nothing stays, as the name of a file that is not there.
    """
    found: dict[Path, None] = {}
    for argument in arguments:
        matches: list[str] = []
        if not os.path.lexists(argument) and glob.has_magic(argument):
            matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - absolute patterns
        found |= dict.fromkeys(map(Path, matches or [argument]))
    return list(found)


def below(path: Path) -> Iterator[Source]:
    """The input of that name, or those of the directory, one after another."""
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for odd names
        yield from _walk(path)
    else:
        yield Source(path, Path(path.name))


def _hidden(source: Source, alias: Callable[[Path], str]) -> Source:
    if source.path is None:
        return source
    label = alias(source.path)
    # The extension stays, for it may contradict the content; it is not shown either.
    return replace(source, alias=label, relative=Path(label + source.path.suffix))


def _expand_one(argument: str) -> Iterator[Source]:
    path = Path(argument)
    if argument == STDIN:
        yield Source(None, Path("stdin"))
    elif os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for odd names
        yield from _walk(path)
    elif not os.path.lexists(path) and glob.has_magic(argument):
        matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - absolute patterns
        if not matches:
            yield _nothing(path, "no file matches this pattern")
        for match in matches:
            yield from _expand_one(match)
    else:
        yield Source(path, Path(path.name))


def _walk(top: Path) -> Iterator[Source]:
    found = False
    unreadable: list[OSError] = []
    for folder, directories, names in os.walk(top, onerror=unreadable.append):
        directories.sort()
        links = [name for name in directories if (Path(folder) / name).is_symlink()]
        for name in sorted([*names, *links]):
            found = True
            path = Path(folder) / name
            yield Source(path, path.relative_to(top), walked=True)
        while unreadable:
            found = True
            error = unreadable.pop()
            yield _nothing(Path(str(error.filename)), f"cannot read directory: {error.strerror}")
    for error in unreadable:
        found = True
        yield _nothing(Path(str(error.filename)), f"cannot read directory: {error.strerror}")
    if not found:
        yield _nothing(top, "directory holds no files")


def _nothing(path: Path, reason: str) -> Source:
    return Source(path, path, problem=InputError(reason, code=ErrorCode.IO))
