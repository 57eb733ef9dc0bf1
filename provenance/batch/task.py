"""One file of a run, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from provenance.errors import ProvenanceError
from provenance.model.generation import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One file.

    Attributes:
        path: of the input.
        target: of the output, below the run's directory.
        walked: it was found in a directory, so that a link is not followed.
    """

    path: Path
    target: Path
    walked: bool


class OutcomeKind(StrEnum):
    """What became of a file."""

    STAMPED = "stamped"
    SKIPPED = "skipped"  # it was stamped before, and the registry says that the output is that file
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file: a record, or an error where it was refused."""

    path: Path
    target: Path | None
    kind: OutcomeKind
    record: Record | None = None
    error: ProvenanceError | None = None

    @classmethod
    def refused(cls, path: Path, error: ProvenanceError) -> Outcome:
        """It was not stamped."""
        return cls(path=path, target=None, kind=OutcomeKind.REFUSED, error=error)
