"""The store contract: what keeps the records of issued generations.

Every implementation passes the same conformance tests (`tests/conformance`). It is one contract
in parts, so that everybody is handed no more than what he needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from provenance.errors import RegistryError
from provenance.model.custody import AccessEntry, Account, StoredCheckpoint
from provenance.model.generation import (
    Generation,
    IssuedFile,
    Marking,
    Record,
    RecordState,
    Request,
)
from provenance.model.ids import MarkId, SystemRef
from provenance.model.statistics import RegistryStatistics


class RequestTakenError(RegistryError):
    """A record was reserved for this request before: `find_by_request` has it."""


class StoreRule(StrEnum):
    """What always holds of a registry, whatever was killed while it wrote."""

    SOUND = "registry is sound"
    VERSION = "registry has the schema of this version"
    STATES = "every record has a known state"
    FACTS = "issued and released records have the facts of their file, others have none"
    MARKS = "no two records of a system share a mark id"
    LEAVES = "every issued record is what was committed to, and its leaf is there"
    POSITIONS = "the leaves of the log are numbered without a gap"
    ERASED = "no erased record is there"


class RecordReader(Protocol):
    """What verification needs: look-ups by exact id, and nothing that lists."""

    def find_by_mark(self, system_id: int, mark_id: MarkId) -> Record | None:
        """The record of a mark, whatever its state; None if there is none.

        Raises:
            RegistryError: the registry cannot be read, or the record is damaged.
        """
        ...

    def find_by_id(self, record_id: str) -> Record | None:
        """The record of that id, whatever its state; None if there is none.

        Raises:
            RegistryError: the registry cannot be read, or the record is damaged.
        """
        ...

    def erased_at(
        self, *, record_id: str = "", mark: tuple[int, MarkId] | None = None
    ) -> datetime | None:
        """When the record of this id, or of this system's mark, was erased; None if it was not.

        Raises:
            RegistryError: the registry cannot be read.
        """
        ...


class FileReader(Protocol):
    """What a guard needs: is this very file one that was released?"""

    def find_by_sha256(self, sha256: str) -> tuple[Record, ...]:
        """The records whose issued file has this digest, whatever their state.

        Args:
            sha256: lower-case hexadecimal.

        Raises:
            RegistryError: the registry cannot be read, or a record is damaged.
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


class LeafReader(Protocol):
    """What the issuance log reads. Leaves are commitments of 32 bytes."""

    def log_size(self) -> int:
        """How many leaves have a position: 0 .. size - 1."""
        ...

    def waiting(self) -> int:
        """How many leaves were committed and have no position yet."""
        ...

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The leaves of these positions in order, as far as there are any.

        Raises:
            RegistryError: one in between is missing, or the registry cannot be read.
        """
        ...

    def leaf_position(self, commitment: bytes) -> int | None:
        """Where a leaf is; None where it is unknown or waits."""
        ...

    def commitment_of(self, record_id: str) -> bytes | None:
        """The leaf of an issued record, computed anew; None where there is no such record."""
        ...

    def checkpoints(self) -> tuple[StoredCheckpoint, ...]:
        """All signed heads, the smallest first."""
        ...

    def newest_checkpoint(self) -> StoredCheckpoint | None:
        """The signed head of the largest log."""
        ...


class LeafStore(LeafReader, Protocol):
    """What publishing the issuance log needs."""

    def sequence(self) -> int:
        """Give every waiting leaf its position, in the order of commits; the size of the log.

        A position is given once and never changes.

        Raises:
            RegistryError: the registry cannot be written.
        """
        ...

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a signed head. One of the same size and root is replaced: signatures are added.

        Raises:
            RegistryError: there is one of that size with another root, or the registry cannot
                be written.
        """
        ...


class PersonalStore(Protocol):
    """What is personal: accounts behind pseudonyms, and who looked at them."""

    def account(self, pseudonym: str) -> Account | None:
        """The sealed account; None where it is unknown or was erased."""
        ...

    def records_of(self, pseudonym: str) -> tuple[str, ...]:
        """Ids of the records that an account asked for."""
        ...

    def erase_account(self, pseudonym: str) -> int:
        """Forget the account and its pseudonym; from how many records it was taken."""
        ...

    def accounts_before(self, before: datetime) -> int:
        """How many accounts were last used before a moment."""
        ...

    def expire_accounts(self, before: datetime) -> int:
        """Forget accounts that were last used before a moment; how many there were."""
        ...

    def note_access(self, entry: AccessEntry) -> None:
        """Commit an entry to the access log. Do it before what it tells of."""
        ...

    def access_entries(self) -> Iterator[AccessEntry]:
        """The access log, the oldest first."""
        ...

    def access_before(self, before: datetime) -> int:
        """How many entries are from before a moment."""
        ...

    def expire_access(self, before: datetime) -> int:
        """Remove entries from before a moment; how many there were."""
        ...


class StatisticsReader(Protocol):
    """What an overview needs: numbers, and no record."""

    def count(self) -> dict[RecordState, int]:
        """How many records there are in each state."""
        ...

    def statistics(self) -> RegistryStatistics:
        """How much there is of everything, from one state of the registry.

        Raises:
            RegistryError: the registry cannot be read.
        """
        ...


class RecordStore(
    RecordReader,
    FileReader,
    FingerprintReader,
    LeafStore,
    PersonalStore,
    StatisticsReader,
    Protocol,
):
    """What an operator has. Every method is one transaction and safe between threads.

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
        request: Request | None = None,
        account: Account | None = None,
    ) -> Record:
        """A new record with a mark id that is unique in its system.

        Args:
            system: the generating system; its id must not be None.
            epoch: key epoch that the mark is made with.
            scheme: name of the watermark scheme.
            generation: what the operator states.
            id_bits: how many bits of mark id the scheme carries.
            request: makes this the one record of that request in its system.
            account: who asked for it, under a pseudonym.

        Raises:
            RequestTakenError: there is a record for this request already.
            RegistryError: the registry cannot be written.
        """
        ...

    def find_by_request(self, system_id: int, key: bytes) -> Record | None:
        """The record of a request; None if there is none, or it became void.

        Raises:
            RegistryError: the registry cannot be read, or the record is damaged.
        """
        ...

    def hold(self, record_id: str, marking: Marking) -> Record:
        """The picture was marked and is signed later: reserved, and pending from now on.

        Of a pending record it replaces what was known.

        Raises:
            RegistryError: not a reserved record, or the registry cannot be written.
        """
        ...

    def pending(self) -> tuple[Record, ...]:
        """Records whose picture was marked and not signed, expired or not; the oldest expiry first.

        Raises:
            RegistryError: the registry cannot be read.
        """
        ...

    def issue(self, record_id: str, file: IssuedFile) -> Record:
        """Commit the facts of the verified file, and with them its leaf: reserved -> issued.

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

        Its request, if it had one, is free again.

        Raises:
            RegistryError: not a reserved record, or the registry cannot be written.
        """
        ...

    def erase(self, record_id: str) -> None:
        """Erase a record with its fingerprints, manifest and salt. There is no way back.

        Kept are its ids, so that none of them is ever used again, and its leaf, which nobody
        can connect with anything any more.

        Raises:
            RegistryError: there is no such record, it is in the making, or the registry cannot
                be written.
        """
        ...

    def unfinished(self, before: datetime) -> tuple[Record, ...]:
        """Records that stayed reserved since before this moment, or issued; the oldest first.

        A pending one counts from the moment when it expires, and never before that has come.

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
