"""Where a laboratory keeps what it imported: one file for each system, and a receipt for it.

    0000077.json       receipt: which file, from whom, since when
    <sha256>.bundle    the file, under its digest

The receipt is replaced in one step, after the file is there, and names the file by its digest:
whoever is killed in between leaves the old state, and a file that no receipt names.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from provenance.errors import KeyMaterialError
from provenance.exchange import fields
from provenance.exchange.fields import NotAcceptableError
from provenance.keys import read_private, write_private
from provenance.model.ids import SystemRef
from provenance.trust import moment_text

_KIND: Final = "provenance-import-receipt"
_VERSION: Final = 1
_NAMES: Final = {
    "system", "sha256", "size", "modified_ns", "place", "signer", "certificate", "vouched_by",
    "created_at", "imported_at", "statement",
}  # fmt: skip
_RECEIPT: Final = re.compile(r"[0-9]{7}\.json", re.ASCII)
_MAX_PATH: Final = 4096
_MAX_STATEMENT: Final = 300_000
_MAX_BYTES: Final = 2 * _MAX_STATEMENT + 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What is known about one imported file.

    Attributes:
        system: whose it is.
        sha256: of the file, lower-case hexadecimal.
        size: of the file in bytes.
        modified_ns: when the file was last changed, in nanoseconds since 1970.
        place: where it lies, if not beside the receipt; an absolute path.
        statement: the signed statement that came with it, if its signature is not in it.
        signer: name in the certificate that signed it.
        certificate: SHA-256 of that certificate, lower-case hexadecimal.
        vouched_by: why the signer was believed.
        created_at: when the signer says that it was made.
        imported_at: when it was imported.
    """

    system: SystemRef
    sha256: str
    size: int
    modified_ns: int
    signer: str
    certificate: str
    vouched_by: str
    created_at: datetime
    imported_at: datetime
    place: str = ""
    statement: str = field(default="", repr=False)

    def document(self) -> bytes:
        """The bytes of the receipt."""
        return fields.written(
            {
                "kind": _KIND,
                "version": _VERSION,
                "system": {"id": self.system.id, "name": self.system.name},
                "sha256": self.sha256,
                "size": self.size,
                "modified_ns": self.modified_ns,
                "place": self.place,
                "signer": self.signer,
                "certificate": self.certificate,
                "vouched_by": self.vouched_by,
                "created_at": moment_text(self.created_at),
                "imported_at": moment_text(self.imported_at),
                "statement": self.statement,
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Receipt:
        """Read what `document` writes.

        Raises:
            NotAcceptableError: something else.
        """
        found = fields.parsed(data, _KIND, _VERSION, _NAMES)
        place = found["place"]
        if not isinstance(place, str) or len(place) > _MAX_PATH or "\0" in place:
            raise NotAcceptableError("place has to be a path")
        return cls(
            system=fields.system(found["system"]),
            sha256=fields.hexadecimal(found["sha256"], "sha256", 32).hex(),
            size=fields.number(found["size"], "size", 1 << 48),
            modified_ns=fields.number(found["modified_ns"], "modified_ns", 1 << 64),
            place=place,
            signer=fields.text(found["signer"], "signer", 400),
            certificate=fields.hexadecimal(found["certificate"], "certificate", 32).hex(),
            vouched_by=fields.text(found["vouched_by"], "vouched_by", 400),
            created_at=fields.moment(found["created_at"], "created_at"),
            imported_at=fields.moment(found["imported_at"], "imported_at"),
            statement=fields.lines(found["statement"], "statement", _MAX_STATEMENT),
        )


class Shelf:
    """A directory of imported files; it is made when the first one comes."""

    def __init__(self, path: Path, suffix: str) -> None:
        """Name the directory.

        Args:
            path: the directory.
            suffix: of the files in it.
        """
        self.path = path
        self._suffix = suffix

    def receipts(self) -> tuple[Receipt, ...]:
        """One for each system that something was imported of, by id.

        Raises:
            KeyMaterialError: one of them is damaged.
        """
        try:
            names = sorted(name for name in os.listdir(self.path) if _RECEIPT.fullmatch(name))  # noqa: PTH208 - no Path for each
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise KeyMaterialError(f"cannot read {self.path}: {error.strerror}") from error
        return tuple(self._read(self.path / name) for name in names)

    def receipt(self, system_id: int) -> Receipt | None:
        """The receipt of one system.

        Raises:
            KeyMaterialError: it is damaged.
        """
        path = self._receipt_path(system_id)
        return self._read(path) if os.path.lexists(path) else None

    def file_of(self, receipt: Receipt) -> Path:
        """Where the imported file lies."""
        if receipt.place:
            return Path(receipt.place)
        return self.path / f"{receipt.sha256}{self._suffix}"

    def aside(self) -> Path:
        """A fresh name in this directory, for a file that is being imported.

        Raises:
            KeyMaterialError: the directory cannot be made.
        """
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise KeyMaterialError(f"cannot make {self.path}: {error.strerror}") from error
        return self.path / f".{secrets.token_hex(8)}.incomplete"

    def put(self, receipt: Receipt, aside: Path | None) -> None:
        """Take a file that lies aside, and its receipt, in the place of what is there.

        Args:
            receipt: of the file.
            aside: where the file lies, synced; None where it stays where it is.

        Raises:
            KeyMaterialError: they cannot be written.
        """
        new = self.aside()
        try:
            if aside is not None:
                aside.replace(self.file_of(receipt))
            write_private(new, receipt.document())
            new.replace(self._receipt_path(receipt.system.id or 0))
            self._sync()
        except OSError as error:
            raise KeyMaterialError(f"cannot write {self.path}: {error.strerror}") from error
        finally:
            new.unlink(missing_ok=True)
        self._tidy()

    def remove(self, system_id: int) -> bool:
        """Remove receipt and file of a system; False where there is none.

        Raises:
            KeyMaterialError: they cannot be removed.
        """
        try:
            self._receipt_path(system_id).unlink()
            self._sync()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise KeyMaterialError(f"cannot write {self.path}: {error.strerror}") from error
        self._tidy()
        return True

    def _tidy(self) -> None:
        """Remove files that no receipt names, what a crash left included."""
        try:
            kept = {self.file_of(receipt) for receipt in self.receipts()}
        except KeyMaterialError:
            return  # a receipt that cannot be read may name any of them
        for path in self.path.iterdir():
            if path.suffix == self._suffix and path not in kept:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _sync(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _receipt_path(self, system_id: int) -> Path:
        return self.path / f"{system_id:07d}.json"

    def _read(self, path: Path) -> Receipt:
        try:
            receipt = Receipt.parse(read_private(path, limit=_MAX_BYTES))
        except NotAcceptableError as error:
            raise KeyMaterialError(
                f"{path} is damaged: {error}", hint="remove it, and import the file again"
            ) from error
        if path != self._receipt_path(receipt.system.id or 0):
            raise KeyMaterialError(
                f"{path} is the receipt of another system", hint="remove it, and import again"
            )
        return receipt
