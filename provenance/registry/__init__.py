"""The registry of issued generations: the only package that uses SQLAlchemy."""

from provenance.registry.sqlite_store import SqliteStore
from provenance.registry.store import (
    FingerprintReader,
    RecordReader,
    RecordStore,
    StoredFingerprint,
    StoreRule,
)

__all__ = [
    "FingerprintReader",
    "RecordReader",
    "RecordStore",
    "SqliteStore",
    "StoreRule",
    "StoredFingerprint",
]
