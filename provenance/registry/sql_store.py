"""A registry in an SQL database: all of its tables, and its rules."""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import Connection, insert, select

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
    """A `RecordStore`; every method is one transaction."""

    def check(self) -> None:
        """Raise unless the registry is sound and of the version that this code writes.

        Raises:
            RegistryError: damaged, of another version, or not a registry.
        """
        with self._reading() as connection:
            damage = self._damage(connection, quick=True)
            version = connection.execute(select(schema.c.version)).scalar()
        if damage:
            raise RegistryError(f"{self.name} is damaged: {damage[0]}")
        if version != SCHEMA_VERSION:
            raise RegistryError(f"{self.name} has schema version {version}, not {SCHEMA_VERSION}")

    def broken_rules(self) -> dict[StoreRule, tuple[str, ...]]:
        """What is wrong with this registry; see `RecordStore.broken_rules`."""
        with self._reading() as connection:
            damage = self._damage(connection, quick=False)
            return {StoreRule.SOUND: tuple(damage)} | rules.broken(connection)

    def _create_tables(self, connection: Connection) -> None:
        metadata.create_all(connection)
        identity = secrets.token_bytes(_IDENTITY_BYTES)
        connection.execute(insert(schema).values(version=SCHEMA_VERSION, identity=identity))
