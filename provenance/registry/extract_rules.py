"""What belongs in no extract, as queries: whoever made one may have put anything into it.

A value that this program never writes is refused at import, so that nothing that reads a record
later has to expect it.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    func,
    or_,
    select,
    true,
)

from provenance.model.generation import PDQ_BYTES, RecordState
from provenance.registry.rows import FACTS
from provenance.registry.tables import (
    access_log,
    accounts,
    checkpoints,
    erased,
    fingerprints,
    leaves,
    markings,
    parents,
    records,
)

_ISSUED: Final = (RecordState.ISSUED.value, RecordState.RELEASED.value)
_EMPTY_TABLES: Final = (accounts, access_log, leaves, checkpoints, erased, markings)
_MAX_SIDE: Final = 65_535  # pixels; no picture that is issued has more
_MAX_NAME: Final = 64
_MAX_FORMAT: Final = 10
_SHA256_DIGITS: Final = 64

#: What SQLite calls the values of a column.
_KINDS: Final = {
    Integer: ("integer",),
    BigInteger: ("integer",),
    Double: ("real", "integer"),
    String: ("text",),
    Text: ("text",),
    LargeBinary: ("blob",),
}


def strange_tables(connection: Connection, system_id: int) -> list[str]:
    """Names of tables with a row that belongs in no extract of this system."""
    found = []
    for table, strange in _STRANGE.items():
        wrong = or_(_mistyped(table), *strange)
        if table is records:
            wrong = or_(wrong, records.c.system_id != system_id)
        if connection.execute(select(1).select_from(table).where(wrong).limit(1)).first():
            found.append(table.name)
    return found


def _outside(column: ColumnElement[Any], least: int, most: int) -> ColumnElement[bool]:
    return or_(column < least, column > most)


def _no_picture(table: Table) -> tuple[ColumnElement[bool], ...]:
    return (
        _outside(table.c.width, 1, _MAX_SIDE),
        _outside(table.c.height, 1, _MAX_SIDE),
        func.length(table.c.sha256) != _SHA256_DIGITS,
        func.length(table.c.format) > _MAX_FORMAT,
    )


#: What no row of an extract is: personal, unfinished, or with a value that no writer gives it.
_STRANGE: Final[dict[Table, tuple[ColumnElement[bool], ...]]] = {
    records: (
        records.c.state.not_in(_ISSUED),
        records.c.request_key.is_not(None),
        records.c.request_digest.is_not(None),
        records.c.pseudonym.is_not(None),
        func.length(records.c.envelope) > 0,
        func.length(records.c.salt) > 0,
        records.c.issued_at.is_(None),
        *(records.c[name].is_(None) for name in FACTS),
        records.c.reserved_at.not_like("%+00:00"),
        records.c.issued_at.not_like("%+00:00"),
        func.length(records.c.system_name) > _MAX_NAME,
        func.length(records.c.scheme) > _MAX_NAME,
        *_no_picture(records),
    ),
    parents: _no_picture(parents),
    fingerprints: (
        func.length(fingerprints.c.pdq) != PDQ_BYTES,
        _outside(fingerprints.c.quality, 0, 100),
    ),
    **dict.fromkeys(_EMPTY_TABLES, (true(),)),
}


def _mistyped(table: Table) -> ColumnElement[bool]:
    """Rows with a value of another type: SQLite lets any value into any column."""
    wrong: list[ColumnElement[bool]] = []
    for column in table.columns:
        kinds = {*_KINDS[column.type.__class__], *(("null",) if column.nullable else ())}
        wrong.append(func.typeof(column).not_in(sorted(kinds)))
    return or_(*wrong)
