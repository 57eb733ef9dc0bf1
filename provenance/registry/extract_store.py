"""Extracts of a registry: SQLite files with the tables of a registry that somebody else made.

An extract has no accounts, no access log, no leaves and no salts; its header says what it is
(`application_id`), so that none is taken for a registry. Whoever opens one trusts nothing in
it: a database can hold views and triggers that run when it is read, so its schema has to be
ours to the letter, and SQLite is told to run nothing that the file brings.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Final, Self

from sqlalchemy import create_engine, func, insert, select

from provenance.errors import RegistryError
from provenance.registry import extract_rules, rules
from provenance.registry.extract_table import ExtractPage
from provenance.registry.sql_store import identify
from provenance.registry.sqlite_store import EXTRACT_ID, SqliteStore
from provenance.registry.store import StoreRule
from provenance.registry.tables import fingerprints, metadata, parents, records

_MAX_CELL: Final = 70_000_000  # bytes; the largest manifest is one of a 64 MB file
_MAX_OBJECTS: Final = 100  # tables and indexes of a schema; we have about twenty
_MAX_SQL: Final = 10_000
_SCHEMA: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT ?"

Schema = frozenset[tuple[str, str, str, str]]


class ExtractWriter(SqliteStore):
    """An extract in the making. What is half done is worth nothing, so nothing is synced."""

    application_id = EXTRACT_ID
    _mode = 0o600

    @classmethod
    def begin(cls, path: Path) -> Self:
        """A new private file without records.

        Raises:
            RegistryError: it exists already or cannot be written.
        """
        writer = cls(path)
        with writer.creating() as connection:
            identify(connection)
            connection.exec_driver_sql(f"PRAGMA application_id={EXTRACT_ID}")
        return writer

    def add(self, page: ExtractPage) -> int:
        """Take over some records; how many there were.

        Raises:
            RegistryError: they cannot be written.
        """
        with self._writing() as connection:
            connection.execute(insert(records), page.records)
            connection.execute(insert(fingerprints), page.fingerprints)
            if page.parents:
                connection.execute(insert(parents), page.parents)
        return len(page.records)

    def _configure(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("PRAGMA synchronous=OFF")


class ExtractStore(SqliteStore):
    """An extract that was made by somebody else, for reading only.

    It is opened as immutable: no journal beside it is looked at, and nothing is written.
    """

    application_id = EXTRACT_ID
    _address_options = "&immutable=1"

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened yet."""
        super().__init__(path, read_only=True)

    def check_schema(self) -> None:
        """Raise unless tables and indexes are ours to the letter. Cheap.

        Raises:
            RegistryError: they are not, or it is no database.
        """
        self._require()
        with self._translated(), closing(self._connect()) as connection:
            self._configure(connection)
            found = _schema_of(connection)
        if found != _our_schema():
            raise RegistryError(
                f"{self.name} has other tables than an extract of this version",
                hint="ask for an extract that was made with the version in use here",
            )

    def check(self) -> None:
        """Raise unless the extract is whole and of this version; reads all of it.

        Raises:
            RegistryError: it is not.
        """
        self.check_schema()
        super().check()

    def check_contents(self, system_id: int) -> int:
        """How many records there are; raise unless all are issued ones of this system.

        Raises:
            RegistryError: others are there, or something that belongs in no extract.
        """
        with self._reading() as connection:
            wrong = extract_rules.strange_tables(connection, system_id)
            if wrong:
                raise RegistryError(
                    f"{self.name} holds what belongs in no extract: table {wrong[0]}"
                )
            count = select(func.count()).select_from(records)
            return connection.execute(count).scalar_one()

    def broken_rules(self) -> dict[StoreRule, tuple[str, ...]]:
        """The rules that can be checked of an extract; there is no log to hold it against."""
        self.check_schema()
        with self._reading() as connection:
            damage = self._damage(connection, quick=False)
            return {StoreRule.SOUND: tuple(damage)} | rules.broken(connection, logged=False)

    def _configure(self, connection: sqlite3.Connection) -> None:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_CELL)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 0)
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA cell_size_check=ON")
        connection.execute("PRAGMA mmap_size=0")


def _schema_of(connection: sqlite3.Connection) -> Schema:
    found = connection.execute(_SCHEMA, (_MAX_OBJECTS + 1,)).fetchall()
    if len(found) > _MAX_OBJECTS or any(len(str(row[3])) > _MAX_SQL for row in found):
        return frozenset()
    return frozenset(
        (str(kind), str(name), str(table), " ".join(str(sql).split()))
        for kind, name, table, sql in found
    )


@cache
def _our_schema() -> Schema:
    """What `ExtractWriter` makes."""
    memory = sqlite3.connect(":memory:", check_same_thread=False)
    engine = create_engine("sqlite://", creator=lambda: memory)
    with engine.begin() as connection:
        metadata.create_all(connection)
        found = _schema_of(memory)
    engine.dispose()
    return found
