"""The registry of issued generations: the only package that uses SQLAlchemy."""

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
    StatisticsReader,
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
    "SqliteStore",
    "StatisticsReader",
    "StoreRule",
    "StoredFingerprint",
]
