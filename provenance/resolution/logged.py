"""One's own registry, held against its issuance log before anything in it counts.

Whoever can write the database can write anything into it: another fingerprint, so that a victim's
photograph matches; another date. The log cannot be written like that. A record counts only if the
log bears it out, or if it was issued after the last checkpoint and its leaf still waits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from provenance.errors import LogError, RegistryError
from provenance.log import PublishedLog, verify_proof
from provenance.model.evidence import RecordStatus
from provenance.model.generation import Record
from provenance.model.ids import MarkId
from provenance.registry import LeafReader, RecordReader
from provenance.resolution.resolver import LocalRegistry, Resolution

#: Between the time in a record and its commit lies less than this: a writer is waited for 30
#: seconds. What waits for a checkpoint and says it is older was put there afterwards.
_MARGIN: Final = timedelta(minutes=5)


class LoggedReader(RecordReader, LeafReader, Protocol):
    """A registry that knows the leaves of its records."""


class LoggedRegistry:
    """The resolver of an operator whose registry has a log. Nothing is written."""

    description = "local registry, held against its issuance log"

    def __init__(self, reader: LoggedReader, log: Callable[[], PublishedLog]) -> None:
        """Ask this registry.

        Args:
            reader: the registry.
            log: opens its log; called only where there is a record to be held against it.
        """
        self._reader = reader
        self._registry = LocalRegistry(reader)
        self._log = log

    def by_mark(self, system_id: int, mark_id: MarkId) -> Resolution:
        """The record that a mark names."""
        return self._held(self._registry.by_mark(system_id, mark_id))

    def by_record(self, record_id: str) -> Resolution:
        """The record that a manifest names."""
        return self._held(self._registry.by_record(record_id))

    def _held(self, found: Resolution) -> Resolution:
        if found.record is None or found.record.file is None:
            return found
        try:
            return replace(found, detail=self._place(found.record))
        except (LogError, RegistryError) as error:
            detail = f"the issuance log does not bear it out: {error.message}"
            return Resolution(status=RecordStatus.UNREACHABLE, detail=detail)

    def _place(self, record: Record) -> str:
        """Where the record is in the log, proven."""
        leaf = self._reader.commitment_of(record.record_id)
        if leaf is None:
            raise RegistryError(f"record {record.record_id} has no leaf")
        log = self._log()
        log.check()  # neither registry nor log is an old one
        newest = self._reader.newest_checkpoint()
        position = record.log_position
        if position is None or newest is None or position >= newest.size:
            if newest and record.issued_at and record.issued_at < newest.signed_at - _MARGIN:
                raise RegistryError("it says that it was issued before the last checkpoint")
            return "issued after the last checkpoint of the log; its leaf waits for the next one"
        proven = verify_proof(log.prove(leaf), log.key, commitment=leaf)
        said = "" if proven.seconds is None else f", signed {_text(proven.seconds)}"
        return f"leaf {proven.index} of {proven.size} in the log {proven.origin}{said}"


def _text(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
