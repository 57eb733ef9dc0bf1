"""Runs of an audit put together by hand, row by row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from provenance.audit import parts
from provenance.audit.chunk import Chunk
from provenance.audit.results import Results
from provenance.audit.row import ROW_VERSION, Row, empty

SETTINGS: dict[str, Any] = {
    "row_version": ROW_VERSION,
    "tool_version": "0.1.0",
    "sources": ["dump"],
    "confinement": {"seconds": 20.0, "memory": 1_500_000_000},
    "selection": {"sample": 1.0, "seed": 0, "limit": None, "shard": "1/1"},
    "verifier": {
        "at": "",
        "depth": "fast",
        "formats": ["jpeg", "png"],
        "keys": [
            {"system": {"id": 7, "name": "acme"}, "epoch": 1, "fingerprint": "ab" * 32},
        ],
        "limits": {"max_pixels": 1000},
        "policy": "",
        "registry": "",
        "schemes": ["lattice-1"],
        "trust_lists": [{"name": "list", "kind": "signers", "sha256": "cd" * 32, "anchors": 2}],
    },
}


def row(key: str, content: str = "", **columns: object) -> Row:
    """The row of an image that holds nothing, or what `columns` say; its bytes are `content`."""
    data = (content or key).encode("utf-8", "backslashreplace")
    seen = {
        "name": key,
        "sha256": hashlib.sha256(data).hexdigest(),
        "sha1": hashlib.sha1(data).hexdigest(),  # noqa: S324 - a column
        "md5": hashlib.md5(data).hexdigest(),  # noqa: S324 - a column
        "byte_size": len(data),
        "format": "png",
        "width": 640,
        "height": 480,
        "frames": 1,
        "verdict": "NOT_FOUND",
        "mark_status": "NONE",
        "looks": 1,
        "log10_chance": -12.0,
        "manifest_status": "NONE",
        "record_status": "NOT_ASKED",
        "pdq": hashlib.sha256(b"picture" + data).hexdigest(),
        "pdq_quality": 100,
        "milliseconds": 10,
    }
    return empty(key, "0.1.0") | seen | columns


def error(key: str, code: str = "E_FORMAT", message: str = "no image", **columns: object) -> Row:
    """The row of what could not be examined."""
    return empty(key, "0.1.0") | {"error_code": code, "error_message": message} | columns


def traced(key: str, **columns: object) -> Row:
    """The row of an image whose mark was read."""
    found = {
        "verdict": "TRACED",
        "basis": ["watermark", "other"],
        "system_id": 7,
        "system_name": "acme",
        "mark_status": "READ_AUTHENTIC",
        "mark_id": "0123456789ab",
        "log10_p": -40.0,
        "record_status": "FOUND",
        "record_id": "5f0c",
        "content_match": "MATCH",
    }
    return row(key) | found | columns


def make(
    directory: Path,
    rows: Sequence[Row],
    *,
    per_part: int = 3,
    images: int | None = None,
    settings: dict[str, Any] | None = None,
) -> Results:
    """A run with these rows; with fewer than `images`, it is not finished."""
    (directory / "parts").mkdir(parents=True)
    lines = []
    waiting = iter(rows)
    for number, some in enumerate(iter(lambda: list(islice(waiting, per_part)), [])):
        parts.write(directory / "parts", number, some)
        lines.append(Chunk(kind="files", address="dump", first=number, count=len(some)).dump())
    run = {
        "ledger_version": 1,
        "chunks": len(lines),
        "images": len(rows) if images is None else images,
        "chunks_sha256": "",
        "settings": settings or SETTINGS,
    }
    (directory / "chunks.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (directory / "run.json").write_text(json.dumps(run))
    return Results.open(directory)
