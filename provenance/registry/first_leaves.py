"""The leaves of the records that were issued before there was a log."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from provenance.errors import RegistryError
from provenance.model.commitment import SALT_BYTES, commitment
from provenance.model.generation import (
    Fingerprint,
    Generation,
    IssuedFile,
    MarkQuality,
    Operation,
    ParentFile,
    Record,
    RecordState,
    Relationship,
    TimeStampResult,
)
from provenance.model.ids import MarkId, SystemRef

_PAGE: Final = 200  # records that are held at a time, each with its manifest
_OWN_FILE: Final = -1

_METADATA: Final = sa.MetaData()
_RECORDS: Final = sa.Table(
    "records",
    _METADATA,
    *(
        sa.Column(name, kind)
        for kind, names in (
            (sa.Text, "record_id system_name scheme model model_version operations state"),
            (sa.Text, "reserved_at issued_at format sha256 time_stamp signer"),
            (sa.BigInteger, "system_id mark_id epoch width height byte_size"),
            (sa.Double, "psnr_db margin ssim"),
            (sa.LargeBinary, "grid manifest envelope salt"),
        )
        for name in names.split()
    ),
)
_FINGERPRINTS: Final = sa.table(
    "fingerprints",
    sa.column("record_id", sa.Text),
    sa.column("position", sa.Integer),
    sa.column("pdq", sa.LargeBinary),
    sa.column("quality", sa.Integer),
)
_PARENTS: Final = sa.table(
    "parents",
    *(sa.column(name, sa.Text) for name in ("record_id", "relationship", "sha256", "format")),
    *(sa.column(name, sa.Integer) for name in ("position", "width", "height")),
)
_LEAVES: Final = sa.table("leaves", sa.column("commitment", sa.LargeBinary))
#: Columns of schema 3 that an issued record has.
_FACTS: Final = (
    "format", "width", "height", "byte_size", "sha256", "pdq", "pdq_quality", "psnr_db", "margin",
    "ssim", "manifest", "time_stamp",
)  # fmt: skip


def refuse_damaged(connection: sa.Connection) -> None:
    """Raise where an issued record of schema 3 lacks a fact.

    Raises:
        RegistryError: the first one.
    """
    missing = " OR ".join(f"{name} IS NULL" for name in _FACTS)
    found = connection.scalar(
        sa.select(_RECORDS.c.record_id)
        .where(_RECORDS.c.issued_at.is_not(None), sa.text(f"({missing})"))
        .limit(1)
    )
    if found is not None:
        raise _damaged(found, "a fact of its file is missing")


def add(connection: sa.Connection) -> None:
    """Fill the columns that are new and draw the salt and the leaf of every issued record.

    Raises:
        RegistryError: a record is damaged.
    """
    issued = _RECORDS.c.issued_at.is_not(None)
    connection.execute(
        sa.update(_RECORDS)
        .where(issued)
        .values(signer="", envelope=b"", grid=sa.func.coalesce(_RECORDS.c.grid, b""))
    )
    order = sa.tuple_(_RECORDS.c.issued_at, _RECORDS.c.record_id)
    query = sa.select(_RECORDS).where(issued).order_by(*order).limit(_PAGE)
    last = ("", "")
    while True:
        page = connection.execute(query.where(order > sa.tuple_(*last))).all()
        if not page:
            return
        last = (page[-1].issued_at, page[-1].record_id)
        _add_page(connection, page)


def _add_page(connection: sa.Connection, page: Sequence[sa.Row[Any]]) -> None:
    ids = [row.record_id for row in page]
    prints: dict[str, dict[int, sa.Row[Any]]] = {name: {} for name in ids}
    made_from: dict[str, list[sa.Row[Any]]] = {name: [] for name in ids}
    for row in connection.execute(
        sa.select(_FINGERPRINTS).where(_FINGERPRINTS.c.record_id.in_(ids))
    ):
        prints[row.record_id][row.position] = row
    for row in connection.execute(
        sa.select(_PARENTS).where(_PARENTS.c.record_id.in_(ids)).order_by(_PARENTS.c.position)
    ):
        made_from[row.record_id].append(row)
    salts, leaves = [], []
    for row in page:
        salt = secrets.token_bytes(SALT_BYTES)
        try:
            record = _record(row, made_from[row.record_id], prints[row.record_id])
            leaves.append({"commitment": commitment(record, salt)})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged(row.record_id, error) from error
        salts.append({"of_record": row.record_id, "drawn": salt})
    connection.execute(
        sa.update(_RECORDS)
        .where(_RECORDS.c.record_id == sa.bindparam("of_record"))
        .values(salt=sa.bindparam("drawn")),
        salts,
    )
    connection.execute(sa.insert(_LEAVES), leaves)


def _record(
    row: sa.Row[Any], made_from: Sequence[sa.Row[Any]], prints: Mapping[int, sa.Row[Any]]
) -> Record:
    def seen(position: int) -> Fingerprint:
        return Fingerprint(bits=prints[position].pdq, quality=prints[position].quality)

    return Record(
        record_id=row.record_id,
        system=SystemRef(row.system_id, row.system_name),
        mark_id=MarkId(row.mark_id),
        epoch=row.epoch,
        scheme=row.scheme,
        generation=Generation(
            model=row.model,
            model_version=row.model_version,
            operations=tuple(Operation(name) for name in row.operations.split()),
        ),
        state=RecordState(row.state),
        reserved_at=datetime.fromisoformat(row.reserved_at),
        issued_at=datetime.fromisoformat(row.issued_at),
        file=IssuedFile(
            format=row.format,
            width=row.width,
            height=row.height,
            byte_size=row.byte_size,
            sha256=row.sha256,
            fingerprint=seen(_OWN_FILE),
            manifest=row.manifest,
            quality=MarkQuality(psnr_db=row.psnr_db, ssim=row.ssim, margin=row.margin),
            time_stamp=TimeStampResult.parse(row.time_stamp),
            grid=row.grid,
            parents=tuple(
                ParentFile(
                    sha256=parent.sha256,
                    fingerprint=seen(parent.position),
                    format=parent.format,
                    width=parent.width,
                    height=parent.height,
                    relationship=Relationship(parent.relationship),
                )
                for parent in made_from
            ),
        ),
    )


def _damaged(record_id: str, reason: object) -> RegistryError:
    return RegistryError(
        f"record {record_id} is damaged: {reason}; nothing was migrated",
        hint="repair or delete this record with the tools of the database, then try again",
    )
