"""What a signature costs, by where the key is.

    python -m benchmarks.signers [WORKSPACE ...]

Prints the median and the range over n signatures by the signer that each workspace names
(`[signer]` in its config.toml), as stamping asks for them: with the time limit and the check
of the signature, where the key is elsewhere. A new workspace with its key in a file comes
first, so that the figures mean something on another machine.
"""

from __future__ import annotations

import secrets
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.environment import print_environment
from provenance import Workspace

N = 300
NOT_COUNTED = 10


def main() -> None:
    print_environment()
    print(f"n              {N} signatures each, after {NOT_COUNTED} that are not counted\n")
    with tempfile.TemporaryDirectory() as folder:
        _measure("file, new workspace", Workspace.create(Path(folder) / "workspace"))
    for path in sys.argv[1:]:
        workspace = Workspace.open(path)
        _measure(f"{workspace.settings.signer.kind.value}, {path}", workspace)


def _measure(title: str, workspace: Workspace) -> None:
    started = time.perf_counter()
    signer = workspace.ready_signer()
    ready = time.perf_counter() - started
    times = []
    for _ in range(N + NOT_COUNTED):
        data = secrets.token_bytes(2048)
        started = time.perf_counter()
        signer.sign(data)
        times.append(1000 * (time.perf_counter() - started))
    counted = times[NOT_COUNTED:]
    median, low, high = statistics.median(counted), min(counted), max(counted)
    print(
        f"{title:<32} {signer.algorithm.value:<8} {median:.2f} ms ({low:.2f} to {high:.2f}); "
        f"ready in {1000 * ready:.0f} ms"
    )


if __name__ == "__main__":
    main()
