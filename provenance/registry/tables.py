"""Database tables of the registry. Portable SQL: SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION: Final = 3

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
