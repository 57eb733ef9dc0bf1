"""Schema 5: pictures that are marked first and signed later."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"
VERSION: Final = 5

_MOMENT: Final = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")


def upgrade() -> None:
    """Add a table; no record of before was marked alone."""
    op.create_table(
        "markings",
        sa.Column(
            "record_id",
            sa.String(36),
            sa.ForeignKey("records.record_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("pdq", sa.LargeBinary(32), nullable=False),
        sa.Column("quality", sa.Integer, nullable=False),
        sa.Column("psnr_db", sa.Double, nullable=False),
        sa.Column("ssim", sa.Double, nullable=False),
        sa.Column("origin", sa.LargeBinary(32), nullable=False),
    )
    schema = sa.table("schema_version", sa.column("version", sa.Integer))
    op.execute(sa.update(schema).values(version=VERSION))
