"""The registry of issued generations: the only package that uses SQLAlchemy."""

from provenance.registry.sqlite_store import SqliteStore
from provenance.registry.store import RecordReader, RecordStore, StoreRule

__all__ = ["RecordReader", "RecordStore", "SqliteStore", "StoreRule"]
