"""The audit on a cluster of two nodes: the same rows, whatever dies.

Ray itself is never imported here: its nodes are in a process of their own, and the audit is the
real command.
"""

from __future__ import annotations

import base64
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support import pictures

from benchmarks.audit.cluster import RayCluster
from provenance import Workspace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not importlib.util.find_spec("ray"), reason="Ray is not installed"),
]
# A lost node is noticed after about 15 seconds; here the head asks more often.
_QUICK = {"RAY_health_check_period_ms": "500", "RAY_health_check_failure_threshold": "3"}
_IMAGES = 30
_CHUNK = 2


class Audit:
    """`provenance audit` on one dump with one set of keys."""

    def __init__(self, cluster: RayCluster, dump: Path, workspace: Path) -> None:
        self.cluster = cluster
        self._arguments = [str(dump), "--workspace", str(workspace)]

    def start(self, run: Path, *more: str) -> subprocess.Popen[str]:
        """The command on the cluster."""
        return self._start(run, "--engine", "ray", "--address", self.cluster.address, *more)

    def _start(self, run: Path, *more: str) -> subprocess.Popen[str]:
        fixed = ("--depth", "fast", "--chunk", str(_CHUNK), "--out", str(run))
        return subprocess.Popen(
            [sys.executable, "-m", "provenance_cli", "audit", *self._arguments, *fixed, *more],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=self.cluster.environment,
        )

    def local(self, run: Path) -> list[dict[str, Any]]:
        """The rows of an undisturbed run on this machine."""
        _, code = end(self._start(run, "--workers", "2"))
        assert code == 6
        return rows(run)


def end(process: subprocess.Popen[str]) -> tuple[str, int]:
    """What it said, and its exit code."""
    _, said = process.communicate(timeout=120)
    assert "Traceback" not in said
    return said, process.returncode


def rows(run: Path) -> list[dict[str, Any]]:
    """All rows, without the time they took."""
    found = []
    for path in sorted((run / "parts").glob("part-*.parquet")):
        found += pq.read_table(path).drop_columns(["milliseconds"]).to_pylist()
    return sorted(found, key=lambda row: row["key"])


def parts(run: Path) -> int:
    return len(list((run / "parts").glob("part-*.parquet")))


def wait(until: Callable[[], bool]) -> None:
    """For something that has to happen."""
    give_up = time.monotonic() + 60
    while not until():
        assert time.monotonic() < give_up
        time.sleep(0.02)


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Audit]:
    Workspace.create(tmp_path / "workspace", system_name="test-system")
    dump = tmp_path / "dump"
    dump.mkdir()
    data = pictures.file(pictures.crop(), "PNG")
    for number in range(_IMAGES):
        # The length of the file differs, and with it the digest in the row.
        (dump / f"{number:02}.png").write_bytes(data + bytes(number))
    (dump / "07.png").write_bytes(data[:1000])
    (dump / "11.png").write_text("not a picture")
    with RayCluster(_QUICK) as cluster:
        yield Audit(cluster, dump, tmp_path / "workspace")


def test_a_cluster_gives_the_rows_of_one_machine(
    audit: Audit, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """One test, since the processes of a parallel run would start a cluster each."""
    undisturbed = audit.local(tmp_path / "local")
    assert len(undisturbed) == _IMAGES
    for case in (_undisturbed, _node_dies, _worker_dies, _driver_dies):
        run = tmp_path / case.__name__
        with subtests.test(case.__doc__):
            case(audit, run, undisturbed)
        assert not list(run.glob("*.badge"))
    with subtests.test("no key is left in Ray's logs"):
        _no_keys(audit, Workspace.open(tmp_path / "workspace"))


def _undisturbed(audit: Audit, run: Path, expected: list[dict[str, Any]]) -> None:
    """Two nodes."""
    node = audit.cluster.add()
    said, code = end(audit.start(run))
    audit.cluster.kill(node)
    assert code == 6, said
    assert "keys" in said  # they travel, and that is said
    assert rows(run) == expected


def _node_dies(audit: Audit, run: Path, expected: list[dict[str, Any]]) -> None:
    """A node that dies costs nothing."""
    node = audit.cluster.add()
    process = _begun(audit, run)
    audit.cluster.kill(node)
    assert parts(run) < _IMAGES // _CHUNK
    said, code = end(process)
    assert code == 6, said
    assert rows(run) == expected


def _worker_dies(audit: Audit, run: Path, expected: list[dict[str, Any]]) -> None:
    """A worker that dies costs the image that it was at, at most."""
    process = _begun(audit, run)
    (worker,) = audit.cluster.processes("-m provenance.audit.worker")
    os.kill(worker, signal.SIGKILL)
    said, code = end(process)
    assert code == 6, said
    lost = [row for row, same in zip(rows(run), expected, strict=True) if row != same]
    assert len(lost) <= 1
    assert all(row["error_code"] == "E_CRASH" for row in lost)


def _driver_dies(audit: Audit, run: Path, expected: list[dict[str, Any]]) -> None:
    """Where a run was killed, robbed of its directory or stopped, the next goes on."""
    process = _begun(audit, run)
    process.kill()
    end(process)

    process = _begun(audit, run)
    for badge in run.glob("*.badge"):  # as another run on the same directory would
        badge.unlink()
    said, code = end(process)
    assert code == 2, said
    assert "chunks were not done" in said
    assert "does not see the run" in said

    process = _begun(audit, run)
    process.terminate()
    said, _ = end(process)
    assert "stopping" in said

    assert parts(run) < _IMAGES // _CHUNK
    said, code = end(audit.start(run))
    assert code == 6, said
    assert rows(run) == expected


def _begun(audit: Audit, run: Path) -> subprocess.Popen[str]:
    """A run that has added a part to those that were there."""
    before = parts(run)
    process = audit.start(run)
    wait(lambda: parts(run) > before)
    return process


def _no_keys(audit: Audit, workspace: Workspace) -> None:
    files = [path for path in audit.cluster.directory.rglob("*") if path.is_file()]
    assert any(path.suffix == ".log" for path in files)
    key = workspace.detection_keys()[0].carrier_key
    forms = (key, key.hex().encode(), base64.b64encode(key)[:40])
    for path in files:
        data = path.read_bytes()
        assert not any(form in data for form in forms), path
