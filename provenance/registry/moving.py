"""Copying a registry from one database to another, whichever kind each of them is.

The copy is there completely or not at all: it is made, read again and compared in one
transaction, while nobody else writes to the original.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, func, insert, select

from provenance.errors import RegistryError
from provenance.model.custody import AccessAction, AccessEntry
from provenance.registry import rows
from provenance.registry.sql_store import SqlStore
from provenance.registry.tables import access_log, checkpoints, leaves, metadata, records, schema

_PAGE: Final = 200  # rows that are held at a time; those of records have their manifests
_BITS: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a copy holds; all of it was compared with the original."""

    records: int
    leaves: int
    log_size: int
    checkpoint: int | None


@dataclass(slots=True)
class _Content:
    """How many rows a table has, and the sum of their digests: whatever their order."""

    number: int = 0
    total: int = 0

    def add(self, row: Row[Any]) -> None:
        digest = hashlib.sha256(repr(tuple(row)).encode()).digest()
        self.number += 1
        self.total = (self.total + int.from_bytes(digest)) % (1 << _BITS)


def copy_registry(source: SqlStore, target: SqlStore, *, operator: str = "") -> Copied:
    """Make a new registry that holds everything that another one does, its identity included.

    Both note it in their access log.

    Args:
        source: nobody else can write to it meanwhile.
        target: where there is no registry yet.
        operator: pseudonym of whoever does it.

    Raises:
        RegistryError: there is one already, one of them cannot be used, or the copy is not the
            same as the original.
    """
    with source.frozen() as original, target.creating() as copy:
        for table in metadata.sorted_tables:
            written, read = _copied(original, copy, table), _Content()
            for page in _pages(copy, table):
                for row in page:
                    read.add(row)
            if written != read:
                raise RegistryError(f"{table.name} in {target.name} is not what was copied")
        for table in filter(_is_numbered, metadata.sorted_tables):
            target.number_after(copy, table, source.last_number(original, table))
        copied = _summary(copy)
        identity: bytes = copy.execute(select(schema.c.identity)).scalar_one()
        for connection, reason in (
            (copy, f"copied from {source.name}"),
            (original, f"copied to {target.name}"),
        ):
            values = rows.of_entry(_entry(identity, reason, operator))
            connection.execute(insert(access_log).values(values))
    return copied


def note_migration(store: SqlStore, what: str, operator: str) -> None:
    """Write into the access log that the schema of a registry was changed."""
    store.note_access(_entry(store.registry_identity(), what, operator))


def _entry(identity: bytes, reason: str, operator: str) -> AccessEntry:
    return AccessEntry(
        at=datetime.now(UTC),
        action=AccessAction.MIGRATE,
        subject=identity.hex(),
        operator=operator,
        reason=reason,
    )


def _copied(original: Connection, copy: Connection, table: Table) -> _Content:
    content = _Content()
    for page in _pages(original, table):
        for row in page:
            content.add(row)
        copy.execute(insert(table), [row._asdict() for row in page])
    return content


def _pages(connection: Connection, table: Table) -> Iterator[list[Row[Any]]]:
    query = select(table).order_by(*table.primary_key.columns)
    result = connection.execute(query, execution_options={"yield_per": _PAGE})
    yield from map(list, result.partitions(_PAGE))


def _is_numbered(table: Table) -> bool:
    return bool(table.dialect_options["sqlite"]["autoincrement"])


def _summary(connection: Connection) -> Copied:
    size = connection.scalar(select(func.count(leaves.c.position))) or 0
    last = connection.scalar(select(func.max(leaves.c.position)))
    if size != (0 if last is None else last + 1):
        raise RegistryError("the leaves of the log are not numbered without a gap; see fsck")
    return Copied(
        records=connection.scalar(select(func.count()).select_from(records)) or 0,
        leaves=connection.scalar(select(func.count()).select_from(leaves)) or 0,
        log_size=size,
        checkpoint=connection.scalar(select(func.max(checkpoints.c.size))),
    )
