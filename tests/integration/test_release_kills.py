"""Thirty processes are killed while they release pictures; a thousand of them: `make soak`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import benchmarks

ROOT = Path(benchmarks.__file__).parents[1]


@pytest.mark.slow
def test_whatever_is_killed_nothing_unstamped_is_out_and_nothing_issued_is_lost():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.release_kills", "--kills", "30", "--seed", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "* **violations: 0**" in done.stdout
    assert "* not killed where they should have been: 0" in done.stdout
