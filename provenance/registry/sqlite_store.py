"""The registry in SQLite: embedded, durable at every commit, many writers at once.

A rollback journal, not a write-ahead log: whoever reads a database with a log must create
and write two files beside it, and whoever verifies may write nothing. With
`synchronous=EXTRA` no acknowledged record is lost when the process or the machine dies; in
this mode FULL does not sync the directory, and a loss of power could bring the journal of a
finished transaction back (https://www.sqlite.org/pragma.html#pragma_synchronous). Every
writing transaction starts with BEGIN IMMEDIATE: a deferred one that reads before it writes
fails under load instead of waiting.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    create_engine,
    event,
    func,
    insert,
    null,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.pool import NullPool

from provenance.errors import ErrorCode, RegistryError
from provenance.model.generation import (
    PDQ_BYTES,
    Generation,
    IssuedFile,
    Record,
    RecordState,
)
from provenance.model.ids import MarkId, SystemRef, new_record_id
from provenance.registry import rows, rules
from provenance.registry.store import StoredFingerprint, StoreRule
from provenance.registry.tables import SCHEMA_VERSION, metadata, parents, records, schema

_BUSY_SECONDS: Final = 30
_RESERVE_ATTEMPTS: Final = 16
_PAGE: Final = 8192  # fingerprints that are held at a time
_WRITES: Final = "provenance_writes"  # execution option of transactions that will write


class SqliteStore:
    """A `RecordStore` in one SQLite file.

    The engine is made on first use and made anew after a fork, so a store can be handed
    to worker processes.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: the database file.
            read_only: never write, not even the schema; for verification.
        """
        self.path = path
        self.read_only = read_only
        self._creating = False
        self._engine: Engine | None = None
        self._process = 0

    @classmethod
    def create(cls, path: Path) -> SqliteStore:
        """Make a new registry file.

        Raises:
            RegistryError: it exists already or cannot be written.
        """
        if path.exists():
            raise RegistryError(f"{path} exists already")
        maker = cls(path)
        maker._creating = True
        with maker._writing() as connection:
            metadata.create_all(connection)
            connection.execute(insert(schema).values(version=SCHEMA_VERSION))
        return cls(path)

    # --- writing ---------------------------------------------------------------

    def reserve(
        self,
        *,
        system: SystemRef,
        epoch: int,
        scheme: str,
        generation: Generation,
        id_bits: int,
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
            )
            try:
                with self._writing() as connection:
                    connection.execute(insert(records).values(rows.of_reserved(record)))
            except IntegrityError:  # the mark id is taken: draw another one
                continue
            return record
        raise RegistryError(
            "no free mark id found",
            hint=f"{scheme} carries {id_bits} bits of mark id; this system has used them up",
        )

    def issue(self, record_id: str, file: IssuedFile) -> Record:
        """Commit the verified file; see `RecordStore.issue`."""
        row = {"issued_at": datetime.now(UTC).isoformat(), **rows.of_file(file)}
        made_from = rows.of_parents(record_id, file)
        return self._move(record_id, RecordState.RESERVED, RecordState.ISSUED, row, made_from)

    def release(self, record_id: str) -> Record:
        """The file is in place; see `RecordStore.release`."""
        return self._move(record_id, RecordState.ISSUED, RecordState.RELEASED)

    def void(self, record_id: str) -> Record:
        """The stamping failed; see `RecordStore.void`."""
        return self._move(record_id, RecordState.RESERVED, RecordState.VOID)

    def _move(
        self,
        record_id: str,
        source: RecordState,
        target: RecordState,
        values: Mapping[str, Any] = MappingProxyType({}),
        made_from: Sequence[Mapping[str, Any]] = (),
    ) -> Record:
        with self._writing() as connection:
            changed = connection.execute(
                update(records)
                .where(records.c.record_id == record_id, records.c.state == source.value)
                .values(state=target.value, **values)
            ).rowcount
            if changed == 1 and made_from:
                connection.execute(insert(parents), made_from)
            record = _one(connection, records.c.record_id == record_id)
        if changed != 1 or record is None:
            state = "missing" if record is None else record.state.value
            raise RegistryError(f"record {record_id} is {state}, not {source.value}")
        return record

    # --- reading ---------------------------------------------------------------

    def find_by_mark(self, system_id: int, mark_id: MarkId) -> Record | None:
        """The record of a mark; see `RecordReader.find_by_mark`."""
        with self._reading() as connection:
            return _one(
                connection,
                records.c.system_id == system_id,
                records.c.mark_id == mark_id.value,
            )

    def find_by_id(self, record_id: str) -> Record | None:
        """The record of an id; see `RecordReader.find_by_id`."""
        with self._reading() as connection:
            return _one(connection, records.c.record_id == record_id)

    def issued_fingerprints(self) -> Iterator[list[StoredFingerprint]]:
        """Of all pictures; see `FingerprintReader.issued_fingerprints`."""
        columns = (records.c.record_id, null(), records.c.pdq, records.c.pdq_quality)
        return self._fingerprints(select(*columns).where(records.c.issued_at.is_not(None)))

    def parent_fingerprints(self) -> Iterator[list[StoredFingerprint]]:
        """Of all parents; see `FingerprintReader.parent_fingerprints`."""
        columns = (parents.c.record_id, parents.c.position, parents.c.pdq, parents.c.pdq_quality)
        return self._fingerprints(select(*columns))

    def _fingerprints(self, query: Select[Any]) -> Iterator[list[StoredFingerprint]]:
        """One transaction: writers prepare meanwhile, and wait with their commits."""
        with self._reading() as connection:
            for rows_read in connection.execute(query).partitions(_PAGE):
                page = [StoredFingerprint._make(row) for row in rows_read]
                # They are compared side by side: one of another length would move all others.
                if any(len(stored.pdq or b"") != PDQ_BYTES for stored in page):
                    raise RegistryError(f"{self.path} holds a fingerprint that is damaged")
                yield page

    def count(self) -> dict[RecordState, int]:
        """Records in each state."""
        with self._reading() as connection:
            counted = connection.execute(
                select(records.c.state, func.count()).group_by(records.c.state)
            ).all()
        found = {RecordState(state): number for state, number in counted}
        return {state: found.get(state, 0) for state in RecordState}

    def check(self) -> None:
        """Raise unless the file is sound and of the version that this code writes.

        Raises:
            RegistryError: damaged, of another version, or not a registry.
        """
        with self._reading() as connection:
            result = connection.exec_driver_sql("PRAGMA quick_check").scalar()
            version = connection.execute(select(schema.c.version)).scalar()
        if result != "ok":
            raise RegistryError(f"{self.path} is damaged: {result}")
        if version != SCHEMA_VERSION:
            raise RegistryError(f"{self.path} has schema version {version}, not {SCHEMA_VERSION}")

    def unfinished(self, before: datetime) -> tuple[Record, ...]:
        """What a crash may have left; see `RecordStore.unfinished`."""
        # All times are written in UTC by `isoformat`, so their text sorts as they do.
        since = func.coalesce(records.c.issued_at, records.c.reserved_at)
        open_states = (RecordState.RESERVED.value, RecordState.ISSUED.value)
        with self._reading() as connection:
            ids = connection.scalars(
                select(records.c.record_id)
                .where(records.c.state.in_(open_states))
                .where(since < before.astimezone(UTC).isoformat())
                .order_by(since, records.c.record_id)
            ).all()
            found = (_one(connection, records.c.record_id == name) for name in ids)
            return tuple(record for record in found if record is not None)

    def broken_rules(self) -> dict[StoreRule, tuple[str, ...]]:
        """What is wrong with this registry; see `RecordStore.broken_rules`."""
        with self._reading() as connection:
            return rules.broken(connection)

    # --- connections -----------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self.read_only:
            raise RegistryError(f"{self.path} was opened for reading only")
        engine = self._opened().execution_options(**{_WRITES: True})
        with self._translated(), engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if not self.path.is_file():
            raise RegistryError(f"there is no registry at {self.path}")
        with self._translated(), self._opened().begin() as connection:
            yield connection

    def _opened(self) -> Engine:
        if self._engine is None or self._process != os.getpid():
            self._engine, self._process = self._make_engine(), os.getpid()
        return self._engine

    def _make_engine(self) -> Engine:
        mode = "ro" if self.read_only else "rwc" if self._creating else "rw"
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        engine = create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(
                address,
                uri=True,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            ),
            # A connection for each transaction. The default pool for this URL hands one
            # thread's connection to another and closes it under its feet.
            poolclass=NullPool,
        )

        @event.listens_for(engine, "connect")
        def configure(connection: sqlite3.Connection, _: object) -> None:
            connection.execute("PRAGMA foreign_keys=ON")
            if not self.read_only:
                connection.execute("PRAGMA journal_mode=DELETE")
                connection.execute("PRAGMA synchronous=EXTRA")

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            writes = connection.get_execution_options().get(_WRITES)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except OperationalError as error:
            text = str(error.orig)
            code = ErrorCode.BUSY if "locked" in text or "busy" in text else ErrorCode.REGISTRY
            if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_READONLY_ROLLBACK":
                text = "a writer died half way; `provenance doctor` or the next writer undoes it"
            raise RegistryError(f"registry {self.path}: {text}", code=code) from error
        except (DatabaseError, sqlite3.Error, OSError) as error:
            reason = getattr(error, "orig", error)
            raise RegistryError(f"registry {self.path}: {reason}") from error


def _one(connection: Connection, *conditions: ColumnElement[bool]) -> Record | None:
    """The record of the row that meets these conditions."""
    row = connection.execute(select(records).where(*conditions)).first()
    if row is None:
        return None
    made_from = connection.execute(
        select(parents).where(parents.c.record_id == row.record_id).order_by(parents.c.position)
    ).all()
    return rows.record(row, made_from)
