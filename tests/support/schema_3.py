"""The tables of schema 3 as they were, and a registry of that time."""

from __future__ import annotations

import uuid
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
)

SCHEMA_VERSION: Final = 3
KINDS: Final = ("reserved", "issued", "released", "void", "edited")
WITH_FILE: Final = ("issued", "released", "edited")

metadata = MetaData()

schema = Table("schema_version", metadata, Column("version", Integer, nullable=False))

#: One row for each issued generation. The columns from `issued_at` on are null until the
#: file has been written and verified. No pixel, prompt or account is ever stored.
records = Table(
    "records",
    metadata,
    Column("record_id", String(36), primary_key=True),
    Column("system_id", Integer, nullable=False),
    Column("system_name", Text, nullable=False),
    Column("mark_id", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("operations", Text, nullable=False),  # what an edit did, separated by blanks
    Column("state", String(10), nullable=False),
    Column("reserved_at", String(32), nullable=False),
    Column("issued_at", String(32)),
    Column("format", String(10)),
    Column("width", Integer),
    Column("height", Integer),
    Column("byte_size", BigInteger),
    Column("sha256", String(64)),
    Column("pdq", LargeBinary(32)),
    Column("pdq_quality", Integer),
    Column("grid", LargeBinary),  # sealed: never the plain signature
    Column("psnr_db", Float),
    Column("margin", Float),
    Column("ssim", Float),
    Column("manifest", LargeBinary),
    Column("time_stamp", Text),
    UniqueConstraint("system_id", "mark_id", name="one_mark_per_system"),
)

#: The files that an edited picture was made from, by fingerprint only. They go with their record.
parents = Table(
    "parents",
    metadata,
    Column(
        "record_id",
        String(36),
        ForeignKey("records.record_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("relationship", String(20), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("pdq", LargeBinary(32), nullable=False),
    Column("pdq_quality", Integer, nullable=False),
    Column("format", String(10), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
)


def fill(connection: Connection) -> dict[str, str]:
    """Make the registry; the id of a record of each kind."""
    metadata.create_all(connection)
    connection.execute(insert(schema).values(version=SCHEMA_VERSION))
    ids = {}
    for number, kind in enumerate(KINDS):
        ids[kind] = str(uuid.UUID(int=number + 1, version=4))
        connection.execute(insert(records).values(_record(ids[kind], number, kind)))
    for position in range(2):
        connection.execute(insert(parents).values(_parent(ids["edited"], position)))
    return ids


def _record(record_id: str, number: int, kind: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "record_id": record_id,
        "system_id": 77,
        "system_name": "acme-images",
        "mark_id": (1 << 47) + number,
        "epoch": 3,
        "scheme": "a scheme",
        "model": "acme-1 'quoted' \u00e9",
        "model_version": "2.0",
        "operations": "inpaint upscale" if kind == "edited" else "",
        "state": "released" if kind == "edited" else kind,
        "reserved_at": f"2026-10-0{number + 1}T12:30:01.000250+00:00",
    }
    if kind not in WITH_FILE:
        return row
    return row | {
        # The later its number, the earlier it was issued.
        "issued_at": f"2026-10-{20 - number}T12:30:02+00:00",
        "format": "png",
        "width": 640,
        "height": 480,
        "byte_size": 123_456_789_012,
        "sha256": f"{number:064x}",
        "pdq": bytes([number]) * 32,
        "pdq_quality": 80 + number,
        "grid": None if kind == "issued" else b"sealed \0\xff",
        "psnr_db": 41.1 + number / 3,
        "margin": 87.5,
        "ssim": 0.1 + 0.2,
        "manifest": b"manifest \0" * 50,
        "time_stamp": "not asked",
    }


def _parent(record_id: str, position: int) -> dict[str, Any]:
    return {
        "record_id": record_id,
        "position": position,
        "relationship": "parentOf" if position == 0 else "componentOf",
        "sha256": f"{100 + position:064x}",
        "pdq": bytes([100 + position]) * 32,
        "pdq_quality": 70 + position,
        "format": "jpeg",
        "width": 4000 + position,
        "height": 3000,
    }
