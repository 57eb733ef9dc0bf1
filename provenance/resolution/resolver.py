"""From an id to its record: soft-binding resolution.

Verification asks through this one protocol, so that the answer may come from the local
registry, from an offline extract of somebody else's, or from a resolution service.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from provenance.errors import RegistryError
from provenance.model.evidence import RecordStatus
from provenance.model.generation import Record, RecordState
from provenance.model.ids import MarkId
from provenance.registry import RecordReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Answer of a resolver. `record` is None unless `status` is FOUND or VOID."""

    status: RecordStatus
    record: Record | None = None
    detail: str = ""


NOT_ASKED = Resolution(status=RecordStatus.NOT_ASKED, detail="no registry is configured")


class Resolver(Protocol):
    """Looks records up by exact id; never raises, never lists.

    `description` says in a report what was asked; empty where nothing was.
    """

    @property
    def description(self) -> str:
        """What is asked."""
        ...

    def by_mark(self, system_id: int, mark_id: MarkId) -> Resolution:
        """The record that a mark names."""
        ...

    def by_record(self, record_id: str) -> Resolution:
        """The record that a manifest names."""
        ...


class NoRegistry:
    """The resolver of a verifier that holds no records."""

    description = ""

    def by_mark(self, system_id: int, mark_id: MarkId) -> Resolution:  # noqa: ARG002
        """Nothing can be asked."""
        return NOT_ASKED

    def by_record(self, record_id: str) -> Resolution:  # noqa: ARG002
        """Nothing can be asked."""
        return NOT_ASKED


class LocalRegistry:
    """The resolver of an operator: its own registry."""

    description = "local registry"

    def __init__(self, reader: RecordReader) -> None:
        """Ask this store."""
        self._reader = reader

    def by_mark(self, system_id: int, mark_id: MarkId) -> Resolution:
        """The record that a mark names."""
        try:
            record = self._reader.find_by_mark(system_id, mark_id)
            if record is None:
                return _absent(self._reader.erased_at(mark=(system_id, mark_id)))
            return _resolution(record)
        except RegistryError as error:
            return Resolution(status=RecordStatus.UNREACHABLE, detail=error.message)

    def by_record(self, record_id: str) -> Resolution:
        """The record that a manifest names."""
        try:
            record = self._reader.find_by_id(record_id)
            if record is None:
                return _absent(self._reader.erased_at(record_id=record_id))
            return _resolution(record)
        except RegistryError as error:
            return Resolution(status=RecordStatus.UNREACHABLE, detail=error.message)


def _absent(erased_at: datetime | None) -> Resolution:
    detail = "" if erased_at is None else f"it was erased on {erased_at:%Y-%m-%d}"
    return Resolution(status=RecordStatus.ABSENT, detail=detail)


def _resolution(record: Record) -> Resolution:
    if record.state in (RecordState.VOID, RecordState.RESERVED):
        return Resolution(status=RecordStatus.VOID, record=record)
    return Resolution(status=RecordStatus.FOUND, record=record)
