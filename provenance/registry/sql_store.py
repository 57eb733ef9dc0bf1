"""A registry in an SQL database: all of its tables, its version, and its rules."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from provenance.errors import RegistryError
from provenance.registry import rules
from provenance.registry.extract_table import ExtractTable
from provenance.registry.fingerprint_table import FingerprintTable
from provenance.registry.leaf_table import LeafTable
from provenance.registry.personal_table import PersonalTable
from provenance.registry.record_table import RecordTable
from provenance.registry.statistics_table import StatisticsTable
from provenance.registry.store import StoreRule
from provenance.registry.tables import SCHEMA_VERSION, metadata, schema

_IDENTITY_BYTES: Final = 16


class SqlStore(
    RecordTable, FingerprintTable, LeafTable, PersonalTable, StatisticsTable, ExtractTable
):
    """A `RecordStore`; every method is one transaction.

    A registry of another version is refused before anything is read from it or written to it.
    """

    def __init__(self, name: str, *, read_only: bool, busy_seconds: float) -> None:
        """Name the database; nothing is opened yet."""
        super().__init__(name, read_only=read_only, busy_seconds=busy_seconds)
        self._admitted = False

    def check(self) -> None:
        """Raise unless the registry is sound and of the version that this code writes.

        Raises:
            RegistryError: damaged, of another version, or not a registry.
        """
        with super()._reading() as connection:
            damage = self._damage(connection, quick=True)
            version = self._version(connection)
        if damage:
            raise RegistryError(f"{self.name} is damaged: {damage[0]}")
        self._refuse_other(version)

    def cautions(self) -> tuple[str, ...]:
        """What an operator should know about this database and can change."""
        return ()

    def broken_rules(self) -> dict[StoreRule, tuple[str, ...]]:
        """What is wrong with this registry; see `RecordStore.broken_rules`.

        Raises:
            RegistryError: older than this code: its rules are others.
        """
        with super()._reading() as connection:
            if self._version(connection) < SCHEMA_VERSION:
                self._admit(connection)
            damage = self._damage(connection, quick=False)
            return {StoreRule.SOUND: tuple(damage)} | rules.broken(connection)

    # --- the version --------------------------------------------------------------

    def version(self) -> int:
        """The version of the schema, whichever it is.

        Raises:
            RegistryError: not a registry, or it cannot be read.
        """
        with super()._reading() as connection:
            return self._version(connection)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with super()._reading() as connection:
            self._admit(connection)
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with super()._writing() as connection:
            self._admit(connection)
            yield connection

    def _admit(self, connection: Connection) -> None:
        if not self._admitted:
            self._refuse_other(self._version(connection))
            self._admitted = True

    def _version(self, connection: Connection) -> int:
        version = connection.execute(select(schema.c.version)).scalar()
        if not isinstance(version, int):
            raise RegistryError(f"{self.name} does not say which version it has")
        return version

    def _refuse_other(self, version: int) -> None:
        if version == SCHEMA_VERSION:
            return
        hint = "it was written by a newer provenance: install that one"
        if version < SCHEMA_VERSION:
            hint = "provenance registry migrate"
        raise RegistryError(
            f"{self.name} has schema version {version}, not {SCHEMA_VERSION}", hint=hint
        )

    # --- the whole registry at once -------------------------------------------------

    def migrate(self) -> int:
        """Bring the schema to the version of this code; the version that it had.

        All of it happens or nothing.

        Raises:
            RegistryError: newer than this code, older than can be migrated, a record is
                damaged, or the registry cannot be written.
        """
        from provenance.registry.migrations import upgrade  # Alembic, for nothing else

        with self._migrating() as connection, self._strictly():
            version = self._version(connection)
            if version > SCHEMA_VERSION:
                self._refuse_other(version)
            if version < SCHEMA_VERSION:
                self._keep_old()
                upgrade(connection, version)
        return version

    @contextmanager
    def frozen(self) -> Iterator[Connection]:
        """A transaction in which nobody else writes, and which may take long."""
        with self._writing() as connection:
            self._freeze(connection)
            yield connection

    @contextmanager
    def creating(self) -> Iterator[Connection]:
        """A transaction in which there are the tables of a new registry, all empty.

        Raises:
            RegistryError: there is a registry already, or it cannot be written.
        """
        with super()._writing() as connection, self._strictly():
            self._create(connection)
            yield connection

    @contextmanager
    def _strictly(self) -> Iterator[None]:
        """Rows are put as they are: one that breaks a constraint is damaged."""
        try:
            yield
        except IntegrityError as error:
            failure = self._failure(error)
            raise RegistryError(failure.message, hint="provenance release fsck") from error

    def _create(self, connection: Connection) -> None:
        # Tables of the same names are somebody else's: they are met with an error.
        metadata.create_all(connection, checkfirst=False)

    @contextmanager
    def _migrating(self) -> Iterator[Connection]:
        with super()._writing() as connection:
            self._freeze(connection)
            yield connection

    def _keep_old(self) -> None:
        """Put aside what the registry was before it is migrated, where that can be done here."""


def identify(connection: Connection) -> None:
    """Give a new registry its version and its identity."""
    identity = secrets.token_bytes(_IDENTITY_BYTES)
    connection.execute(insert(schema).values(version=SCHEMA_VERSION, identity=identity))
