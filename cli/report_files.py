"""Writing reports: never over a file that exists, and complete or not at all."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from provenance.errors import ArgumentError, ErrorCode, ProvenanceError

from .console import shown_path, talk
from .inputs import Source
from .signing import Sealing, signature_path

if TYPE_CHECKING:
    from provenance.report.document import Document
    from provenance.report.render import ReportFormat


@dataclass(frozen=True)
class Reports:
    """The reports that one run writes, checked before any work is done."""

    places: tuple[tuple[Path, ReportFormat], ...]
    overwrite: bool
    sealing: Sealing | None = None

    @classmethod
    def at(
        cls,
        paths: list[Path],
        *,
        overwrite: bool,
        inputs: list[Source],
        sealing: Sealing | None = None,
    ) -> Self:
        """Reports at these places, each of the form that its name asks for, signed or not.

        Raises:
            ProvenanceError: a name asks for no form, or for one that cannot be signed, or its
                place is not free; signing was asked for, and no report.
        """
        if not paths:
            if sealing is not None:
                raise ArgumentError("--sign needs --report", hint="e.g. --report case.json --sign")
            return cls(places=(), overwrite=overwrite)
        from provenance.report.render import check_available, format_of

        questioned = {os.path.realpath(item.path) for item in inputs if item.path}
        places = []
        for path in paths:
            form = format_of(path)
            check_available(form)
            if os.path.realpath(path) in questioned:
                raise ArgumentError(f"{shown_path(path)} is one of the files to be examined")
            check_free(path, overwrite=overwrite)
            if sealing is not None:
                sealing.check(path, form)
                check_free(signature_path(path), overwrite=overwrite)
            places.append((path, form))
        return cls(places=tuple(places), overwrite=overwrite, sealing=sealing)

    def __bool__(self) -> bool:
        """True if there is any to write."""
        return bool(self.places)

    def write(self, document: Document) -> None:
        """Render every report, sign them if they are to be, and only then write the first."""
        from provenance.report.render import lost, render

        files: dict[Path, bytes] = {}
        for path, form in self.places:
            data = render(document, form)
            files |= self.sealing.files(path, form, data) if self.sealing else {path: data}
            if remark := lost(document, form):
                talk(f"note: {shown_path(path)}: {remark}")
        for path, data in files.items():
            write_new(path, data, overwrite=self.overwrite)


def check_free(path: Path, *, overwrite: bool) -> None:
    """Refuse a report's place before any work is done.

    Raises:
        ProvenanceError: `E_IO`, something is there already, or its directory is not.
    """
    if not path.parent.is_dir():
        raise ProvenanceError(f"no such directory: {shown_path(path.parent)}", code=ErrorCode.IO)
    if path.is_dir() or (os.path.lexists(path) and not overwrite):
        raise ProvenanceError(
            f"{shown_path(path)} exists already",
            hint="choose another name, or --overwrite to replace it",
            code=ErrorCode.IO,
        )


def write_new(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a report beside its name, sync it, and give it the name.

    Raises:
        ProvenanceError: `E_IO`, it could not be written; nothing is left behind.
    """
    check_free(path, overwrite=overwrite)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.incomplete")
    try:
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if not overwrite:
            path.open("xb").close()  # takes the name, or fails where somebody was faster
        aside.replace(path)
    except OSError as error:
        raise ProvenanceError(
            f"cannot write {shown_path(path)}: {error.strerror}", code=ErrorCode.IO
        ) from error
    finally:
        aside.unlink(missing_ok=True)
