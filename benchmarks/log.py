"""The issuance log with many leaves.

    python -m benchmarks.log [--leaves 1000000] [--proofs 1000] [--batch 1000] [--seed 1]

The leaves come from memory, so that what is measured is the log and not a registry. They are
published at once, then in ten batches, each with its own signed checkpoint, as an operator would.
Printed are, with machine, versions, n and seed: the time of each step, what the directory takes,
and how many proofs the second implementation (`rfc6962.py`) verified.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks import rfc6962
from benchmarks.environment import print_environment
from provenance.log import IssuanceLog, NoteSigner, SignatureType, StoredCheckpoint, verify_proof

BATCHES = 10


class Leaves:
    """A source of leaves in memory; see `provenance.log.LeafSource`."""

    def __init__(self) -> None:
        self.rows: list[bytes] = []
        self._positions: dict[bytes, int] = {}
        self._stored: dict[int, StoredCheckpoint] = {}

    def issue(self, count: int, seed: int) -> None:
        """Let so many new leaves wait."""
        for number in range(len(self.rows), len(self.rows) + count):
            leaf = hashlib.sha256(f"{seed} {number}".encode()).digest()
            self._positions[leaf] = number
            self.rows.append(leaf)

    def sequence(self) -> int:
        """All of them have their positions."""
        return len(self.rows)

    def log_size(self) -> int:
        """How many there are."""
        return len(self.rows)

    def waiting(self) -> int:
        """None waits."""
        return 0

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The leaves at these positions."""
        return iter(self.rows[start:stop])

    def leaf_position(self, commitment: bytes) -> int | None:
        """Where a leaf is."""
        return self._positions.get(commitment)

    def add_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a checkpoint."""
        self._stored[checkpoint.size] = checkpoint

    def checkpoints(self) -> tuple[StoredCheckpoint, ...]:
        """All of them, ascending."""
        return tuple(self._stored[size] for size in sorted(self._stored))

    def newest_checkpoint(self) -> StoredCheckpoint | None:
        """The largest."""
        return self._stored[max(self._stored)] if self._stored else None


def main() -> None:
    options = _options()
    print_environment(("provenance", "cryptography"))
    print(f"{'leaves':<14} {options.leaves:,}, then {BATCHES} batches of {options.batch:,}")
    print(f"{'proofs':<14} {options.proofs:,}, of leaves drawn at random")
    print(f"{'seed':<14} {options.seed}\n")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        _measure(Path(name), options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The issuance log with many leaves.")
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--proofs", type=int, default=1_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the log is written [temporary files]")
    return parser.parse_args()


def _measure(folder: Path, options: argparse.Namespace) -> None:
    signer = NoteSigner.generate(folder / "key", "example.org/log", SignatureType.ED25519)
    source = Leaves()
    log = IssuanceLog(
        source=source,
        directory=folder / "log",
        head_path=folder / "head",
        key=signer.verifier,
        signer=signer,
    )
    source.issue(options.leaves, options.seed)
    start = time.perf_counter()
    log.publish(datetime.now(UTC))
    seconds = time.perf_counter() - start
    _row("publish all at once", f"{seconds:.1f} s, {options.leaves / seconds:,.0f} leaves a second")

    batches = []
    for _ in range(BATCHES):
        source.issue(options.batch, options.seed)
        start = time.perf_counter()
        log.publish(datetime.now(UTC))
        batches.append(time.perf_counter() - start)
    _row(f"publish {options.batch:,} more", _spread(batches))

    checks = []
    for _ in range(100):
        start = time.perf_counter()
        log.check()
        checks.append(time.perf_counter() - start)
    _row("check for old backups", _spread(checks))
    _proofs(log, source, options)

    start = time.perf_counter()
    found = log.fsck()
    _row("fsck of everything", f"{time.perf_counter() - start:.1f} s, {len(found)} violations")
    files = [path for path in log.directory.rglob("*") if path.is_file()]
    total = sum(path.stat().st_size for path in files)
    _row("directory", f"{len(files):,} files, {total / 1e6:.1f} MB")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _row("memory at its peak", f"{peak:.0f} MB, the leaves of this benchmark included")
    if found:
        sys.exit(f"{found[0].place}: {found[0].detail}")


def _proofs(log: IssuanceLog, source: Leaves, options: argparse.Namespace) -> None:
    rng = np.random.default_rng(options.seed)
    drawn = [int(index) for index in rng.integers(0, len(source.rows), options.proofs)]
    making, checking, agreed, sizes = [], [], 0, []
    for index in drawn:
        leaf = source.rows[index]
        start = time.perf_counter()
        proof = log.prove(leaf)
        making.append(time.perf_counter() - start)
        start = time.perf_counter()
        verify_proof(proof, log.key, commitment=leaf)
        checking.append(time.perf_counter() - start)
        agreed += rfc6962.check_proof(proof, str(log.key), leaf) == index
        sizes.append(len(proof))
    _row("prove", _spread(making))
    _row("verify", _spread(checking))
    _row("second verifier", f"{agreed:,} of {len(drawn):,} proofs hold")
    _row("size of a proof", f"{min(sizes):,} to {max(sizes):,} bytes")
    if agreed != len(drawn):
        sys.exit("the second implementation refuses proofs of the first")


def _spread(times: list[float]) -> str:
    low, middle, high = min(times), statistics.median(times), max(times)
    return f"{middle * 1e3:.2f} ms median ({low * 1e3:.2f} to {high * 1e3:.2f}), n = {len(times)}"


def _row(what: str, value: str) -> None:
    print(f"{what:<24} {value}")


if __name__ == "__main__":
    main()
