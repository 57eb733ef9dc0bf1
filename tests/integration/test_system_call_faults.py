"""Every system call of one stamp fails once: nothing unstamped gets out, nothing issued is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import faults

from provenance.stamp.target import is_unreleased


def faults_of_one_stamp(folder):
    """What `support.faults` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "support.faults", folder],
        cwd=Path(faults.__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_every_fault_is_an_error_or_harms_nothing(tmp_path):
    first, *more = faults_of_one_stamp(tmp_path)
    if "skip" in first:
        pytest.skip(first["skip"])
    *made, after = first, *more
    assert {row["fault"].split()[0] for row in made} >= {
        "openat", "write", "pwrite64", "fsync", "fdatasync", "link", "unlink"
    }  # fmt: skip
    # The log grows, so a few calls of the first run are made in no other.
    ours = [row for row in made if row["ours"] and row["injected"]]
    assert len(ours) > 0.75 * len(made)
    for row in ours:
        released = [name for name in row["files"] if not is_unreleased(name)]
        assert row["code"] in (0, 2), row
        assert released == (["a.png"] if row["code"] == 0 else []), row
        assert row["code"] == 0 or "error: " in row["said"], row
        assert "internal error" not in row["said"], row
    # a disk that lies about what it wrote is found out
    lies = [row for row in ours if "retval" in row["fault"]]
    assert [row["code"] for row in lies] == [2, 2]
    assert any("E_SELF_CHECK" in row["said"] for row in lies)
    # everything is in order once it was swept
    assert after == {"afterwards": []}
