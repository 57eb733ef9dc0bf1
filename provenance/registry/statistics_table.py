"""Counting what a registry holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, FromClause, func, select

from provenance.errors import RegistryError
from provenance.model.generation import RecordState
from provenance.model.ids import SystemRef
from provenance.model.statistics import IssuedGroup, RegistryStatistics
from provenance.registry.database import Database
from provenance.registry.tables import (
    OWN_FILE,
    access_log,
    accounts,
    checkpoints,
    erased,
    fingerprints,
    leaves,
    records,
)

_DAY_CHARACTERS = 10  # of an ISO time


class StatisticsTable(Database):
    """A `StatisticsReader`."""

    def count(self) -> dict[RecordState, int]:
        """Records in each state."""
        with self._reading() as connection:
            return _states(connection)

    def statistics(self) -> RegistryStatistics:
        """Everything that can be counted; see `StatisticsReader.statistics`."""
        with self._reading() as connection:
            own = _number(connection, fingerprints, fingerprints.c.position == OWN_FILE)
            waiting = _number(connection, leaves, leaves.c.position.is_(None))
            return RegistryStatistics(
                states=_states(connection),
                erased=_number(connection, erased),
                groups=_groups(connection),
                days=_days(connection),
                own_fingerprints=own,
                parent_fingerprints=_number(connection, fingerprints) - own,
                leaves=_number(connection, leaves),
                leaves_waiting=waiting,
                checkpoints=_number(connection, checkpoints),
                accounts=_number(connection, accounts),
                access_entries=_number(connection, access_log),
                disk_bytes=self._disk_bytes(connection),
            )


def _states(connection: Connection) -> dict[RecordState, int]:
    counted = connection.execute(
        select(records.c.state, func.count()).group_by(records.c.state)
    ).all()
    try:
        found = {RecordState(state): number for state, number in counted}
    except ValueError as error:
        raise RegistryError(
            f"the registry is damaged: {error}", hint="provenance registry fsck"
        ) from error
    return {state: found.get(state, 0) for state in RecordState}


def _number(connection: Connection, table: FromClause, *conditions: Any) -> int:  # noqa: ANN401
    query = select(func.count()).select_from(table).where(*conditions)
    return connection.execute(query).scalar_one()


def _groups(connection: Connection) -> tuple[IssuedGroup, ...]:
    kind = (
        records.c.system_id,
        records.c.system_name,
        records.c.model,
        records.c.model_version,
        records.c.scheme,
        records.c.epoch,
    )
    query = (
        select(*kind, func.count().label("number"))
        .where(records.c.issued_at.is_not(None))
        .group_by(*kind)
    )
    found = (
        IssuedGroup(
            system=SystemRef(row.system_id, row.system_name),
            model=row.model,
            model_version=row.model_version,
            scheme=row.scheme,
            epoch=row.epoch,
            records=row.number,
        )
        for row in connection.execute(query)
    )
    # Sorted here: databases do not agree on the order of texts.
    return tuple(
        sorted(found, key=lambda g: (g.system.id or 0, g.model, g.model_version, g.scheme, g.epoch))
    )


def _days(connection: Connection) -> dict[str, int]:
    day = func.substr(records.c.issued_at, 1, _DAY_CHARACTERS).label("day")
    query = select(day, func.count()).where(records.c.issued_at.is_not(None)).group_by("day")
    return dict(sorted((row[0], row[1]) for row in connection.execute(query)))
