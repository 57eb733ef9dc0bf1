"""Detector bundles that a laboratory imported."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provenance.errors import KeyMaterialError
from provenance.exchange import bundle as documents
from provenance.exchange.bundle import DetectorBundle
from provenance.exchange.fields import NotAcceptableError, payload_of
from provenance.exchange.shelf import Receipt, Shelf
from provenance.keys import read_private, write_private
from provenance.trust import TrustStore

SUFFIX: Final = ".bundle"
#: Quotes and line ends of the document take two bytes in the signed file; 256 KB for signatures.
MAX_FILE: Final = 2 * documents.MAX_BYTES + 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedSystem:
    """A bundle, and how it came here."""

    bundle: DetectorBundle
    receipt: Receipt

    @property
    def trust(self) -> TrustStore:
        """The anchors that vouch for manifests of this system, under the digest of the file."""
        return self.bundle.trust(self.receipt.sha256)

    def expired(self, at: datetime | None = None) -> bool:
        """True once the bundle may not be used any more."""
        return (at or datetime.now(UTC)) > self.bundle.not_after


class SystemShelf:
    """The bundles of a workspace."""

    def __init__(self, path: Path) -> None:
        """Name the directory that they lie in."""
        self._shelf = Shelf(path, SUFFIX)

    def systems(self) -> tuple[ImportedSystem, ...]:
        """All of them by id, expired ones too.

        Raises:
            KeyMaterialError: one of them is not what was imported.
        """
        return tuple(self._opened(receipt) for receipt in self._shelf.receipts())

    def find(self, system_id: int) -> ImportedSystem | None:
        """The bundle of one system.

        Raises:
            KeyMaterialError: it is not what was imported.
        """
        receipt = self._shelf.receipt(system_id)
        return None if receipt is None else self._opened(receipt)

    def data(self, imported: ImportedSystem) -> bytes:
        """The signed file as it was imported.

        Raises:
            KeyMaterialError: it cannot be read.
        """
        return read_private(self._shelf.file_of(imported.receipt), limit=MAX_FILE)

    def put(self, data: bytes, receipt: Receipt) -> None:
        """Keep a signed file whose signature was checked, in the place of an older one.

        Raises:
            KeyMaterialError: it cannot be written.
        """
        aside = self._shelf.aside()
        try:
            write_private(aside, data)
            self._shelf.put(receipt, aside)
        finally:
            aside.unlink(missing_ok=True)

    def remove(self, system_id: int) -> bool:
        """Forget a system and its keys; False where it is not known.

        Raises:
            KeyMaterialError: it cannot be removed.
        """
        return self._shelf.remove(system_id)

    def _opened(self, receipt: Receipt) -> ImportedSystem:
        path = self._shelf.file_of(receipt)
        data = read_private(path, limit=MAX_FILE)
        hint = f"import it again, or: provenance systems remove {receipt.system.id}"
        if hashlib.sha256(data).hexdigest() != receipt.sha256:
            raise KeyMaterialError(f"{path} was changed after it was imported", hint=hint)
        try:
            bundle = DetectorBundle.parse(payload_of(data))
        except NotAcceptableError as error:
            raise KeyMaterialError(f"{path} cannot be used: {error}", hint=hint) from error
        if bundle.system != receipt.system:
            raise KeyMaterialError(f"{path} is about another system", hint=hint)
        return ImportedSystem(bundle=bundle, receipt=receipt)
