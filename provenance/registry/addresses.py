"""Where a registry lies: a file, or a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

from provenance.registry.database import BUSY_SECONDS
from provenance.registry.postgres_url import parsed
from provenance.registry.sql_store import SqlStore
from provenance.registry.sqlite_store import SqliteStore


def open_store(address: str | Path, *, read_only: bool = False) -> SqlStore:
    """The registry at an address; nothing is opened yet.

    Args:
        address: a file, or `postgresql://USER@HOST/DATABASE`.
        read_only: never write; for verification.

    Raises:
        RegistryError: not an address of a registry.
    """
    if not is_url(address):
        return SqliteStore(Path(address), read_only=read_only, busy_seconds=BUSY_SECONDS)
    from provenance.registry.postgres_store import PostgresStore  # where one is configured

    return PostgresStore(str(address), read_only=read_only)


def create_store(address: str | Path) -> SqlStore:
    """Make a new, empty registry at an address; the database of a server must be there.

    Raises:
        RegistryError: not an address, there is a registry already, or it cannot be written.
    """
    if not is_url(address):
        return SqliteStore.create(Path(address))
    from provenance.registry.postgres_store import PostgresStore

    return PostgresStore.create(str(address))


def check_address(address: str) -> None:
    """Raise unless this is the address of a server; nobody is asked.

    Raises:
        RegistryError: not one, or one that holds a password.
    """
    parsed(address)


def is_url(address: str | Path) -> bool:
    """Whether an address names a server rather than a file."""
    return isinstance(address, str) and "://" in address
