"""The registry of issued generations: the only package that uses SQLAlchemy."""

from provenance.registry.addresses import check_address, create_store, open_store
from provenance.registry.sql_store import SqlStore
from provenance.registry.sqlite_store import SqliteStore
from provenance.registry.store import (
    FileReader,
    FingerprintReader,
    LeafReader,
    LeafStore,
    PersonalStore,
    RecordReader,
    RecordStore,
    RequestTakenError,
    StoredFingerprint,
    StoreRule,
)

__all__ = [
    "FileReader",
    "FingerprintReader",
    "LeafReader",
    "LeafStore",
    "PersonalStore",
    "RecordReader",
    "RecordStore",
    "RequestTakenError",
    "SqlStore",
    "SqliteStore",
    "StoreRule",
    "StoredFingerprint",
    "check_address",
    "create_store",
    "open_store",
]
