"""Archives made by hand or by the standard library, sound and hostile."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

BLOCK = 512
Members = Sequence[tuple[str, bytes]]


def picture(number: int = 0, kind: str = "PNG") -> bytes:
    """A small image; each number gives another one."""
    file = io.BytesIO()
    colour = (number % 256, number // 256 % 256, 77)
    Image.new("RGB", (4, 4), colour).save(file, kind)
    return file.getvalue()


def noise(count: int) -> bytes:
    """Bytes that no compression makes smaller, the same ones every time."""
    return hashlib.shake_128(b"noise").digest(count)


def pictures(count: int) -> list[tuple[str, bytes]]:
    return [(f"{number:05d}.png", picture(number)) for number in range(count)]


# --- tar ----------------------------------------------------------------------------------


def tar(members: Members, form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def header(name: bytes, size: int | bytes, kind: bytes = b"0", *, link: bytes = b"") -> bytes:
    """One header, whatever it says."""
    field = b"%011o\0" % size if isinstance(size, int) else size
    block = bytearray(BLOCK)
    block[0 : len(name[:100])] = name[:100]
    block[100:124] = b"0000644\0" + b"0000000\0" * 2
    block[124:136] = field
    block[136:148] = b"00000000000\0"
    block[148:156] = b" " * 8
    block[156:157] = kind
    block[157 : 157 + len(link)] = link
    block[257:265] = b"ustar\x0000"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def member(name: str, data: bytes) -> bytes:
    return header(name.encode(), len(data)) + padded(data)


END = bytes(2 * BLOCK)
COMPRESSIONS = {
    "gzip": lambda data: gzip.compress(data, 6, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda data: _zstd(data),
}


def _zstd(data: bytes) -> bytes:
    import pyarrow as pa

    # Not `Codec.compress`: a stream, as tools write it.
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


# --- zip ----------------------------------------------------------------------------------


def zip_(members: Members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return file.getvalue()


def entry(name: bytes, data: bytes, at: int, **changed: int) -> tuple[bytes, bytes]:
    """A local header with its data, and the entry for it, whatever they say."""
    packed = changed.get("packed", len(data))
    size = changed.get("size", len(data))
    crc = changed.get("crc", zlib.crc32(data))
    flags, method = changed.get("flags", 0), changed.get("method", 0)
    fixed = (20, flags, method, 0, 0, crc, packed, size, len(name), 0)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", *fixed) + name + data
    mode = changed.get("mode", 0o100644) << 16
    central = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 3 << 8 | 20, *fixed, 0, 0, 0, mode, changed.get("header", at)
    )
    return local, central + name


def end_of(count: int, length: int, start: int) -> bytes:
    """The record that ends an archive of so many entries."""
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, length, start, 0)


def zip_of(entries: Iterable[tuple[bytes, bytes, dict[str, int]]], **changed: int) -> bytes:
    """An archive of entries that say what they are told to."""
    body, table, count = b"", b"", 0
    for name, data, wrong in entries:
        local, central = entry(name, data, len(body), **wrong)
        body += local
        table += central
        count += 1
    count = changed.get("count", count)
    length = changed.get("length", len(table))
    start = changed.get("start", len(body))
    return body + table + end_of(count, length, start)


# --- WARC ---------------------------------------------------------------------------------


def record(kind: str, block: bytes, uri: str = "https://example.com/a/b.png", **more: str) -> bytes:
    fields = {"WARC-Type": kind, "WARC-Target-URI": uri, "Content-Length": str(len(block))}
    fields |= {name.replace("_", "-"): value for name, value in more.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return b"WARC/1.0\r\n" + lines.encode("latin-1") + b"\r\n" + block + b"\r\n\r\n"


def response(body: bytes, kind: str = "image/png", **more: str) -> bytes:
    fields = {"Content-Type": kind} | {name.replace("_", "-"): v for name, v in more.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return b"HTTP/1.1 200 OK\r\n" + lines.encode("latin-1") + b"\r\n" + body


def warc(records: Iterable[bytes], *, packed: bool) -> bytes:
    return b"".join(gzip.compress(r, 6, mtime=0) if packed else r for r in records)


# --- Parquet ------------------------------------------------------------------------------


def parquet(columns: dict[str, list[object]], rows: int = 10, **options: object) -> bytes:
    """A table; values of dictionaries become structs."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, row_group_size=rows, **options)
    return file.getvalue()


def keep(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)
