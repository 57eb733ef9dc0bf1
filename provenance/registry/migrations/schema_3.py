"""Schema 3: records and the files that they were made from."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None
VERSION: Final = 3


def upgrade() -> None:
    """Make the tables in an empty database."""
    version = op.create_table("schema_version", sa.Column("version", sa.Integer, nullable=False))
    op.create_table(
        "records",
        sa.Column("record_id", sa.String(36), primary_key=True),
        sa.Column("system_id", sa.Integer, nullable=False),
        sa.Column("system_name", sa.Text, nullable=False),
        sa.Column("mark_id", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("model_version", sa.Text, nullable=False),
        sa.Column("operations", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reserved_at", sa.String(32), nullable=False),
        sa.Column("issued_at", sa.String(32)),
        sa.Column("format", sa.String(10)),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("byte_size", sa.BigInteger),
        sa.Column("sha256", sa.String(64)),
        sa.Column("pdq", sa.LargeBinary(32)),
        sa.Column("pdq_quality", sa.Integer),
        sa.Column("grid", sa.LargeBinary),
        sa.Column("psnr_db", sa.Float),
        sa.Column("margin", sa.Float),
        sa.Column("ssim", sa.Float),
        sa.Column("manifest", sa.LargeBinary),
        sa.Column("time_stamp", sa.Text),
        sa.UniqueConstraint("system_id", "mark_id", name="one_mark_per_system"),
    )
    op.create_table(
        "parents",
        sa.Column(
            "record_id",
            sa.String(36),
            sa.ForeignKey("records.record_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("relationship", sa.String(20), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("pdq", sa.LargeBinary(32), nullable=False),
        sa.Column("pdq_quality", sa.Integer, nullable=False),
        sa.Column("format", sa.String(10), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
    )
    op.get_bind().execute(sa.insert(version).values(version=VERSION))
