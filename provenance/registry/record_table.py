"""Records and their files: reserving, issuing, releasing, finding, erasing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from provenance.errors import RegistryError
from provenance.model.commitment import SALT_BYTES, commitment
from provenance.model.custody import Account
from provenance.model.generation import (
    Fingerprint,
    Generation,
    IssuedFile,
    Marking,
    Record,
    RecordState,
    Request,
)
from provenance.model.ids import MarkId, SystemRef, new_record_id
from provenance.registry import personal_table, rows
from provenance.registry.database import Database
from provenance.registry.store import RequestTakenError
from provenance.registry.tables import (
    erased,
    fingerprints,
    leaves,
    markings,
    parents,
    records,
)

_RESERVE_ATTEMPTS: Final = 16
_OPEN_STATES: Final = (RecordState.RESERVED.value, RecordState.ISSUED.value)


class _ErasedMarkError(Exception):
    """Undoes the transaction that took the mark id of an erased record."""


class RecordTable(Database):
    """The part of a `RecordStore` that has to do with records."""

    # --- writing ---------------------------------------------------------------

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
        """A new record with a unique mark id; see `RecordStore.reserve`."""
        if system.id is None:
            raise RegistryError(f"system {system.name} has no id and cannot issue marks")
        for _ in range(_RESERVE_ATTEMPTS):
            record = Record(
                record_id=new_record_id(),
                system=system,
                mark_id=MarkId.random(bits=id_bits),
                epoch=epoch,
                scheme=scheme,
                generation=generation,
                state=RecordState.RESERVED,
                reserved_at=datetime.now(UTC),
                request=request,
                pseudonym=account.pseudonym if account else "",
            )
            if self._reserved(record, account):
                return record
            if request is not None and self.find_by_request(system.id, request.key) is not None:
                raise RequestTakenError("a record was reserved for this request before")
        raise RegistryError(
            "no free mark id found",
            hint=f"{scheme} carries {id_bits} bits of mark id; this system has used them up",
        )

    def _reserved(self, record: Record, account: Account | None) -> bool:
        """True once the record is kept; False where the mark id or the request is taken.

        Erased marks are looked up last: whoever erases the same mark right now holds the insert
        up until he has committed.
        """
        of_mark = (
            erased.c.system_id == record.system.id,
            erased.c.mark_id == record.mark_id.value,
        )
        try:
            with self._writing() as connection:
                connection.execute(insert(records).values(rows.of_reserved(record)))
                if connection.execute(select(erased.c.record_id).where(*of_mark)).first():
                    raise _ErasedMarkError
                if account is not None:
                    personal_table.keep(connection, account, record.reserved_at)
        except (IntegrityError, _ErasedMarkError):
            return False
        return True

    def hold(self, record_id: str, marking: Marking) -> Record:
        """The picture is marked and waits to be signed; see `RecordStore.hold`."""
        with self._writing() as connection:
            _moved(connection, record_id, RecordState.RESERVED, RecordState.RESERVED)
            connection.execute(delete(markings).where(markings.c.record_id == record_id))
            connection.execute(insert(markings).values(rows.of_marking(record_id, marking)))
            return _there(connection, record_id)

    def issue(self, record_id: str, file: IssuedFile) -> Record:
        """Commit the verified file and its leaf; see `RecordStore.issue`."""
        salt = secrets.token_bytes(SALT_BYTES)
        facts = {"issued_at": rows.utc(datetime.now(UTC)), "salt": salt, **rows.of_file(file)}
        with self._writing() as connection:
            record = _moved(
                connection, record_id, RecordState.RESERVED, RecordState.ISSUED, facts, file
            )
            connection.execute(insert(leaves).values(commitment=commitment(record, salt)))
        return record

    def release(self, record_id: str) -> Record:
        """The file is in place; see `RecordStore.release`."""
        with self._writing() as connection:
            return _moved(connection, record_id, RecordState.ISSUED, RecordState.RELEASED)

    def void(self, record_id: str) -> Record:
        """The stamping failed; see `RecordStore.void`."""
        freed = {"request_key": None, "request_digest": None}
        with self._writing() as connection:
            _moved(connection, record_id, RecordState.RESERVED, RecordState.VOID, freed)
            connection.execute(delete(markings).where(markings.c.record_id == record_id))
            return _there(connection, record_id)

    def erase(self, record_id: str) -> None:
        """Erase a record for good; see `RecordStore.erase`."""
        same = records.c.record_id == record_id
        with self._writing() as connection:
            # Whoever changes it right now is waited for.
            connection.execute(select(records.c.record_id).where(same).with_for_update())
            # The row as it is: a damaged record can be erased too.
            row = connection.execute(select(records).where(same)).first()
            if row is None:
                raise RegistryError(f"record {record_id} is missing")
            if row.state == RecordState.RESERVED.value:
                raise RegistryError(
                    f"record {record_id} is reserved: its file may be in the making",
                    hint="provenance release sweep settles what a crash left",
                )
            connection.execute(
                insert(erased).values(
                    record_id=record_id,
                    system_id=row.system_id,
                    mark_id=row.mark_id,
                    erased_at=rows.utc(datetime.now(UTC)),
                )
            )
            connection.execute(delete(records).where(same))

    # --- reading ---------------------------------------------------------------

    def find_by_mark(self, system_id: int, mark_id: MarkId) -> Record | None:
        """The record of a mark; see `RecordReader.find_by_mark`."""
        with self._reading() as connection:
            return one(
                connection,
                records.c.system_id == system_id,
                records.c.mark_id == mark_id.value,
            )

    def find_by_id(self, record_id: str) -> Record | None:
        """The record of an id; see `RecordReader.find_by_id`."""
        if not record_id.isprintable():
            return None  # no server takes such a text
        with self._reading() as connection:
            return one(connection, records.c.record_id == record_id)

    def find_by_request(self, system_id: int, key: bytes) -> Record | None:
        """The record of a request; see `RecordStore.find_by_request`."""
        with self._reading() as connection:
            return one(connection, records.c.system_id == system_id, records.c.request_key == key)

    def find_by_sha256(self, sha256: str) -> tuple[Record, ...]:
        """The records of a file; see `FileReader.find_by_sha256`."""
        with self._reading() as connection:
            ids = connection.scalars(
                select(records.c.record_id)
                .where(records.c.sha256 == sha256)
                .order_by(records.c.record_id)
            ).all()
            found = (one(connection, records.c.record_id == name) for name in ids)
            return tuple(record for record in found if record is not None)

    def erased_at(
        self, *, record_id: str = "", mark: tuple[int, MarkId] | None = None
    ) -> datetime | None:
        """When a record was erased; see `RecordReader.erased_at`."""
        wanted = [erased.c.record_id == record_id]
        if mark is not None:
            wanted = [erased.c.system_id == mark[0], erased.c.mark_id == mark[1].value]
        with self._reading() as connection:
            moment = connection.scalar(select(erased.c.erased_at).where(*wanted))
        return None if moment is None else datetime.fromisoformat(moment)

    def unfinished(self, before: datetime) -> tuple[Record, ...]:
        """What a crash may have left; see `RecordStore.unfinished`."""
        expires = markings.c.expires_at
        since = func.coalesce(records.c.issued_at, expires, records.c.reserved_at)
        over = or_(
            records.c.issued_at.is_not(None),
            expires.is_(None),
            expires <= rows.utc(datetime.now(UTC)),
        )
        with self._reading() as connection:
            ids = connection.scalars(
                select(records.c.record_id)
                .outerjoin(markings, markings.c.record_id == records.c.record_id)
                .where(or_(*(records.c.state == state for state in _OPEN_STATES)))
                .where(over, since < rows.utc(before))
                .order_by(since, records.c.record_id)
            ).all()
            found = (one(connection, records.c.record_id == name) for name in ids)
            return tuple(record for record in found if record is not None)

    def pending(self) -> tuple[Record, ...]:
        """What waits to be signed, or did until it expired; see `RecordStore.pending`."""
        with self._reading() as connection:
            ids = connection.scalars(
                select(markings.c.record_id)
                .join(records, records.c.record_id == markings.c.record_id)
                .where(records.c.state == RecordState.RESERVED.value)
                .order_by(markings.c.expires_at, markings.c.record_id)
            ).all()
            return tuple(_there(connection, name) for name in ids)

    def commitment_of(self, record_id: str) -> bytes | None:
        """The leaf of a record; see `LeafReader.commitment_of`."""
        with self._reading() as connection:
            record = one(connection, records.c.record_id == record_id)
            query = select(records.c.salt).where(records.c.record_id == record_id)
            salt = connection.scalar(query)
        if record is None or record.file is None or not salt:
            return None
        return commitment(record, salt)


def _moved(
    connection: Connection,
    record_id: str,
    source: RecordState,
    target: RecordState,
    values: Mapping[str, Any] = MappingProxyType({}),
    file: IssuedFile | None = None,
) -> Record:
    """The record once it is in its new state, with the facts of its file."""
    changed = connection.execute(
        update(records)
        .where(records.c.record_id == record_id, records.c.state == source.value)
        .values(state=target.value, **values)
    ).rowcount
    if changed == 1 and file is not None:
        connection.execute(insert(fingerprints), rows.of_fingerprints(record_id, file))
        if file.parents:
            connection.execute(insert(parents), rows.of_parents(record_id, file))
    record = one(connection, records.c.record_id == record_id, logged=file is None)
    if changed != 1 or record is None:
        state = "missing" if record is None else record.state.value
        raise RegistryError(f"record {record_id} is {state}, not {source.value}")
    return record


def _there(connection: Connection, record_id: str) -> Record:
    """A record that was seen in this very transaction."""
    record = one(connection, records.c.record_id == record_id)
    if record is None:
        raise RegistryError(f"record {record_id} is missing")
    return record


def one(
    connection: Connection, *conditions: ColumnElement[bool], logged: bool = True
) -> Record | None:
    """The record of the row that meets these conditions.

    Args:
        connection: to the registry.
        *conditions: what is looked for.
        logged: an issued record has its leaf already.

    Raises:
        RegistryError: it is damaged, or is not the one that its leaf was made of.
    """
    row = connection.execute(select(records).where(*conditions)).first()
    if row is None:
        return None
    made_from = connection.execute(
        select(parents).where(parents.c.record_id == row.record_id).order_by(parents.c.position)
    ).all()
    prints = connection.execute(
        select(fingerprints).where(fingerprints.c.record_id == row.record_id)
    ).all()
    marking = connection.execute(
        select(markings).where(markings.c.record_id == row.record_id)
    ).first()
    try:
        seen = {item.position: Fingerprint(bits=item.pdq, quality=item.quality) for item in prints}
        record = rows.record(row, made_from, seen, marking)
        if not row.salt or record.file is None:  # an extract has no salts
            return record
        of_record = leaves.c.commitment == commitment(record, row.salt)
        leaf = connection.execute(select(leaves.c.position).where(of_record)).first()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistryError(
            f"record {row.record_id} is damaged: {error}", hint="provenance registry fsck"
        ) from error
    if leaf is None and logged:
        raise RegistryError(
            f"record {row.record_id} is not the one that was logged",
            hint="provenance registry fsck",
        )
    return replace(record, log_position=leaf.position if leaf else None)
