"""Every system call of one stamp fails once: nothing unstamped gets out, nothing issued is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import faults

from provenance.stamp.target import is_unreleased


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    done = subprocess.run(
        [sys.executable, "-m", "support.faults", tmp_path_factory.mktemp("faults")],
        cwd=Path(faults.__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    if "skip" in found[0]:
        pytest.skip(found[0]["skip"])
    return found


@pytest.mark.slow
def test_every_fault_is_an_error_or_harms_nothing(rows):
    *made, _ = rows
    assert {row["fault"].split()[0] for row in made} >= {
        "openat", "write", "pwrite64", "fsync", "fdatasync", "link", "unlink"
    }  # fmt: skip
    for row in made:
        released = [name for name in row["files"] if not is_unreleased(name)]
        assert row["injected"], row
        assert row["code"] in (0, 2), row
        assert released == (["a.png"] if row["code"] == 0 else []), row
        assert row["code"] == 0 or "error: " in row["said"], row
        assert "internal error" not in row["said"], row


def test_a_disk_that_lies_about_what_it_wrote_is_found_out(rows):
    lies = [row for row in rows if "retval" in row.get("fault", "")]
    assert [row["code"] for row in lies] == [2, 2]
    assert any("E_SELF_CHECK" in row["said"] for row in lies)


def test_everything_is_in_order_once_it_was_swept(rows):
    assert rows[-1] == {"afterwards": []}
