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
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import NullPool

from provenance.errors import RegistryError
from provenance.forking import unforked
from provenance.registry.copies import copy_aside
from provenance.registry.database import BUSY_SECONDS, WRITES
from provenance.registry.sql_store import SqlStore, identify
from provenance.registry.tables import SCHEMA_VERSION

#: `application_id` of an extract of a registry; a registry has 0 there.
EXTRACT_ID: Final = 0x50455831
_KINDS: Final = {0: "a registry, not an extract", EXTRACT_ID: "an extract, not a registry"}


class SqliteStore(SqlStore):
    """A `RecordStore` in one SQLite file.

    Attributes:
        application_id: what the file's header says that it is.
    """

    application_id = 0
    _address_options = ""
    _mode = 0o644  # less what the umask takes away

    def __init__(
        self, path: Path, *, read_only: bool = False, busy_seconds: float = BUSY_SECONDS
    ) -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: the database file.
            read_only: never write, not even the schema; for verification.
            busy_seconds: how long another writer is waited for.
        """
        super().__init__(str(path), read_only=read_only, busy_seconds=busy_seconds)
        self.path = path
        self._keeps_references = True
        self._copied = False
        self._turn = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        # Another process has threads of its own. What verifies there gets its store like this.
        return {name: value for name, value in vars(self).items() if name != "_turn"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._turn = threading.RLock()

    @classmethod
    def create(cls, path: Path) -> SqliteStore:
        """Make a new registry file.

        Raises:
            RegistryError: it exists already or cannot be written.
        """
        made = cls(path)
        with made.creating() as connection:
            identify(connection)
        return made

    @contextmanager
    def creating(self) -> Iterator[Connection]:
        """See `SqlStore.creating`; without a commit there is no file either."""
        try:
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, self._mode))
        except FileExistsError as error:
            raise RegistryError(f"{self.path} exists already") from error
        except OSError as error:
            raise self._failed(error.strerror or error) from error
        try:
            with super().creating() as connection:
                yield connection
        except BaseException:
            self.path.unlink(missing_ok=True)
            raise

    # --- what is particular about SQLite -------------------------------------------

    def _require(self) -> None:
        if not self.path.is_file():
            raise RegistryError(f"there is no registry at {self.path}")

    def _make_engine(self) -> Engine:
        engine = create_engine(
            "sqlite://",
            creator=self._connect,
            # A connection for each transaction. The default pool for this URL hands one
            # thread's connection to another and closes it under its feet.
            poolclass=NullPool,
        )

        @event.listens_for(engine, "connect")
        def configure(connection: sqlite3.Connection, _: object) -> None:
            self._configure(connection)

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            writes = connection.get_execution_options().get(WRITES)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    def _connect(self) -> sqlite3.Connection:
        mode = "ro" if self.read_only else "rw"
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}{self._address_options}",
            uri=True,
            timeout=self.busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )

    def _configure(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA foreign_keys={'ON' if self._keeps_references else 'OFF'}")
        if not self.read_only:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA synchronous=EXTRA")
            # What is erased is overwritten with zeros, and not left in free pages.
            connection.execute("PRAGMA secure_delete=ON")

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        # Whom SQLite turns away sleeps, and asks again; the next thread in line is woken at once.
        with unforked():
            if not self._turn.acquire(timeout=self.busy_seconds):
                raise self._failed("another thread did not finish writing", busy=True)
            try:
                with super()._writing() as connection:
                    yield connection
            finally:
                self._turn.release()

    def _serialise(self, connection: Connection, what: str) -> None:
        """Nothing to do: whoever writes is alone."""

    def _freeze(self, connection: Connection) -> None:
        """Nothing to do: whoever writes is alone."""

    def last_number(self, connection: Connection, table: Table) -> int:
        """The highest number that this table ever gave a row."""
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return connection.scalar(query, {"name": table.name}) or 0

    def number_after(self, connection: Connection, table: Table, last: int) -> None:
        """Let this table give its next row a number above this one."""
        values = {"name": table.name, "last": last}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), values)

    def _damage(self, connection: Connection, *, quick: bool) -> list[str]:
        check = "quick_check" if quick else "integrity_check"
        lines = connection.exec_driver_sql(f"PRAGMA {check}").scalars().all()
        damage = [str(line) for line in lines if line != "ok"]
        kind = int(connection.exec_driver_sql("PRAGMA application_id").scalar_one())
        if kind != self.application_id:
            damage.append(_KINDS.get(kind, "a file of another program"))
        return damage

    def _disk_bytes(self, connection: Connection) -> int | None:
        pages, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("page_count", "page_size")
        )
        return int(pages) * int(size)

    @contextmanager
    def _migrating(self) -> Iterator[Connection]:
        # A table is changed by copying it and dropping the old one, which would take with it
        # all that refers to it.
        self._keeps_references = False
        try:
            with super()._migrating() as connection:
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise RegistryError(f"{self.path} has rows whose record is missing")
        except BaseException:
            if self._copied:
                self._old.unlink(missing_ok=True)
            raise
        finally:
            self._keeps_references, self._copied = True, False

    @property
    def _old(self) -> Path:
        return self.path.with_name(f"{self.path.name}.before-{SCHEMA_VERSION}")

    def _keep_old(self) -> None:
        copy_aside(self.path, self._old)
        self._copied = True

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with super()._translated():
                yield
        except sqlite3.Error as error:  # not every one passes through SQLAlchemy
            raise self._failed(error) from error
        except UnicodeDecodeError as error:  # of a text, or of a message that quotes one
            raise self._failed("it holds text that is not UTF-8") from error

    def _failure(self, error: DatabaseError | OSError) -> RegistryError:
        if not isinstance(error, OperationalError):
            return self._failed(getattr(error, "orig", error))
        text = str(error.orig)
        if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_READONLY_ROLLBACK":
            text = "a writer died half way; `provenance doctor` or the next writer undoes it"
        return self._failed(text, busy="locked" in text or "busy" in text)
