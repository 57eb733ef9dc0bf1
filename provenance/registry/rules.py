"""The rules of a registry as queries. Rows are looked at as they are: a record that breaks a rule
cannot be made an object.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from provenance.model.generation import RecordState
from provenance.registry.store import StoreRule
from provenance.registry.tables import SCHEMA_VERSION, records, schema

#: `time_stamp` too: it says "not asked" where none was asked for. Only a grid may be missing.
_FACTS: Final = tuple(
    records.c[name]
    for name in (
        "issued_at", "format", "width", "height", "byte_size", "sha256", "pdq", "pdq_quality",
        "psnr_db", "margin", "ssim", "manifest", "time_stamp",
    )
)  # fmt: skip
_WITH_FILE: Final = (RecordState.ISSUED.value, RecordState.RELEASED.value)


def broken(connection: Connection) -> dict[StoreRule, tuple[str, ...]]:
    """For every rule, what breaks it."""
    damage = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    version = connection.execute(select(schema.c.version)).scalar()
    has_file = records.c.state.in_(_WITH_FILE)
    some_missing = or_(*(column.is_(None) for column in _FACTS))
    some_there = or_(*(column.is_not(None) for column in _FACTS))
    return {
        StoreRule.SOUND: tuple(str(line) for line in damage if line != "ok"),
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
    }


def _ids(connection: Connection, condition: ColumnElement[bool]) -> tuple[str, ...]:
    query = select(records.c.record_id, records.c.state).where(condition)
    return tuple(f"record {row.record_id} ({row.state})" for row in connection.execute(query))
