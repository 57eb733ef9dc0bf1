"""kill -9 of a node of a Ray cluster at random times: are the rows the same, and what does it cost?

    python -m benchmarks.audit.ray_kills [--kills 8] [--seed 1] [--images 120] [--chunk 2]

A dump of small pictures is audited on this machine, and on a cluster of two nodes of one processor
each on the same machine. Then again with one of the nodes killed at a random moment, half of
the times with the head asking its nodes more often whether they live. The stall is the longest time
without a new part. Prints to standard output.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from benchmarks.audit.cluster import RayCluster
from benchmarks.environment import PACKAGES, print_environment
from provenance import Encoding, Workspace
from provenance.imaging import Metadata, encode
from provenance.workspace.selftest import synthetic_picture

#: Noticed after at most two seconds, on a network that loses nothing.
ATTENTIVE: Final = {"RAY_health_check_period_ms": "500", "RAY_health_check_failure_threshold": "3"}
_SOME_BROKEN: Final = 6  # exit code


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A run: rows without the time they took, and when its parts were written, in seconds."""

    rows: list[dict[str, Any]]
    times: list[float]
    total: float

    @property
    def span(self) -> float:
        """Seconds from the first part to the last."""
        return self.times[-1] - self.times[0]

    @property
    def stall(self) -> float:
        """Seconds of the longest time without a new part."""
        return max(b - a for a, b in zip(self.times, self.times[1:], strict=False))


class Bench:
    """One dump, and one command on it."""

    def __init__(self, folder: Path, images: int, chunk: int) -> None:
        self.folder = folder
        self.chunks = -(-images // chunk)
        self._runs = 0
        Workspace.create(folder / "workspace", system_name="bench")
        dump = folder / "dump"
        dump.mkdir()
        data = encode(synthetic_picture(), None, Encoding.parse("png"), Metadata())
        for number in range(images):
            broken = number % 20 == 7
            (dump / f"{number:06}.png").write_bytes(
                data[: 100 + number] if broken else data + bytes(number)
            )
        self._command = [
            sys.executable, "-m", "provenance_cli", "audit", str(dump), "--depth", "fast",
            "--workspace", str(folder / "workspace"), "--chunk", str(chunk),
        ]  # fmt: skip

    def local(self) -> Result:
        """Two workers on this machine."""
        return self._ended(*self._start("--workers", "2"))

    def on(self, cluster: RayCluster, *, kill: tuple[int, int] | None = None) -> Result:
        """On a cluster; `kill` is a node, and after how many parts it is killed."""
        run, process, begin = self._start(
            "--engine", "ray", "--address", cluster.address, env=cluster.environment
        )
        if kill is not None:
            node, after = kill
            while len(_parts(run)) < after and process.poll() is None:
                time.sleep(0.01)
            cluster.kill(node)
        return self._ended(run, process, begin)

    def _start(
        self, *more: str, env: dict[str, str] | None = None
    ) -> tuple[Path, subprocess.Popen[bytes], float]:
        self._runs += 1
        run = self.folder / f"run-{self._runs}"
        return run, self._process(run, *more, env=env), time.time()

    def _process(
        self, run: Path, *more: str, env: dict[str, str] | None
    ) -> subprocess.Popen[bytes]:
        command = [*self._command, "--out", str(run), *more]
        with (self.folder / "said").open("wb") as said:
            return subprocess.Popen(command, env=env, stderr=said, stdout=said)

    def _ended(self, run: Path, process: subprocess.Popen[bytes], begin: float) -> Result:
        code = process.wait()
        if code != _SOME_BROKEN:
            print((self.folder / "said").read_text()[-2000:])
            raise SystemExit(f"the audit ended with {code}")
        rows = []
        for path in _parts(run):
            rows += pq.read_table(path).drop_columns(["milliseconds"]).to_pylist()
        return Result(
            rows=sorted(rows, key=lambda row: str(row["key"])),
            times=sorted(path.stat().st_mtime for path in _parts(run)),
            total=time.time() - begin,
        )


def _parts(run: Path) -> list[Path]:
    return list((run / "parts").glob("part-*.parquet"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--images", type=int, default=120)
    parser.add_argument("--chunk", type=int, default=2)
    chosen = parser.parse_args()
    print_environment((*PACKAGES, "pyarrow", "ray"))
    print(
        f"n              {chosen.images} images in chunks of {chosen.chunk}, seed {chosen.seed}\n"
    )
    moments = random.Random(chosen.seed)  # noqa: S311 - not for a secret
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), chosen.images, chosen.chunk)
        expected = bench.local()
        _print("this machine, 2 workers", bench, expected, expected)
        quick = chosen.kills // 2
        for name, settings, kills in (("", {}, chosen.kills - quick), ("*", ATTENTIVE, quick)):
            with RayCluster(settings) as cluster:
                _series(bench, cluster, expected, kills, name, moments)
    print("\n*: " + " ".join(f"{key}={value}" for key, value in ATTENTIVE.items()))


def _series(
    bench: Bench,
    cluster: RayCluster,
    expected: Result,
    kills: int,
    name: str,
    moments: random.Random,
) -> None:
    node, stalls = cluster.add(), []
    print(f"{'2 nodes' + name + ', empty tasks':<40} {1000 * cluster.empty_task():.2f} ms/task")
    _print(f"2 nodes{name}", bench, bench.on(cluster), expected)
    for _ in range(kills):
        after = moments.randrange(1, bench.chunks - 1)
        result = bench.on(cluster, kill=(node, after))
        stalls.append(result.stall)
        _print(f"2 nodes{name}, one killed after {after} parts", bench, result, expected)
        node = cluster.add()
    if stalls:
        print(f"{'':<4} stall: median {statistics.median(stalls):.1f} s, max {max(stalls):.1f} s")


def _print(name: str, bench: Bench, result: Result, expected: Result) -> None:
    same = "same rows" if result.rows == expected.rows else "OTHER ROWS"
    print(
        f"{name:<40} {same}, {len(result.rows)} rows, {result.total:5.1f} s, "
        f"{1000 * result.span / bench.chunks:6.1f} ms/chunk, stall {result.stall:4.1f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
