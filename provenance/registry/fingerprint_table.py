"""Fingerprints of issued files and of what they were made from, for search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, func, select

from provenance.errors import RegistryError
from provenance.model.generation import PDQ_BYTES
from provenance.registry.database import Database
from provenance.registry.store import StoredFingerprint
from provenance.registry.tables import OWN_FILE, fingerprints, schema

_PAGE: Final = 8192  # fingerprints that are held at a time
_AT_ONCE: Final = 500  # ids in one query; old versions of SQLite take at most 999


class FingerprintTable(Database):
    """A `FingerprintReader`."""

    def fingerprint_pages(
        self, *, parents: bool, after: int = 0, upto: int | None = None
    ) -> Iterator[list[StoredFingerprint]]:
        """One page after another; see `FingerprintReader.fingerprint_pages`."""
        own = fingerprints.c.position == OWN_FILE
        query = select(fingerprints).where(~own if parents else own)
        query = query.where(fingerprints.c.fingerprint_id > after)
        if upto is not None:
            query = query.where(fingerprints.c.fingerprint_id <= upto)
        with self._reading() as connection:
            # One transaction: writers prepare meanwhile, and wait with their commits.
            ordered = query.order_by(fingerprints.c.fingerprint_id)
            result = connection.execution_options(yield_per=_PAGE).execute(ordered)
            for page in result.partitions(_PAGE):
                yield [self._stored(row) for row in page]

    def fingerprint_horizon(self) -> int:
        """Nothing appears below it any more; see `FingerprintReader.fingerprint_horizon`."""
        with self._reading() as connection:
            return connection.scalar(select(func.max(fingerprints.c.fingerprint_id))) or 0

    def existing_fingerprints(self, ids: Sequence[int]) -> list[StoredFingerprint]:
        """Those that are still there; see `FingerprintReader.existing_fingerprints`."""
        found: list[StoredFingerprint] = []
        with self._reading() as connection:
            for start in range(0, len(ids), _AT_ONCE):
                wanted = fingerprints.c.fingerprint_id.in_(list(ids[start : start + _AT_ONCE]))
                query: Select[Any] = select(fingerprints).where(wanted)
                found += [self._stored(row) for row in connection.execute(query)]
        return found

    def registry_identity(self) -> bytes:
        """Which registry this is; see `FingerprintReader.registry_identity`."""
        with self._reading() as connection:
            return bytes(connection.execute(select(schema.c.identity)).scalar_one())

    def _stored(self, row: Row[Any]) -> StoredFingerprint:
        # They are compared side by side: one of another length would move all others.
        if len(row.pdq or b"") != PDQ_BYTES:
            raise RegistryError(f"{self.name} holds a fingerprint that is damaged")
        position = None if row.position == OWN_FILE else row.position
        return StoredFingerprint(row.fingerprint_id, row.record_id, position, row.pdq, row.quality)
