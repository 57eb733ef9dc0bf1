"""The rows of a run, read a batch at a time, in the order of the chunks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa

from provenance.audit import parts
from provenance.audit.parts import SCHEMA
from provenance.audit.row import COLUMNS, ROW_VERSION
from provenance.errors import ConfigError, ErrorCode, ProvenanceError

_RUN: Final = "run.json"
_MAX_RUN: Final = 64_000_000
_BATCH: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What is there of a run: `run` as its ledger keeps it, and the parts that are done."""

    directory: Path
    run: dict[str, Any]
    paths: tuple[Path, ...]

    @classmethod
    def open(cls, directory: Path) -> Self:
        """A run, finished or not.

        Raises:
            ConfigError: there is none, or its rows have other columns than this version writes.
        """
        try:
            with (directory / _RUN).open("rb") as file:
                run = json.loads(file.read(_MAX_RUN))
            found = sorted((directory / "parts").glob("part-*.parquet"))
            version = run["settings"]["row_version"]
            int(run["images"]), int(run["chunks"])
        except FileNotFoundError as error:
            raise ConfigError(
                f"{directory} holds no run", hint="make one: provenance audit SOURCE --out DIR"
            ) from error
        except OSError as error:
            raise _unreadable(directory, error) from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ConfigError(f"{directory / _RUN} is not a run of this software") from error
        if version != ROW_VERSION:
            raise ConfigError(
                f"{directory} holds rows of version {version}; this software reads {ROW_VERSION}"
            )
        return cls(directory=directory, run=run, paths=tuple(found))

    @property
    def images(self) -> int:
        """How many rows there will be."""
        return int(self.run["images"])

    @property
    def settings(self) -> dict[str, Any]:
        """What the rows depend on."""
        return dict(self.run["settings"])

    def batches(self, columns: Sequence[str] = tuple(COLUMNS)) -> Iterator[pa.RecordBatch]:
        """All rows, some thousand at a time; a part is in memory at once.

        Raises:
            ProvenanceError: `E_CORRUPT`, a part is damaged or not one of ours; `E_IO`.
        """
        for path in self.paths:
            yield from parts.read(path, columns).to_batches(_BATCH)

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of all rows at once, in memory."""
        schema = pa.schema([SCHEMA.field(name) for name in columns])
        return pa.Table.from_batches(
            [batch.cast(schema) for batch in self.batches(columns)], schema=schema
        )

    def rows(self, columns: Sequence[str] = tuple(COLUMNS)) -> Iterator[dict[str, Any]]:
        """One row after another, as Python values."""
        for batch in self.batches(columns):
            yield from batch.to_pylist()


def _unreadable(path: Path, error: OSError) -> ProvenanceError:
    return ProvenanceError(f"cannot read {path}: {error.strerror or error}", code=ErrorCode.IO)
