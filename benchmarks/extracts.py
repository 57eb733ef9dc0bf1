"""Time and memory of registry extracts: export, import, doctor, and looking records up.

    python -m benchmarks.extracts [--records 50000] [--manifest 15000]

The records are made up; their manifests are random bytes of one length. Files are in the page
cache. Memory is the peak of the process, and what it was before the first export.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256

from benchmarks.environment import print_environment
from provenance import Workspace
from provenance.model import Fingerprint, Generation, IssuedFile, MarkId, MarkQuality
from provenance.trust import TrustStore
from provenance.workspace import exports, imports

_LOOKUPS = 1000
_GRID = 647  # bytes of a sealed grid signature of a square picture


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--manifest", type=int, default=15_000)
    options = parser.parse_args()
    print_environment()
    print(f"n              {options.records} records, manifests of {options.manifest} bytes\n")
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder), options.records, options.manifest)


def _measure(folder: Path, records: int, manifest: int) -> None:
    ours = Workspace.create(folder / "ours", system_name="acme-images", system_id=77)
    lab = Workspace.create(folder / "lab", system_id=5)
    pinned = frozenset({ours.report_signer().chain.leaf.fingerprint(SHA256()).hex()})
    marks = _fill(ours, records, manifest)
    print(f"{'memory before':<24} {_peak():.0f} MB")
    extract = folder / "acme.extract"
    _timed("export", lambda: exports.export_extract(ours, extract))
    print(f"{'size':<24} {extract.stat().st_size / 1e6:.0f} MB")
    exports.export_bundle(ours, folder / "acme.bundle")
    taken = imports.offer_bundle(lab, folder / "acme.bundle", trust=TrustStore(), pinned=pinned)
    imports.import_bundle(lab, taken)
    offer = imports.offer_extract(lab, extract, pinned=frozenset())
    _timed("import, copied", lambda: imports.import_extract(lab, offer))
    _timed("import, in place", lambda: imports.import_extract(lab, offer, in_place=True))
    _timed("every byte (doctor)", lambda: lab.extracts().extracts()[0].check_whole())
    resolver = lab.verifier().resolver
    times = []
    for mark in marks[:: max(1, len(marks) // _LOOKUPS)]:
        start = time.perf_counter()
        found = resolver.by_mark(77, MarkId(mark))
        times.append(time.perf_counter() - start)
        if found.record is None:
            raise RuntimeError(found.detail)
    times.sort()
    tail = times[int(len(times) * 0.99)]
    print(f"{'find by mark':<24} {statistics.median(times) * 1e3:.1f} ms, p99 {tail * 1e3:.1f} ms")
    print(f"{'memory, peak':<24} {_peak():.0f} MB")


def _timed(title: str, work: Callable[[], object]) -> None:
    start = time.perf_counter()
    work()
    print(f"{title:<24} {time.perf_counter() - start:.1f} s", flush=True)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _fill(workspace: Workspace, number: int, manifest: int) -> list[int]:
    """Copies of one record under other ids; the marks that were drawn."""
    store = workspace.store()
    record = store.reserve(
        system=workspace.system,
        epoch=0,
        scheme="lattice-1",
        generation=Generation(model="bench"),
        id_bits=48,
    )
    file = IssuedFile(
        format="png",
        width=1024,
        height=1024,
        byte_size=1_000_000,
        sha256="00" * 32,
        fingerprint=Fingerprint(bits=os.urandom(32), quality=100),
        manifest=os.urandom(manifest),
        quality=MarkQuality(psnr_db=42.0, ssim=0.99, margin=90.0),
        grid=os.urandom(_GRID),
    )
    store.issue(record.record_id, file)
    store.release(record.record_id)
    marks = [int.from_bytes(os.urandom(6)) for _ in range(number - 1)]
    with closing(sqlite3.connect(workspace.path / "registry.sqlite3")) as connection, connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(records)")]
        drawn = {
            "record_id": "?",
            "mark_id": "?",
            "sha256": "lower(hex(randomblob(32)))",
            "manifest": f"randomblob({manifest})",
            "grid": f"randomblob({_GRID})",
        }
        columns = ", ".join(drawn.get(name, name) for name in names)
        ids = [(str(uuid.uuid4()), mark) for mark in marks]
        copy = f"INSERT INTO records SELECT {columns} FROM records LIMIT 1"  # noqa: S608
        connection.executemany(copy, ids)
        connection.executemany(
            "INSERT INTO fingerprints (record_id, position, pdq, quality) "
            "VALUES (?, -1, randomblob(32), 100)",
            [(record_id,) for record_id, _ in ids],
        )
    return [record.mark_id.value, *marks]


if __name__ == "__main__":
    main()
