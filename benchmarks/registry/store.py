"""A large SQLite registry: look-up by mark, search, size and memory.

One picture is stamped; its rows are then written n times over with other ids, digests,
fingerprints and blobs, past the store and without a sync for each, which would take hours.
"""

from __future__ import annotations

import secrets
import sqlite3
import tempfile
import time
import uuid
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import cv2
import numpy as np

from benchmarks.registry.timed import drop, memory, timed
from provenance import Generation, Workspace
from provenance.fingerprint.index import FingerprintIndex
from provenance.imaging import Encoding
from provenance.model import Fingerprint, MarkId
from provenance.model.commitment import commitment
from provenance.registry import rows
from provenance.registry.tables import OWN_FILE
from provenance.resolution import Among, build_index, search
from provenance.workspace.selftest import synthetic_picture

Row = dict[str, Any]
_TABLES: Final = ("records", "fingerprints", "leaves")
_BATCH: Final = 20_000
_MARKS: Final = 1 << 48
_STEP: Final = 0x9E3779B97F4B  # odd: visits every mark id once, in a scattered order
_HEADER = "| what | median ms | p99 ms | CPU median | CPU p99 | n |\n|---|---|---|---|---|---|"


def run(options: Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        workspace = Workspace.create(Path(folder) / "workspace")
        scaled = cv2.resize(synthetic_picture(), (768, 600), interpolation=cv2.INTER_CUBIC)
        picture = np.asarray(scaled, np.uint8)
        workspace.stamper().stamp(
            picture, Generation(model="bench"), encoding=Encoding.parse("jpeg")
        )
        path = workspace.path / "registry.sqlite3"
        start = time.perf_counter()
        marks, manifest = _filled(path, options.records, options.manifest)
        size = path.stat().st_size
        print(f"filled in       {time.perf_counter() - start:.0f} s, past the store")
        print(
            f"registry        {size / 1e6:.0f} MB, {size / options.records:.0f} bytes a record "
            f"with a manifest of {options.manifest} bytes; a real one has {manifest}"
        )
        _measured(workspace, picture, marks, options)


def _measured(
    workspace: Workspace, picture: np.ndarray[Any, Any], marks: list[int], options: Namespace
) -> None:
    store = workspace.store(read_only=True)
    system = workspace.system.id or 0
    start = time.perf_counter()
    built = build_index(store, workspace.index_path)
    print(
        f"index           built in {time.perf_counter() - start:.1f} s, {built.size / 1e6:.0f} MB, "
        f"{built.own} hashes\n"
    )
    before = memory()
    print(_HEADER)
    some = np.random.default_rng(1).choice(len(marks), options.finds)
    times = timed(lambda n: store.find_by_mark(system, MarkId(marks[n])), some.tolist(), warm=100)
    print(f"| find by mark id | {times} |")
    times = timed(lambda _: FingerprintIndex.open(workspace.index_path), range(10))
    print(f"| open the index, checked whole | {times} |")
    index = FingerprintIndex.open(workspace.index_path)
    times = timed(
        lambda _: search(store, picture, Among.RECORDS, index=index), range(options.questions)
    )
    print(f"| search with the index: views of 768x600, near, confirm | {times} |")
    after = memory()
    times = timed(lambda _: search(store, picture, Among.RECORDS), range(3), warm=1)
    print(f"| search without | {times} |")
    same = (
        search(store, picture, Among.RECORDS, index=index).candidates
        == search(store, picture, Among.RECORDS).candidates
    )
    print(f"\nthe same candidates with the index and without: {same}")
    print(
        f"memory          {after['own'] - before['own']:.0f} MB more of its own and "
        f"{after['files'] - before['files']:.0f} MB of mapped files after all with the index"
    )
    drop(workspace.index_path)


def _filled(path: Path, n: int, manifest: int) -> tuple[list[int], int]:
    """The mark ids of n records, and the size of a real manifest."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-500000")
        templates = {table: _template(connection, table) for table in _TABLES}
        real = len(templates["records"]["manifest"])
        first = templates["records"]["mark_id"]
        marks = [first]
        for at in range(1, n, _BATCH):
            numbers = range(at, min(at + _BATCH, n))
            ids = [str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)) for _ in numbers]
            marks += [(first + number * _STEP) % _MARKS for number in numbers]
            made = list(_rows(templates, ids, marks[at:], manifest))
            connection.execute("BEGIN")
            for table, template in templates.items():
                names = ", ".join(template)
                places = ", ".join("?" * len(template))
                connection.executemany(
                    f"INSERT INTO {table} ({names}) VALUES ({places})",  # noqa: S608
                    [tuple(row[table].values()) for row in made],
                )
            connection.execute("COMMIT")
    connection.close()
    return marks, real


def _template(connection: sqlite3.Connection, table: str) -> Row:
    """A row of a table by column, without the number that the database gives."""
    found = connection.execute(f"SELECT * FROM {table}")  # noqa: S608
    row = dict(zip([column[0] for column in found.description], found.fetchone(), strict=True))
    return {name: value for name, value in row.items() if name not in ("fingerprint_id", "leaf_id")}


def _rows(
    templates: dict[str, Row], ids: list[str], marks: list[int], manifest: int
) -> Iterator[dict[str, Row]]:
    """The record again and again, by table: what is unique or random in a real one is so here."""
    for record_id, mark_id in zip(ids, marks, strict=True):
        record = templates["records"] | {
            "record_id": record_id,
            "mark_id": mark_id,
            "sha256": secrets.token_hex(32),
            "manifest": bytes(manifest),
            "salt": secrets.token_bytes(32),
            "grid": secrets.token_bytes(len(templates["records"]["grid"])),
        }
        own = templates["fingerprints"] | {
            "record_id": record_id, "pdq": secrets.token_bytes(32)
        }  # fmt: skip
        print_ = Fingerprint(bits=own["pdq"], quality=own["quality"])
        row: Any = SimpleNamespace(**record)
        made = rows.record(row, [], {OWN_FILE: print_})
        leaf = templates["leaves"] | {
            "commitment": commitment(made, record["salt"]), "position": None
        }  # fmt: skip
        yield {"records": record, "fingerprints": own, "leaves": leaf}
