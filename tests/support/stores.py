"""Places for registries of both kinds, and how to look into them past the store."""

# ruff: noqa: S608 - names and ids that are made here

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, inspect
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from support.postgres import Server


def engine(address: str) -> Engine:
    """Plain SQLAlchemy on a place."""
    if "://" in address:
        url = address.replace("postgresql://", "postgresql+psycopg://")
        return create_engine(url, poolclass=NullPool)
    return create_engine(f"sqlite:///{address}", poolclass=NullPool)


@contextmanager
def connected(address: str) -> Iterator[Connection]:
    """A transaction on a place."""
    with engine(address).begin() as connection:
        yield connection


def look(address: str) -> dict[str, Any]:
    """Every table of a place, every row by its text; sorted, so that two of them compare."""
    with connected(address) as connection:
        return {
            name: sorted(
                repr(tuple(row))
                for row in connection.exec_driver_sql(f"SELECT * FROM {name}").all()
            )
            for name in inspect(connection).get_table_names()
        }


def described(address: str) -> dict[str, Any]:
    """The schema of a place, whatever the order of its columns."""
    found: dict[str, Any] = {}
    with connected(address) as connection:
        seen = inspect(connection)
        for name in seen.get_table_names():
            found[name] = {
                "columns": sorted(
                    (
                        column["name"],
                        str(column["type"]),
                        getattr(column["type"], "collation", None),
                        column["nullable"],
                        column["default"],
                    )
                    for column in seen.get_columns(name)
                ),
                "key": seen.get_pk_constraint(name)["constrained_columns"],
                "foreign": sorted(
                    (key["constrained_columns"], key["referred_table"], key["options"])
                    for key in seen.get_foreign_keys(name)
                ),
                "unique": sorted(
                    (one["name"] or "", one["column_names"])
                    for one in seen.get_unique_constraints(name)
                ),
                "indexes": sorted(
                    (one["name"], one["column_names"], bool(one["unique"]))
                    for one in seen.get_indexes(name)
                ),
            }
            if connection.dialect.name == "sqlite":
                sql = connection.exec_driver_sql(
                    "SELECT sql FROM sqlite_master WHERE name = ?", (name,)
                ).scalar_one()
                found[name]["autoincrement"] = "AUTOINCREMENT" in sql
    return found


@contextmanager
def place(kind: str, folder: Path, server: Server | None) -> Iterator[str]:
    """An address where there is nothing yet: "sqlite", or "postgresql" on a server."""
    if kind == "sqlite":
        yield str(folder / "registry.sqlite3")
        return
    assert server is not None
    with server.database(template="template1") as name:
        yield server.url(name)
