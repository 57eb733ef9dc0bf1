"""Database tables of the registry. Portable SQL: SQLite and PostgreSQL.

Records are what was issued, everything else says something about them or about the registry:

* `fingerprints` is narrow, because a search reads all of it;
* `markings` are of pictures that were marked before there was a file to sign;
* `leaves` and `checkpoints` belong to the issuance log and outlive their records;
* `accounts` is the only table with personal data, under the operator's key, and has a
  retention of its own, as has `access_log`;
* `erased` keeps the ids of records that are gone, so that none of them is given twice.

No pixel and no prompt is ever stored.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION: Final = 5

metadata = MetaData()

#: SQLite numbers rows by itself only where the key is an INTEGER.
_Number: Final = BigInteger().with_variant(Integer(), "sqlite")

#: A time in UTC as text. It sorts as the times do, whatever language the database sorts by.
_Moment: Final = String(32).with_variant(String(32, collation="C"), "postgresql")

#: One row. `identity` is 16 random bytes: which registry this is.
schema = Table(
    "schema_version",
    metadata,
    Column("version", Integer, nullable=False),
    Column("identity", LargeBinary(16), nullable=False),
)

#: One row for each generation. The columns from `issued_at` on are null until the file has been
#: written and verified.
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
    Column("state", String(10), nullable=False, index=True),
    Column("reserved_at", _Moment, nullable=False),
    Column("request_key", LargeBinary(32)),  # keyed hashes; void records give theirs up
    Column("request_digest", LargeBinary(32)),
    Column("pseudonym", String(32), index=True),
    Column("issued_at", _Moment),
    Column("format", String(10)),
    Column("width", Integer),
    Column("height", Integer),
    Column("byte_size", BigInteger),
    Column("sha256", String(64), index=True),
    Column("grid", LargeBinary),  # sealed: never the plain signature
    Column("psnr_db", Double),
    Column("margin", Double),
    Column("ssim", Double),
    Column("manifest", LargeBinary),
    Column("time_stamp", Text),
    Column("signer", String(64)),
    Column("envelope", LargeBinary),
    Column("salt", LargeBinary(32)),  # of the leaf; erased with the record
    UniqueConstraint("system_id", "mark_id", name="one_mark_per_system"),
    UniqueConstraint("system_id", "request_key", name="one_record_per_request"),
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
    Column("format", String(10), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
)

OWN_FILE: Final = -1  # the position of a record's own file among its fingerprints

#: PDQ of issued files and of their parents. Numbers only ever grow.
fingerprints = Table(
    "fingerprints",
    metadata,
    Column("fingerprint_id", _Number, primary_key=True),
    Column(
        "record_id", String(36), ForeignKey("records.record_id", ondelete="CASCADE"), nullable=False
    ),
    Column("position", Integer, nullable=False),
    Column("pdq", LargeBinary(32), nullable=False),
    Column("quality", Integer, nullable=False),
    Index("one_fingerprint_per_file", "record_id", "position", unique=True),
    sqlite_autoincrement=True,
)

#: Pictures that were handed out marked, to be signed until `expires_at`; a reserved record with a
#: row here is pending. It stays once the file is issued, and goes when the record becomes void.
markings = Table(
    "markings",
    metadata,
    Column(
        "record_id",
        String(36),
        ForeignKey("records.record_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("expires_at", _Moment, nullable=False),
    Column("pdq", LargeBinary(32), nullable=False),
    Column("quality", Integer, nullable=False),
    Column("psnr_db", Double, nullable=False),
    Column("ssim", Double, nullable=False),
    Column("origin", LargeBinary(32), nullable=False),
)

#: The issuance log in the order of its commits; `position` is null while a leaf waits.
leaves = Table(
    "leaves",
    metadata,
    Column("leaf_id", _Number, primary_key=True),
    Column("commitment", LargeBinary(32), nullable=False, unique=True),
    Column("position", BigInteger, unique=True),
    sqlite_autoincrement=True,
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("signed_at", _Moment, nullable=False),
    Column("time_stamp", LargeBinary, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("pseudonym", String(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("used_at", _Moment, nullable=False, index=True),
)

access_log = Table(
    "access_log",
    metadata,
    Column("entry_id", _Number, primary_key=True),
    Column("at", _Moment, nullable=False, index=True),
    Column("action", String(20), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_autoincrement=True,
)

erased = Table(
    "erased",
    metadata,
    Column("record_id", String(36), primary_key=True),
    Column("system_id", Integer, nullable=False),
    Column("mark_id", BigInteger, nullable=False),
    Column("erased_at", _Moment, nullable=False),
    UniqueConstraint("system_id", "mark_id", name="one_erased_mark_per_system"),
)
