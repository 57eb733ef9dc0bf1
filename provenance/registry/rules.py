"""The rules of a registry as queries. Rows are looked at as they are: a record that breaks a rule
cannot be made an object.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from provenance.errors import RegistryError
from provenance.model.generation import RecordState
from provenance.registry import rows
from provenance.registry.record_table import one
from provenance.registry.store import StoreRule
from provenance.registry.tables import SCHEMA_VERSION, erased, leaves, records, schema

_FACTS: Final = tuple(records.c[name] for name in rows.FACTS)
_WITH_FILE: Final = (RecordState.ISSUED.value, RecordState.RELEASED.value)
_PAGE: Final = 1000


def broken(connection: Connection, *, logged: bool = True) -> dict[StoreRule, tuple[str, ...]]:
    """For every rule but that of soundness, what breaks it.

    Args:
        connection: to the registry.
        logged: look at the rules of the issuance log too; an extract has no log.
    """
    version = connection.execute(select(schema.c.version)).scalar()
    has_file = records.c.state.in_(_WITH_FILE)
    some_missing = or_(*(column.is_(None) for column in _FACTS))
    some_there = or_(*(column.is_not(None) for column in _FACTS))
    of_log = {}
    if logged:
        of_log = {
            StoreRule.LEAVES: _without_leaf(connection),
            StoreRule.POSITIONS: _gaps(connection),
        }
    return {
        StoreRule.VERSION: ()
        if version == SCHEMA_VERSION
        else (f"version {version}, not {SCHEMA_VERSION}",),
        StoreRule.STATES: _ids(
            connection, records.c.state.not_in([state.value for state in RecordState])
        ),
        StoreRule.FACTS: _ids(
            connection, or_(and_(has_file, some_missing), and_(~has_file, some_there))
        ),
        StoreRule.MARKS: tuple(
            f"mark {row.mark_id:012x} of system {row.system_id}: {row.number} records"
            for row in connection.execute(
                select(records.c.system_id, records.c.mark_id, func.count().label("number"))
                .group_by(records.c.system_id, records.c.mark_id)
                .having(func.count() > 1)
            )
        ),
        **of_log,
        StoreRule.ERASED: _ids(connection, records.c.record_id.in_(select(erased.c.record_id))),
    }


def _ids(connection: Connection, condition: ColumnElement[bool]) -> tuple[str, ...]:
    query = select(records.c.record_id, records.c.state).where(condition)
    return tuple(f"record {row.record_id} ({row.state})" for row in connection.execute(query))


def _without_leaf(connection: Connection) -> tuple[str, ...]:
    """Issued records that differ from what was committed to: a changed fact has another leaf."""
    found: list[str] = []
    last = ""
    while True:
        page = connection.execute(
            select(records.c.record_id, records.c.salt)
            .where(records.c.record_id > last, records.c.issued_at.is_not(None))
            .order_by(records.c.record_id)
            .limit(_PAGE)
        ).all()
        if not page:
            return tuple(found)
        for record_id, salt in page:
            try:
                one(connection, records.c.record_id == record_id)
            except RegistryError as error:
                found.append(error.message)
            else:
                if not salt:  # only an extract has none
                    found.append(f"record {record_id} has no salt")
        last = page[-1].record_id


def _gaps(connection: Connection) -> tuple[str, ...]:
    """Contiguous means: as many as the last one says. The number is unique."""
    number, last = connection.execute(
        select(func.count(leaves.c.position), func.max(leaves.c.position))
    ).one()
    if number == (0 if last is None else last + 1):
        return ()
    return (f"{number} leaves have a position, and the last one is {last}",)
