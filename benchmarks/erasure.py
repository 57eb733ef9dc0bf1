"""What overwriting deleted rows costs a registry in SQLite (`PRAGMA secure_delete`).

    python -m benchmarks.erasure

Issues and erases n records with a manifest of 20 KB in each of two registries, one that overwrites
and one that does not, in turns, and prints the median time of each and what of the erased
manifests is left in the file.
"""

from __future__ import annotations

import secrets
import statistics
import tempfile
import time
from pathlib import Path

from sqlalchemy import Engine, event

from benchmarks.environment import print_environment
from provenance.model import (
    Fingerprint,
    Generation,
    IssuedFile,
    MarkQuality,
    SystemRef,
)
from provenance.registry import SqliteStore

RECORDS = 400
MANIFEST_BYTES = 20_000


class _Leaving(SqliteStore):
    """A registry that leaves deleted rows where they are."""

    def _make_engine(self) -> Engine:
        engine = super()._make_engine()
        event.listen(engine, "connect", lambda connection, _: _leave(connection))
        return engine


def _leave(connection: object) -> None:
    connection.execute("PRAGMA secure_delete=OFF")  # type: ignore[attr-defined]


def main() -> None:
    print_environment()
    print(f"n              {RECORDS} records, manifest of {MANIFEST_BYTES:,} bytes, seed none\n")
    with tempfile.TemporaryDirectory() as folder:
        stores: dict[str, SqliteStore] = {}
        for name, kind in (("overwritten", SqliteStore), ("left", _Leaving)):
            path = Path(folder) / f"{name}.sqlite3"
            kind.create(path)
            stores[name] = kind(path)
        issued: dict[str, list[tuple[str, bytes]]] = {name: [] for name in stores}
        times: dict[str, list[float]] = {}
        for _ in range(RECORDS):
            for name, store in stores.items():
                file = _file()
                start = time.perf_counter()
                record_id = _issued(store, file)
                times.setdefault(f"issue, {name}", []).append(time.perf_counter() - start)
                issued[name].append((record_id, file.manifest))
        for number in range(RECORDS):
            for name, store in stores.items():
                start = time.perf_counter()
                store.erase(issued[name][number][0])
                times.setdefault(f"erase, {name}", []).append(time.perf_counter() - start)
        for title, values in times.items():
            print(f"{title:<20} median {statistics.median(values) * 1000:.2f} ms")
        for name, store in stores.items():
            data = store.path.read_bytes()
            found = sum(manifest[:32] in data for _, manifest in issued[name])
            print(f"manifests found in the file, {name:<12} {found} of {RECORDS}")


def _issued(store: SqliteStore, file: IssuedFile) -> str:
    record = store.reserve(
        system=SystemRef(1, "bench"),
        epoch=0,
        scheme="lattice-1",
        generation=Generation(model="bench"),
        id_bits=48,
    )
    store.issue(record.record_id, file)
    store.release(record.record_id)
    return record.record_id


def _file() -> IssuedFile:
    return IssuedFile(
        format="png",
        width=1024,
        height=1024,
        byte_size=1_000_000,
        sha256=secrets.token_hex(32),
        fingerprint=Fingerprint(bits=secrets.token_bytes(32), quality=100),
        manifest=secrets.token_bytes(MANIFEST_BYTES),
        quality=MarkQuality(psnr_db=42.0, ssim=0.99, margin=80.0),
        grid=secrets.token_bytes(643),
        signer=secrets.token_hex(32),
    )


if __name__ == "__main__":
    main()
