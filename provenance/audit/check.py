"""Whether a run is what was written: every part there, whole, unchanged, and about its images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from provenance.audit import parts
from provenance.audit.ledger import Ledger
from provenance.errors import ProvenanceError
from provenance.printable import utf8


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is not as it should be. `missing` is what the same command still makes."""

    path: Path
    message: str
    missing: bool = False


def check(ledger: Ledger) -> Iterator[Fault]:
    """Everything that is wrong with a run; reads every part. Nothing is changed.

    Raises:
        ConfigError: the list of chunks was changed.
        ProvenanceError: `E_IO`.
    """
    for number, chunk in ledger.listed():
        path = parts.path_of(ledger.parts, number)
        if not path.exists():
            yield Fault(path=path, message="not done yet", missing=True)
            continue
        try:
            parts.require_sound(path, [utf8(chunk.key(index)) for index in range(chunk.count)])
        except ProvenanceError as error:
            yield Fault(path=path, message=error.message)
    for number in sorted(parts.done(ledger.parts)):
        if number >= ledger.chunks:
            path = parts.path_of(ledger.parts, number)
            yield Fault(path=path, message="belongs to no chunk of this run")
