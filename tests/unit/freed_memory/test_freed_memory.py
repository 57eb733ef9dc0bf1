"""A process that keeps freed memory gets it without page faults."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from provenance import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(4 << 20, dtype=np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

as_it_comes = faults()
kept = keep_freed_memory()
faults()  # the heap grows once
print(kept, as_it_comes, faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is on Linux")
def test_pages_are_got_once():
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    kept, as_it_comes, after = ran.stdout.split()
    if kept == "False":
        pytest.skip("the C library is not glibc")
    assert int(after) < int(as_it_comes) / 10
