"""Sources read in a process whose memory is limited, as a worker's is."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import resource, sys
from provenance.audit.sources import items, rows, scan
from provenance.imaging import Limits
from pathlib import Path
status = lambda name: int(Path("/proc/self/status").read_text().split(name)[1].split()[0])
before = status("VmRSS:")
limit = status("VmSize:") * 1024 + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
chunks = list(scan(sys.argv[1:2], 50))
problems = [i.problem for chunk in chunks for i in items(chunk, 0, Limits())]
print(len(problems), problems.count(None), status("VmHWM:") - before)
"""


def confined(path: str, memory: int = 300_000_000) -> list[int]:
    """Rows, good ones, and KiB of memory on top, where so many bytes more may be had."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, path, str(memory)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return [int(word) for word in done.stdout.split()]
