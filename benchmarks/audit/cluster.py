"""A Ray cluster on this machine whose nodes can be killed, in a process of its own.

    python -m benchmarks.audit.cluster      (started by `RayCluster`)

Ray's threads, signal handlers and warnings stay in that process. The nodes ask for a token, so
that nobody else on the machine can use them; they have one processor each.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self


class RayCluster:
    """A head and as many other nodes as `add` was called."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        """Start the head. `settings` are environment variables."""
        self.directory = Path(tempfile.mkdtemp(prefix="ray-"))  # short: it holds sockets
        self.environment = os.environ | {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_TMPDIR": str(self.directory),
            "RAY_USAGE_STATS_ENABLED": "0",
            **(settings or {}),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.audit.cluster"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.environment,
            start_new_session=True,
        )
        try:
            self.address = str(self._answer()["address"])
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def add(self) -> int:
        """Another node; the process id of its raylet."""
        return int(self._ask("add")["raylet"])

    def kill(self, raylet: int) -> None:
        """SIGKILL to every process of a node."""
        self._ask(f"kill {raylet}")

    def empty_task(self) -> float:
        """Seconds for a task that does nothing, where many are waiting; median of three rounds."""
        return float(self._ask("measure")["seconds"])

    def processes(self, words: str) -> list[int]:
        """Process ids of everything in the cluster with these words in its command line."""
        return [pid for pid in _below(self._process.pid) if words in _command_line(pid)]

    def stop(self) -> None:
        """End all nodes."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _ask(self, question: str) -> dict[str, Any]:
        if self._process.stdin is None:
            raise RuntimeError("the cluster is stopped")
        self._process.stdin.write(f"{question}\n".encode())
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        if self._process.stdout is None or not (line := self._process.stdout.readline()):
            raise RuntimeError("the cluster did not start, or died")
        return dict(json.loads(line))


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Ray prints what it likes
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 1,
            "include_dashboard": False,
            "include_log_monitor": False,
        },
    )
    nodes: dict[int, Any] = {}
    _say(answers, {"address": cluster.address})
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "add":
            node = cluster.add_node(num_cpus=1)
            raylet = node.all_processes["raylet"][0].process.pid
            nodes[raylet] = node
            _say(answers, {"raylet": raylet})
        elif command == "kill":
            _kill(cluster, nodes.pop(int(arguments[0])))
            _say(answers, {})
        elif command == "measure":
            _say(answers, {"seconds": _measured(cluster.address)})
    cluster.shutdown()


def _measured(address: str, tasks: int = 1000) -> float:
    import ray

    ray.init(address=address, log_to_driver=False)
    empty = ray.remote(_nothing).options(scheduling_strategy="SPREAD")
    times = []
    ray.get([empty.remote() for _ in range(100)])  # starts the processes
    for _ in range(3):
        begin = time.perf_counter()
        ray.get([empty.remote() for _ in range(tasks)])
        times.append((time.perf_counter() - begin) / tasks)
    ray.shutdown()
    return statistics.median(times)


def _nothing() -> int:
    return 0


def _kill(cluster: Any, node: Any) -> None:  # noqa: ANN401 - of Ray's test utilities
    """The raylet's children first, as a machine that loses its power takes all at once."""
    raylet = node.all_processes["raylet"][0].process.pid
    for pid in [*_below(raylet), raylet]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    cluster.remove_node(node, allow_graceful=False)


def _below(pid: int) -> list[int]:
    """Process ids of all descendants."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _say(answers: Any, message: dict[str, Any]) -> None:  # noqa: ANN401 - a text file
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
