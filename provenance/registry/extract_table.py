"""The issued records of a registry without anything personal, page by page, for an extract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import select

from provenance.model.generation import RecordState
from provenance.registry import rows
from provenance.registry.database import Database
from provenance.registry.tables import fingerprints, parents, records

_PAGE: Final = 50  # records with their manifests that are held at a time
_STATES: Final = (RecordState.ISSUED.value, RecordState.RELEASED.value)
#: What no extract says: who asked, what was asked, how the leaf opens, how the file is put
#: together. Null where a record may lack it; empty where an issued record never does.
LEFT_OUT: Final[dict[str, Any]] = {
    "request_key": None,
    "request_digest": None,
    "pseudonym": None,
    "envelope": b"",
    "salt": b"",
}


class ExtractPage(NamedTuple):
    """Rows of some records and of what belongs to them, by column."""

    records: list[dict[str, Any]]
    parents: list[dict[str, Any]]
    fingerprints: list[dict[str, Any]]


class ExtractSource(Protocol):
    """What an extract is made of."""

    def extract_pages(
        self, system_id: int, *, since: datetime | None, manifests: bool
    ) -> Iterator[ExtractPage]:
        """The issued and released records of a system, in no stated order.

        Every page is one short transaction, so that nobody waits: records that are issued or
        erased meanwhile may be there or not.

        Args:
            system_id: whose records.
            since: only those issued at or after this moment; None for all.
            manifests: with their manifests; else these are empty.

        Raises:
            RegistryError: the registry cannot be read.
        """
        ...


class ExtractTable(Database):
    """An `ExtractSource`."""

    def extract_pages(
        self, system_id: int, *, since: datetime | None, manifests: bool
    ) -> Iterator[ExtractPage]:
        """Page after page; see `ExtractSource.extract_pages`."""
        changed = LEFT_OUT if manifests else {**LEFT_OUT, "manifest": b""}
        # Written so that no index fits: pages go along the primary key, and a planner that
        # chooses another index would sort all records for every page.
        query = select(records).where(
            records.c.system_id + 0 == system_id, (records.c.state + "").in_(_STATES)
        )
        if since is not None:
            query = query.where(records.c.issued_at >= rows.utc(since))
        last = ""
        while True:
            following = query.where(records.c.record_id > last)
            following = following.order_by(records.c.record_id).limit(_PAGE)
            with self._reading() as connection:
                found = [dict(row) for row in connection.execute(following).mappings()]
                if not found:
                    return
                last = found[-1]["record_id"]
                ids = [row["record_id"] for row in found]
                made_from = select(parents).where(parents.c.record_id.in_(ids))
                prints = select(
                    fingerprints.c.record_id,
                    fingerprints.c.position,
                    fingerprints.c.pdq,
                    fingerprints.c.quality,
                ).where(fingerprints.c.record_id.in_(ids))
                page = ExtractPage(
                    [{**row, **changed} for row in found],
                    [dict(row) for row in connection.execute(made_from).mappings()],
                    [dict(row) for row in connection.execute(prints).mappings()],
                )
            yield page
