"""The registry of issued generations: the only package that uses SQLAlchemy."""

from provenance.registry.addresses import check_address, create_store, is_url, open_store
from provenance.registry.extract_store import ExtractStore, ExtractWriter
from provenance.registry.extract_table import ExtractSource
from provenance.registry.moving import Copied, copy_registry, note_migration
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
    StatisticsReader,
    StoredFingerprint,
    StoreRule,
)
from provenance.registry.tables import SCHEMA_VERSION

__all__ = [
    "SCHEMA_VERSION",
    "Copied",
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
    "SqlStore",
    "SqliteStore",
    "StatisticsReader",
    "StoreRule",
    "StoredFingerprint",
    "check_address",
    "copy_registry",
    "create_store",
    "is_url",
    "note_migration",
    "open_store",
]
