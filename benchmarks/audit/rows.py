"""What comes of a run with many rows: time and memory of summary, report, export, SQL, differences.

    python -m benchmarks.audit.rows [--rows 1000000] [--near] [--seed 1]

The rows are made up: five in a hundred traced, two not examined, ten with the bytes of another, all
others with different hashes, which is the worst case for near duplicates (`--near`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.environment import print_environment
from provenance.audit import parts
from provenance.audit.row import ROW_VERSION, Row, empty

_PART: Final = 4096
_NOTHING: Final[Row] = {
    "format": "jpeg",
    "width": 1024,
    "height": 768,
    "frames": 1,
    "verdict": "NOT_FOUND",
    "mark_status": "NONE",
    "looks": 1,
    "log10_chance": -12.0,
    "manifest_status": "NONE",
    "record_status": "NOT_ASKED",
}
_TRACED: Final[Row] = {
    "verdict": "TRACED",
    "basis": ["watermark", "other"],
    "system_id": 7,
    "system_name": "acme",
    "mark_status": "READ_AUTHENTIC",
    "mark_id": "0123456789ab",
    "scheme": "lattice-1",
    "log10_p": -40.0,
    "record_status": "FOUND",
    "content_match": "MATCH",
}


def main() -> None:
    parser = argparse.ArgumentParser(description="What comes of a run with many rows.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--near", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print_environment()
    print(f"rows {options.rows:,}, seed {options.seed}\n")
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        _make(run, options.rows, options.seed)
        _timed("summary", run)
        _timed("report", run)
        print(f"report.html: {(run / 'report.html').stat().st_size:,} bytes")
        _timed("export", run, "--to", "csv", "--out", str(run / "rows.csv"))
        _timed("query", run, "select verdict, count(*) from rows group by 1")
        _timed("diff", run, str(run))
        if options.near:
            _timed("summary", run, "--distinct", "near")


def _timed(command: str, run: Path, *words: str) -> None:
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "provenance_cli", "audit", command, str(run), *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"audit {command} failed: {process.returncode}")
    shown = " ".join(word for word in words if str(run) not in word)
    print(
        f"audit {command} {shown}: {time.monotonic() - begun:.1f} s, "
        f"{used.ru_utime + used.ru_stime:.1f} s of processor, {used.ru_maxrss // 1024} MB"
    )


def _make(run: Path, rows: int, seed: int) -> None:
    (run / "parts").mkdir(parents=True)
    draw = random.Random(seed)  # noqa: S311 - made-up rows
    for number, first in enumerate(range(0, rows, _PART)):
        some = [_row(i, draw) for i in range(first, min(rows, first + _PART))]
        parts.write(run / "parts", number, some)
    settings = {"row_version": ROW_VERSION, "sources": ["made up"]}
    document = {"images": rows, "chunks": -(-rows // _PART), "settings": settings}
    (run / "run.json").write_text(json.dumps(document), encoding="ascii")


def _row(number: int, draw: random.Random) -> Row:
    row = empty(f"dump/{number:09}.jpg", "0.1.0") | {"milliseconds": draw.randrange(200)}
    kind = draw.random()
    if kind < 0.02:
        return row | {"error_code": "E_FORMAT", "error_message": "not an image"}
    content = number - 1 if number % 10 == 1 else number
    digest = hashlib.sha256(f"{content}".encode()).hexdigest()
    row |= _NOTHING | {"sha256": digest, "sha1": digest[:40], "md5": digest[:32]}
    row |= {"byte_size": 200_000, "pdq": digest, "pdq_quality": 100}
    return row | _TRACED if kind < 0.07 else row


if __name__ == "__main__":
    main()
