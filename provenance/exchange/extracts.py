"""Extracts of other operators' registries that a laboratory imported."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Final

from provenance.errors import KeyMaterialError, RegistryError
from provenance.exchange import statement as statements
from provenance.exchange.fields import NotAcceptableError, payload_of
from provenance.exchange.shelf import Receipt, Shelf
from provenance.exchange.statement import ExtractStatement
from provenance.registry import ExtractStore
from provenance.resolution import ExtractRegistry

SUFFIX: Final = ".extract"
STATEMENT_SUFFIX: Final = ".jws"  # added to the name of an extract
MAX_STATEMENT: Final = 2 * statements.MAX_BYTES + 270_000
_CHUNK: Final = 1 << 20
_READ_ONLY: Final = 0o400


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedExtract:
    """An extract, what its operator says about it, and how it came here."""

    path: Path
    statement: ExtractStatement
    receipt: Receipt

    def check_unchanged(self) -> None:
        """Raise unless the file has the size and the date that it was imported with. Cheap.

        Raises:
            RegistryError: it is gone or was changed.
        """
        try:
            status = self.path.lstat()
        except OSError as error:
            raise RegistryError(f"cannot read {self.path}: {error.strerror}") from error
        found = (status.st_size, status.st_mtime_ns)
        if not stat.S_ISREG(status.st_mode) or found != (
            self.receipt.size,
            self.receipt.modified_ns,
        ):
            raise RegistryError(f"{self.path} was changed after it was imported")

    def check_whole(self) -> None:
        """Raise unless every byte is what was signed; reads all of it.

        Raises:
            RegistryError: it is not, or it cannot be read.
        """
        self.check_unchanged()
        with _regular(self.path) as file:
            digest = file_digest(file)
        if digest != self.receipt.sha256:
            raise RegistryError(f"{self.path} is not the extract that was signed")
        ExtractStore(self.path).check()

    def store(self) -> ExtractStore:
        """The extract, to be searched.

        Raises:
            RegistryError: it was changed.
        """
        self.check_unchanged()
        store = ExtractStore(self.path)
        store.check_schema()
        return store

    def resolver(self) -> ExtractRegistry:
        """The extract, to be asked for records by their exact ids."""
        return ExtractRegistry(
            ExtractStore(self.path),
            system=self.statement.system,
            description=str(self.statement),
            check=lambda: _none(self.store()),
        )


class ExtractShelf:
    """The extracts of a workspace."""

    def __init__(self, path: Path) -> None:
        """Name the directory that they lie in."""
        self._shelf = Shelf(path, SUFFIX)

    def extracts(self) -> tuple[ImportedExtract, ...]:
        """All of them by the id of their system; whether they can be read is not looked at.

        Raises:
            KeyMaterialError: a receipt is damaged.
        """
        return tuple(self._opened(receipt) for receipt in self._shelf.receipts())

    def find(self, system_id: int) -> ImportedExtract | None:
        """The extract of one system.

        Raises:
            KeyMaterialError: its receipt is damaged.
        """
        receipt = self._shelf.receipt(system_id)
        return None if receipt is None else self._opened(receipt)

    def take(self, path: Path, statement: ExtractStatement, *, in_place: bool) -> tuple[Path, int]:
        """Look at every byte of an extract before any of it is used.

        Args:
            path: the file.
            statement: what its operator says about it; the signature was checked.
            in_place: leave it where it is; else it is copied.

        Returns:
            Where it lies now, and when what was read had been changed last, in nanoseconds. A
            copy lies aside and is put on the shelf by `put`.

        Raises:
            RegistryError: it is not what the statement says, or not an extract.
            KeyMaterialError: it cannot be copied.
        """
        target = path.resolve() if in_place else self._shelf.aside()
        try:
            modified = _read_whole(path, None if in_place else target, statement)
            store = ExtractStore(target)
            store.check()
            system = statement.system
            if store.check_contents(system.id or 0) != statement.records:
                raise RegistryError(f"{path} has not as many records as its statement says")
        except BaseException:
            if not in_place:
                target.unlink(missing_ok=True)
            raise
        return target, modified

    def put(self, taken: Path, receipt: Receipt) -> None:
        """Keep what was taken, in the place of an older one.

        Raises:
            KeyMaterialError: it cannot be written.
        """
        try:
            self._shelf.put(receipt, None if receipt.place else taken)
        finally:
            self.discard(taken, in_place=bool(receipt.place))

    def discard(self, taken: Path, *, in_place: bool) -> None:
        """Remove a copy that is not kept."""
        if not in_place:
            taken.unlink(missing_ok=True)

    def remove(self, system_id: int) -> bool:
        """Forget an extract; a file that was referred to in place is left. False: not known.

        Raises:
            KeyMaterialError: it cannot be removed.
        """
        return self._shelf.remove(system_id)

    def _opened(self, receipt: Receipt) -> ImportedExtract:
        path = self._shelf.file_of(receipt)
        try:
            document = payload_of(receipt.statement.encode("ascii"))
            statement = ExtractStatement.parse(document)
            same = (statement.system, statement.sha256) == (receipt.system, receipt.sha256)
            if not same:
                raise NotAcceptableError("it is about another file")
        except ValueError as error:
            raise KeyMaterialError(
                f"the receipt of the extract of {receipt.system} is damaged: {error}",
                hint="import the extract again",
            ) from error
        return ImportedExtract(path=path, statement=statement, receipt=receipt)


def file_digest(file: BufferedReader) -> str:
    """SHA-256 of a file from here to its end, in lower-case hexadecimal."""
    return hashlib.file_digest(file, "sha256").hexdigest()


def _none(_: object) -> None:
    """Nothing: a look is all that was wanted."""


@contextmanager
def _regular(path: Path) -> Iterator[BufferedReader]:
    """A regular file, opened without blocking on something else.

    Raises:
        RegistryError: it is none, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RegistryError(f"{path} is not a regular file")
            yield file
    except OSError as error:
        raise RegistryError(f"cannot read {path}: {error.strerror}") from error


def _read_whole(path: Path, target: Path | None, statement: ExtractStatement) -> int:
    """Read a file once, hold it against its statement, and copy what was read.

    Returns:
        When the copy, or else the file, had been changed last, in nanoseconds.
    """
    copied = 0
    digest, size = hashlib.sha256(), 0
    with _regular(path) as source:
        before = os.fstat(source.fileno())
        if before.st_size != statement.size:
            raise RegistryError(f"{path} has not the size that was signed")
        copy = None if target is None else _created(target)
        try:
            while size <= statement.size and (chunk := source.read(_CHUNK)):
                digest.update(chunk)
                size += len(chunk)
                if copy is not None:
                    copy.write(chunk)
            if copy is not None:
                copy.flush()
                os.fsync(copy.fileno())
                os.fchmod(copy.fileno(), _READ_ONLY)
                copied = os.fstat(copy.fileno()).st_mtime_ns
        finally:
            if copy is not None:
                copy.close()
        after = os.fstat(source.fileno())
    if size != statement.size or digest.hexdigest() != statement.sha256:
        raise RegistryError(
            f"{path} is not the extract that was signed",
            hint="it was changed or cut off on its way; ask for it again",
        )
    if before.st_mtime_ns != after.st_mtime_ns:
        raise RegistryError(f"{path} changed while it was read")
    return after.st_mtime_ns if target is None else copied


def _created(path: Path) -> BufferedWriter:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return open(descriptor, "wb")  # noqa: PTH123 - a descriptor, not a path
