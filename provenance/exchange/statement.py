"""What an operator signs about an extract of its registry: which file it is, and what is in it.

    {"kind": "provenance-registry-extract", "version": 1,
     "system": {"id": 77, "name": "acme-images"},
     "sha256": "<of the extract>", "size": 40960, "records": 12, "manifests": true,
     "since": "", "created_at": "2026-11-01T12:00:00Z", "registry": "<32 hexadecimal digits>"}

The extract itself may have gigabytes; only its digest is signed, and it is read as a stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from provenance.exchange import fields
from provenance.exchange.fields import NotAcceptableError
from provenance.model.ids import SystemRef
from provenance.trust import moment_text

KIND: Final = "provenance-registry-extract"
VERSION: Final = 1
MAX_BYTES: Final = 10_000
_MAX_SIZE: Final = 1 << 48
_MAX_RECORDS: Final = 1 << 40
_NAMES: Final = {
    "system", "sha256", "size", "records", "manifests", "since", "created_at", "registry",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractStatement:
    """What is said about one extract.

    Attributes:
        system: whose records they are.
        sha256: of the whole file, lower-case hexadecimal.
        size: of the file in bytes.
        records: how many there are.
        manifests: True where their manifests are there.
        since: only records issued at or after this are there; None for all of them.
        created_at: whole seconds, UTC. A later extract takes the place of an earlier one.
        registry: the 16 bytes that name the registry which it was made of.
    """

    system: SystemRef
    sha256: str
    size: int
    records: int
    manifests: bool
    since: datetime | None
    created_at: datetime
    registry: bytes

    def document(self) -> bytes:
        """The bytes that are signed."""
        return fields.written(
            {
                "kind": KIND,
                "version": VERSION,
                "system": {"id": self.system.id, "name": self.system.name},
                "sha256": self.sha256,
                "size": self.size,
                "records": self.records,
                "manifests": self.manifests,
                "since": moment_text(self.since) if self.since else "",
                "created_at": moment_text(self.created_at),
                "registry": self.registry.hex(),
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what `document` writes.

        Raises:
            NotAcceptableError: something else.
        """
        if len(data) > MAX_BYTES:
            raise NotAcceptableError(f"it has more than {MAX_BYTES:,} bytes")
        found = fields.parsed(data, KIND, VERSION, _NAMES)
        since = found["since"]
        statement = cls(
            system=fields.system(found["system"]),
            sha256=fields.hexadecimal(found["sha256"], "sha256", 32).hex(),
            size=fields.number(found["size"], "size", _MAX_SIZE),
            records=fields.number(found["records"], "records", _MAX_RECORDS),
            manifests=fields.flag(found["manifests"], "manifests"),
            since=None if since == "" else fields.moment(since, "since"),
            created_at=fields.moment(found["created_at"], "created_at"),
            registry=fields.hexadecimal(found["registry"], "registry", 16),
        )
        if statement.document() != data:
            raise NotAcceptableError("it is not in the one form that is accepted")
        return statement

    def __str__(self) -> str:
        """How reports call the extract: whose, of when, which file."""
        day = f"{self.created_at:%Y-%m-%d}"
        return f"extract of {self.system} of {day} (sha256 {self.sha256[:16]})"
