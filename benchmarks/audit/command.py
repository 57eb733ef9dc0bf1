"""The real command over a dump, with no socket allowed, in an environment where decoders fall."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from support import falls

from benchmarks.audit import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`provenance audit` over `folder`/dump into `folder`/`out`."""

    folder: Path
    out: str = "run"
    workers: int = 2
    depth: str = "standard"
    seconds: float = 60.0
    chunk: int = 64
    sources: tuple[str, ...] = ("dump",)

    @property
    def arguments(self) -> list[str]:
        """What is typed behind `provenance`."""
        return [
            "audit", *self.sources, "--out", self.out, "--workspace", "workspace",
            "--workers", str(self.workers), "--depth", self.depth,
            "--seconds", f"{self.seconds:g}", "--chunk", str(self.chunk), "--json",
        ]  # fmt: skip

    def start(self) -> subprocess.Popen[bytes]:
        """Start it; the kernel kills whichever of its processes asks for a socket."""
        guard = ROOT / "tests" / "support" / "guard.py"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PROVENANCE_")}
        with (self.folder / f"{self.out}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(guard), "sockets", *self.arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=kept | falls.environment(),
            )

    def rows(self) -> pa.Table:
        """All rows but their times, sorted by key."""
        parts = sorted((self.folder / self.out / "parts").glob("part-*.parquet"))
        table = pa.concat_tables(pq.read_table(path) for path in parts)
        return table.drop_columns(["milliseconds"]).sort_by("key").combine_chunks()


def workers_of(pid: int) -> list[int]:
    """The processes that a process started and that still run."""
    return [child for child, parent, state in _processes() if parent == pid and state != "Z"]


def _processes() -> Iterator[tuple[int, int, str]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, _, rest = path.read_text().rpartition(") ")
        except OSError:
            continue
        state, parent = rest.split()[:2]
        yield int(path.parent.name), int(parent), state


def peak(pid: int) -> int:
    """The most memory that a process held, bytes; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")), 0)
