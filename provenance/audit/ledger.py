"""The ledger of a run: which chunks there are, which are done, and under which settings.

    DIR/run.json       settings, versions, digests: what a row depends on; written last, once
    DIR/chunks.jsonl   the chunks, one line each, in order; written once, then only read
    DIR/parts/         one Parquet file for each chunk that is done
    DIR/locks/         held by the processes that work here; see `provenance.isolation.locks`
    DIR/summary.json   written when all are done

A chunk without its part is to be done; that is all there is to resuming. Parts that were made
under other settings are never mixed: they are refused, and the difference is named.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from provenance.audit import parts
from provenance.audit.chunk import Chunk
from provenance.errors import ConfigError, ErrorCode, ProvenanceError
from provenance.isolation import locks

LEDGER_VERSION: Final = 1
_RUN: Final = "run.json"
_CHUNKS: Final = "chunks.jsonl"
_LOCKS: Final = "locks"
_PARTS: Final = "parts"
#: Type of each field of run.json.
_FIELDS: Final = {
    "ledger_version": int, "chunks": int, "images": int, "chunks_sha256": str, "settings": dict,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A run in a directory. `chunks` and `images` count what it has to do."""

    directory: Path
    chunks: int
    images: int

    @property
    def parts(self) -> Path:
        """The directory of the parts."""
        return self.directory / _PARTS

    @classmethod
    def open(cls, directory: Path, settings: dict[str, Any], found: Iterable[Chunk]) -> Self:
        """Begin a run, or go on with the one that is there.

        Several processes may do so at once: one lists the chunks, the others wait for it.

        Args:
            directory: made if it is not there; nothing else may be in it.
            settings: everything that a row depends on besides the image, as JSON types.
            found: the chunks; asked only where the run has not begun yet.

        Raises:
            ConfigError: another run is there, or something else; the message says what differs.
            ProvenanceError: `E_IO`.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if not (directory / _RUN).exists():
                _require_empty(directory)
                with locks.beginning(directory / _LOCKS):
                    if not (directory / _RUN).exists():
                        return cls._begin(directory, settings, found)
            return cls._go_on(directory, settings)
        except OSError as error:
            raise _failure(directory, error) from error

    @classmethod
    def _begin(cls, directory: Path, settings: dict[str, Any], found: Iterable[Chunk]) -> Self:
        parts.sweep(directory)
        chunks = images = 0
        digest = hashlib.sha256()
        beside = parts.aside(directory / _CHUNKS)
        with beside.open("wb") as file:
            for chunk in found:
                line = chunk.dump().encode("ascii") + b"\n"
                file.write(line)
                digest.update(line)
                chunks, images = chunks + 1, images + chunk.count
            file.flush()
            os.fsync(file.fileno())
        beside.replace(directory / _CHUNKS)
        (directory / _PARTS).mkdir(exist_ok=True)
        run = {
            "ledger_version": LEDGER_VERSION,
            "chunks": chunks,
            "images": images,
            "chunks_sha256": digest.hexdigest(),
            "settings": settings,
        }
        _write(directory / _RUN, run)
        return cls(directory=directory, chunks=chunks, images=images)

    @classmethod
    def _go_on(cls, directory: Path, settings: dict[str, Any]) -> Self:
        run = _read(directory / _RUN)
        known = run["settings"]
        changed = [key for key in {*known, *settings} if known.get(key) != settings.get(key)]
        if changed:
            names = ", ".join(sorted(changed))
            raise ConfigError(
                f"{directory} holds a run under other settings: {names}",
                hint="results are not mixed: name another --out, or run with the same settings",
            )
        (directory / _PARTS).mkdir(exist_ok=True)
        return cls(directory=directory, chunks=run["chunks"], images=run["images"])

    @classmethod
    def existing(cls, directory: Path) -> Self:
        """A run that was begun, whatever its settings; to read it.

        Raises:
            ConfigError: there is none.
            ProvenanceError: `E_IO`.
        """
        try:
            run = _read(directory / _RUN)
        except FileNotFoundError as error:
            raise ConfigError(f"{directory} holds no run", hint="name its --out") from error
        except OSError as error:
            raise _failure(directory, error) from error
        return cls(directory=directory, chunks=run["chunks"], images=run["images"])

    def working(self) -> AbstractContextManager[int]:
        """Be the only process that works on the run.

        Raises:
            ProvenanceError: `E_BUSY`; another one does.
        """
        return locks.working(self.directory / _LOCKS)

    def listed(self) -> Iterator[tuple[int, Chunk]]:
        """All chunks with their numbers.

        Raises:
            ConfigError: the list of chunks was changed.
            ProvenanceError: `E_IO`.
        """
        path = self.directory / _CHUNKS
        try:
            run, digest = _read(self.directory / _RUN), hashlib.sha256()
            with path.open("rb") as file:
                for line in file:
                    digest.update(line)
                if digest.hexdigest() != run["chunks_sha256"]:
                    raise ConfigError(f"{path} was changed", hint="begin a new run")
                file.seek(0)
                for number, line in enumerate(file):
                    yield number, Chunk.parse(line.decode("ascii"))
        except OSError as error:
            raise _failure(self.directory, error) from error

    def todo(self) -> Iterator[tuple[int, Chunk]]:
        """The chunks that have no part yet, or one that is cut off, with their numbers.

        Raises:
            ConfigError: the list of chunks was changed.
            ProvenanceError: `E_IO`.
        """
        try:
            parts.sweep(self.parts)
            done = parts.done(self.parts)
        except OSError as error:
            raise _failure(self.directory, error) from error
        for number, chunk in self.listed():
            whole = number in done and parts.holds(parts.path_of(self.parts, number), chunk.count)
            if not whole:
                yield number, chunk


def _failure(directory: Path, error: OSError) -> ProvenanceError:
    return ProvenanceError(
        f"cannot keep the run in {directory}: {error.strerror or error}", code=ErrorCode.IO
    )


def _require_empty(directory: Path) -> None:
    """Nothing may be there but what a run leaves that was stopped before it had begun."""
    ours = {_PARTS, _LOCKS, _CHUNKS}
    strange = [
        path.name
        for path in directory.iterdir()
        if path.name not in ours and not path.name.startswith((f"{_CHUNKS}.", f"{_RUN}."))
    ]
    left = (directory / _PARTS).is_dir() and any((directory / _PARTS).iterdir())
    if (directory / _RUN).exists():  # another process has begun it meanwhile
        return
    if strange:
        raise ConfigError(f"{directory} is not empty and holds no run", hint="name another --out")
    if left:
        raise ConfigError(
            f"{directory} holds parts without their {_RUN}",
            hint="nobody knows how they were made: name another --out",
        )


def _write(path: Path, document: dict[str, Any]) -> None:
    beside = parts.aside(path)
    with beside.open("w", encoding="ascii") as file:
        json.dump(document, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    parts.sync(path.parent)


def _read(path: Path) -> dict[str, Any]:
    strange = ConfigError(f"{path} is not a run of this software", hint="name another --out")
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise strange from error
    if not isinstance(document, dict):
        raise strange
    if document.get("ledger_version") != LEDGER_VERSION:
        raise ConfigError(f"{path} is a run of another version of this software")
    if any(not isinstance(document.get(name), kind) for name, kind in _FIELDS.items()):
        raise strange
    return document
