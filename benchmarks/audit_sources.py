"""How long counting takes, and how fast members are read: no image is decoded.

    python -m benchmarks.audit_sources

Makes archives of n members in a temporary directory, counts them as an audit does before it
begins, and reads them all as one worker would. Times are of the processor, so that other work on
the machine counts for little.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.environment import print_environment
from provenance.audit.sources import items, scan
from provenance.imaging import DEFAULT_LIMITS

MEMBERS = 500
MANY = 20_000
SIZE = 100_000
CHUNK = 256
_HEAD = b"\x89PNG\r\n\x1a\n"


def main() -> None:
    print_environment()
    print(f"n              {MEMBERS:,} members of {SIZE:,} bytes, and {MANY:,} of 100 bytes\n")
    print(f"{'':<24}{'count':>10}{'per member':>14}{'read':>10}{'rate':>12}")
    noise = hashlib.shake_128(b"sources").digest(SIZE * 64)
    with tempfile.TemporaryDirectory() as folder:
        for name, write in _KINDS.items():
            path = Path(folder) / "x"
            write(path, (_HEAD + noise[i % 63 * SIZE :][: SIZE - 8] for i in range(MEMBERS)))
            _measure(name, path)
            path.unlink()
        for name in ("tar", "zip"):
            path = Path(folder) / "x"
            _KINDS[name](path, (_HEAD + noise[i : i + 92] for i in range(MANY)))
            _measure(f"{name}, small members", path)
            path.unlink()
        tree = Path(folder) / "tree"
        for i in range(MANY // 10):
            below = tree / str(i % 100)
            below.mkdir(parents=True, exist_ok=True)
            (below / f"{i}.png").write_bytes(_HEAD + noise[i : i + 92])
        _measure("directory, small files", tree)


def _measure(name: str, path: Path) -> None:
    start = time.process_time()
    chunks = list(scan([str(path)], CHUNK))
    counted = time.process_time() - start
    start = time.process_time()
    read = [len(i.data) for chunk in chunks for i in items(chunk, 0, DEFAULT_LIMITS)]
    took = time.process_time() - start
    each = counted / len(read) * 1e6
    rate = sum(read) / took / 1e6
    print(f"{name:<24}{counted:>8.2f} s{each:>11.1f} us{took:>8.2f} s{rate:>7.0f} MB/s")


def _tar(path: Path, members: Iterator[bytes]) -> None:
    with tarfile.open(path, "w") as archive:
        for number, data in enumerate(members):
            info = tarfile.TarInfo(f"{number:09d}.png")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def _packed(compress: Callable[[bytes], bytes]) -> Callable[[Path, Iterator[bytes]], None]:
    def write(path: Path, members: Iterator[bytes]) -> None:
        _tar(path, members)
        path.write_bytes(compress(path.read_bytes()))

    return write


def _zip(path: Path, members: Iterator[bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number, data in enumerate(members):
            archive.writestr(f"{number:09d}.png", data)


def _warc(path: Path, members: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        for data in members:
            body = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + data
            head = f"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: {len(body)}\r\n\r\n"
            file.write(gzip.compress(head.encode() + body + b"\r\n\r\n", 1))


def _parquet(path: Path, members: Iterator[bytes]) -> None:
    pq.write_table(pa.table({"image": list(members)}), path, row_group_size=100)


_KINDS: dict[str, Callable[[Path, Iterator[bytes]], None]] = {
    "tar": _tar,
    "tar.gz": _packed(lambda data: gzip.compress(data, 1)),
    "tar.bz2": _packed(lambda data: bz2.compress(data, 9)),
    "tar.xz": _packed(lambda data: lzma.compress(data, preset=0)),
    "zip": _zip,
    "warc.gz": _warc,
    "parquet": _parquet,
}


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
