"""Fingerprints as a registry lists them, in memory."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Sequence

from provenance.registry import StoredFingerprint


class MemoryFingerprints:
    """A `FingerprintReader` of what was added to it; ids as SQLite gives them out."""

    def __init__(self, page: int = 8192) -> None:
        self.rows: dict[int, StoredFingerprint] = {}
        self.identity = secrets.token_bytes(16)
        self.page = page
        self.last = 0
        self.read = 0  # fingerprints that were given out by pages

    def add(self, pdq: bytes, *, position: int | None = None, quality: int = 100) -> str:
        """Commit one, of a record of its own; returns the record's id."""
        self.last += 1
        row = StoredFingerprint(self.last, str(uuid.uuid4()), position, pdq, quality)
        self.rows[self.last] = row
        return row.record_id

    def erase(self, *ids: int) -> None:
        for number in ids:
            del self.rows[number]

    def fingerprint_pages(
        self, *, parents: bool, after: int = 0, upto: int | None = None
    ) -> Iterator[list[StoredFingerprint]]:
        end = self.last if upto is None else min(upto, self.last)
        found = [self.rows[number] for number in range(after + 1, end + 1) if number in self.rows]
        found = [row for row in found if (row.position is not None) is parents]
        for start in range(0, len(found), self.page):
            page = found[start : start + self.page]
            self.read += len(page)
            yield page

    def fingerprint_horizon(self) -> int:
        return self.last

    def existing_fingerprints(self, ids: Sequence[int]) -> list[StoredFingerprint]:
        return [self.rows[number] for number in reversed(ids) if number in self.rows]

    def registry_identity(self) -> bytes:
        return self.identity
