"""The store contract: what keeps the records of issued generations.

Every implementation passes the same conformance tests (`tests/conformance`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from provenance.model.generation import Generation, IssuedFile, Record, RecordState
from provenance.model.ids import MarkId, SystemRef


class StoreRule(StrEnum):
    """What always holds of a registry, whatever was killed while it wrote."""

    SOUND = "registry is sound"
    VERSION = "registry has the schema of this version"
    STATES = "every record has a known state"
    FACTS = "issued and released records have the facts of their file, others have none"
    MARKS = "no two records of a system share a mark id"


class RecordReader(Protocol):
    """What verification needs: look-ups by exact id, and nothing that lists."""

    def find_by_mark(self, system_id: int, mark_id: MarkId) -> Record | None:
        """The record of a mark, whatever its state; None if there is none.

        Raises:
            RegistryError: the registry cannot be read.
        """
        ...

    def find_by_id(self, record_id: str) -> Record | None:
        """The record of that id, whatever its state; None if there is none.

        Raises:
            RegistryError: the registry cannot be read.
        """
        ...


class StoredFingerprint(NamedTuple):
    """A PDQ hash in the registry: 32 bytes, quality 0..100.

    `fingerprint_id` grows with every one that is added and is never given again. `position`
    is that of the parent in its record, None for the record's own file.
    """

    fingerprint_id: int
    record_id: str
    position: int | None
    pdq: bytes
    quality: int


class FingerprintReader(Protocol):
    """What search by fingerprint needs. It lists, so verification does not get it.

    Only issued and released records have fingerprints.
    """

    def fingerprint_pages(
        self, *, parents: bool, after: int = 0, upto: int | None = None
    ) -> Iterator[list[StoredFingerprint]]:
        """One page after another, by ascending id, from one state of the registry.

        Args:
            parents: those of the files that pictures were made from, instead of those of the
                pictures that were issued.
            after: only ids above this one.
            upto: only ids up to this one; None sets no end.

        Raises:
            RegistryError: the registry cannot be read.
        """
        ...

    def fingerprint_horizon(self) -> int:
        """An id at or below which no fingerprint will ever be added: all are committed.

        Raises:
            RegistryError: the registry cannot be read.
        """
        ...

    def existing_fingerprints(self, ids: Sequence[int]) -> list[StoredFingerprint]:
        """Those of these ids that are there, in no stated order; erased ones are not.

        Raises:
            RegistryError: the registry cannot be read.
        """
        ...

    def registry_identity(self) -> bytes:
        """16 random bytes that no other registry has.

        Raises:
            RegistryError: the registry cannot be read.
        """
        ...


class RecordStore(RecordReader, FingerprintReader, Protocol):
    """What stamping needs. Every method is one transaction and safe between threads.

    States only ever move reserved -> issued -> released, or to void before that.
    """

    def reserve(
        self,
        *,
        system: SystemRef,
        epoch: int,
        scheme: str,
        generation: Generation,
        id_bits: int,
    ) -> Record:
        """A new record with a mark id that is unique in its system.

        Args:
            system: the generating system; its id must not be None.
            epoch: key epoch that the mark is made with.
            scheme: name of the watermark scheme.
            generation: what the operator states.
            id_bits: how many bits of mark id the scheme carries.

        Raises:
            RegistryError: the registry cannot be written.
        """
        ...

    def issue(self, record_id: str, file: IssuedFile) -> Record:
        """Commit the facts of the verified file: reserved -> issued.

        Raises:
            RegistryError: not a reserved record, or the registry cannot be written.
        """
        ...

    def release(self, record_id: str) -> Record:
        """The file is at its final place: issued -> released.

        Raises:
            RegistryError: not an issued record, or the registry cannot be written.
        """
        ...

    def void(self, record_id: str) -> Record:
        """The stamping failed: reserved -> void. The mark id is never used again.

        Raises:
            RegistryError: not a reserved record, or the registry cannot be written.
        """
        ...

    def count(self) -> dict[RecordState, int]:
        """How many records there are in each state."""
        ...

    def unfinished(self, before: datetime) -> tuple[Record, ...]:
        """Records that stayed reserved since before this moment, or issued; the oldest first.

        Args:
            before: aware; what reached its state at or after it may still be in the making.

        Raises:
            RegistryError: the registry cannot be read.
        """
        ...

    def broken_rules(self) -> dict[StoreRule, tuple[str, ...]]:
        """For every rule, what breaks it; reads only.

        Raises:
            RegistryError: the registry cannot be read at all.
        """
        ...
