"""Schema 4: an issuance log, requests, accounts, erasure; fingerprints in a table of their own.

Every record that was issued before gets a leaf now, in the order in which they were issued. It
waits for its position like any other: the log starts with them. Nothing is known of the signer
and of the envelope of those files, and so both are empty.
"""

from __future__ import annotations

import secrets
from typing import Final

import sqlalchemy as sa
from alembic import op

from provenance.registry import first_leaves

revision: Final = "0002"
down_revision: Final = "0001"
VERSION: Final = 4

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT: Final = sa.String(32).with_variant(sa.String(32, collation="C"), "postgresql")


def upgrade() -> None:
    """Change the tables and move what is in them."""
    first_leaves.refuse_damaged(op.get_bind())
    _new_tables()
    _move_fingerprints()
    _change_records()
    _change_parents()
    first_leaves.add(op.get_bind())
    op.drop_table("schema_version")
    version = op.create_table(
        "schema_version",
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("identity", sa.LargeBinary(16), nullable=False),
    )
    row = {"version": VERSION, "identity": secrets.token_bytes(16)}
    op.get_bind().execute(sa.insert(version).values(row))


def _new_tables() -> None:
    op.create_table(
        "fingerprints",
        sa.Column("fingerprint_id", _NUMBER, primary_key=True),
        sa.Column(
            "record_id",
            sa.String(36),
            sa.ForeignKey("records.record_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("pdq", sa.LargeBinary(32), nullable=False),
        sa.Column("quality", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "one_fingerprint_per_file", "fingerprints", ["record_id", "position"], unique=True
    )
    op.create_table(
        "leaves",
        sa.Column("leaf_id", _NUMBER, primary_key=True),
        sa.Column("commitment", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("position", sa.BigInteger, unique=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "checkpoints",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        sa.Column("signed_at", _MOMENT, nullable=False),
        sa.Column("time_stamp", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "accounts",
        sa.Column("pseudonym", sa.String(32), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=False, index=True),
    )
    op.create_table(
        "access_log",
        sa.Column("entry_id", _NUMBER, primary_key=True),
        sa.Column("at", _MOMENT, nullable=False, index=True),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "erased",
        sa.Column("record_id", sa.String(36), primary_key=True),
        sa.Column("system_id", sa.Integer, nullable=False),
        sa.Column("mark_id", sa.BigInteger, nullable=False),
        sa.Column("erased_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("system_id", "mark_id", name="one_erased_mark_per_system"),
    )


def _move_fingerprints() -> None:
    """Numbered in the order in which the records were issued; -1 is a record's own file."""
    op.execute(
        "INSERT INTO fingerprints (record_id, position, pdq, quality)"
        " SELECT record_id, -1, pdq, pdq_quality FROM records"
        " WHERE issued_at IS NOT NULL ORDER BY issued_at, record_id"
    )
    op.execute(
        "INSERT INTO fingerprints (record_id, position, pdq, quality)"
        " SELECT p.record_id, p.position, p.pdq, p.pdq_quality"
        " FROM parents p JOIN records r ON r.record_id = p.record_id"
        " ORDER BY r.issued_at, p.record_id, p.position"
    )


def _change_records() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    with op.batch_alter_table("records") as batch:
        for name, kind in (
            ("request_key", sa.LargeBinary(32)),
            ("request_digest", sa.LargeBinary(32)),
            ("pseudonym", sa.String(32)),
            ("signer", sa.String(64)),
            ("envelope", sa.LargeBinary()),
            ("salt", sa.LargeBinary(32)),
        ):
            batch.add_column(sa.Column(name, kind))
        for name in ("psnr_db", "margin", "ssim"):
            batch.alter_column(name, existing_type=sa.Float(), type_=sa.Double())
        if postgres:
            for name in ("reserved_at", "issued_at"):
                batch.alter_column(name, existing_type=sa.String(32), type_=_MOMENT)
        batch.drop_column("pdq")
        batch.drop_column("pdq_quality")
        batch.create_unique_constraint("one_record_per_request", ["system_id", "request_key"])
        for name in ("state", "pseudonym", "sha256"):
            batch.create_index(f"ix_records_{name}", [name])


def _change_parents() -> None:
    with op.batch_alter_table("parents") as batch:
        batch.drop_column("pdq")
        batch.drop_column("pdq_quality")
