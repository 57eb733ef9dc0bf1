"""The registry of issued generations: the only package that uses SQLAlchemy."""

from provenance.registry.extract_store import ExtractStore, ExtractWriter
from provenance.registry.extract_table import ExtractSource
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
    "ExtractSource",
    "ExtractStore",
    "ExtractWriter",
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
