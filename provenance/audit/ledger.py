"""The ledger of a run: which chunks there are, which are done, and under which settings.

    DIR/run.json       settings, versions, digests: what a row depends on; written first
    DIR/chunks.jsonl   the chunks, one line each, in order; written once, then only read
    DIR/parts/         one Parquet file for each chunk that is done
    DIR/summary.json   written when all are done

A chunk without its part is to be done; that is all there is to resuming. Parts that were made
under other settings are never mixed: they are refused, and the difference is named.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from provenance.audit import parts
from provenance.audit.chunk import Chunk
from provenance.errors import ConfigError, ErrorCode, ProvenanceError

LEDGER_VERSION: Final = 1
_RUN: Final = "run.json"
_CHUNKS: Final = "chunks.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A run in a directory. `chunks` and `images` count what it has to do."""

    directory: Path
    chunks: int
    images: int

    @property
    def parts(self) -> Path:
        """The directory of the parts."""
        return self.directory / "parts"

    @classmethod
    def open(cls, directory: Path, settings: dict[str, Any], found: Iterable[Chunk]) -> Self:
        """Begin a run, or go on with the one that is there.

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
                return cls._begin(directory, settings, found)
            return cls._go_on(directory, settings)
        except OSError as error:
            raise ProvenanceError(
                f"cannot keep the run in {directory}: {error.strerror or error}",
                code=ErrorCode.IO,
            ) from error

    @classmethod
    def _begin(cls, directory: Path, settings: dict[str, Any], found: Iterable[Chunk]) -> Self:
        chunks = images = 0
        digest = hashlib.sha256()
        aside = directory / f"{_CHUNKS}.incomplete"
        with aside.open("wb") as file:
            for chunk in found:
                line = chunk.dump().encode("ascii") + b"\n"
                file.write(line)
                digest.update(line)
                chunks, images = chunks + 1, images + chunk.count
            file.flush()
            os.fsync(file.fileno())
        aside.replace(directory / _CHUNKS)
        (directory / "parts").mkdir(exist_ok=True)
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
        if run.get("ledger_version") != LEDGER_VERSION:
            raise ConfigError(f"{directory} holds a run of another version of this software")
        known = run["settings"]
        changed = [key for key in {*known, *settings} if known.get(key) != settings.get(key)]
        if changed:
            names = ", ".join(sorted(changed))
            raise ConfigError(
                f"{directory} holds a run under other settings: {names}",
                hint="results are not mixed: name another --out, or run with the same settings",
            )
        return cls(directory=directory, chunks=run["chunks"], images=run["images"])

    def todo(self) -> Iterator[tuple[int, Chunk]]:
        """The chunks that have no part yet, with their numbers.

        Raises:
            ConfigError: the list of chunks was changed.
        """
        done = parts.done(self.parts)
        run, digest = _read(self.directory / _RUN), hashlib.sha256()
        with (self.directory / _CHUNKS).open("rb") as file:
            for line in file:
                digest.update(line)
        if digest.hexdigest() != run["chunks_sha256"]:
            raise ConfigError(f"{self.directory / _CHUNKS} was changed", hint="begin a new run")
        with (self.directory / _CHUNKS).open("rb") as file:
            for number, line in enumerate(file):
                if number not in done:
                    yield number, Chunk.parse(line.decode("ascii"))


def _require_empty(directory: Path) -> None:
    strange = [path.name for path in directory.iterdir() if not path.name.startswith(_CHUNKS)]
    if strange and set(strange) != {"parts"}:
        raise ConfigError(f"{directory} is not empty and holds no run", hint="name another --out")


def _write(path: Path, document: dict[str, Any]) -> None:
    aside = path.with_name(f"{path.name}.incomplete")
    with aside.open("w", encoding="ascii") as file:
        json.dump(document, file, indent=2, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError as error:
        raise ConfigError(f"{path} is not a run of this software") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path} is not a run of this software")
    return document
