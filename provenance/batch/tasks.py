"""From inputs to tasks: which output each gets, without a list of them all.

An output has the place of its input below the directory that was named, and its name: as it is
where the extension fits, else with the extension added, so that `a.jpg` and `a.png` do not meet.
Where two inputs would get the same output all the same, the first one has it and the other is
refused. Who is the first follows from the names alone, never from the order in which workers come
to them. An input that is named and lies in a directory that is named is one input.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from provenance.batch.task import Outcome, Task
from provenance.errors import ArgumentError, ProvenanceError
from provenance.imaging import Encoding
from provenance.printable import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An input: its path, its place below what was named, whether it was found there."""

    path: Path
    relative: Path
    walked: bool
    problem: ProvenanceError | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """Gives outputs their names.

    `files` are the inputs that were named, `directories` those that are walked, both in order.
    """

    encoding: Encoding
    files: Sequence[Path]
    directories: Sequence[Path]

    def of(self, found: Found) -> Path:
        """The place of an output below the run's directory.

        Raises:
            ArgumentError: another input has it.
        """
        place = self._named(found.relative)
        first = next(self._claimants(place), found.path)
        if first != found.path:
            raise ArgumentError(
                f"its output would be {shown(place)}, which is that of {shown(first)}",
                hint="stamp it into another directory, or rename one of them",
            )
        return place

    def _named(self, relative: Path) -> Path:
        if relative.suffix.lower() in self.encoding.format.extensions:
            return relative
        return relative.with_name(relative.name + self.encoding.extension)

    def _claimants(self, place: Path) -> Iterator[Path]:
        """The inputs that get this output, in order."""
        for path in self.files:
            if self._named(Path(path.name)) == place:
                yield path
        bare = place.with_name(place.name.removesuffix(self.encoding.extension) or place.name)
        for directory in self.directories:
            for relative in dict.fromkeys((place, bare)):
                path = directory / relative
                if self._named(relative) == place and (path.is_symlink() or os.path.isfile(path)):  # noqa: PTH113
                    yield path


def tasks(found: Iterable[Found], names: Names, directory: Path) -> Iterator[Task | Outcome]:
    """What is to be done for each input, or why nothing can be."""
    named = set(names.files)
    for item in found:
        if item.walked and item.path in named and item.relative == Path(item.path.name):
            continue
        try:
            if item.problem is not None:
                raise item.problem
            place = names.of(item)
        except ProvenanceError as error:
            yield Outcome.refused(item.path, error)
        else:
            yield Task(path=item.path, target=directory / place, walked=item.walked)
