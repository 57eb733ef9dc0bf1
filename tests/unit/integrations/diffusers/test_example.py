"""The example of the README, as a new user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import run

EXAMPLE = Path(__file__).resolve().parents[4] / "integrations" / "diffusers" / "example.py"


@pytest.mark.slow
def test_the_example_makes_a_picture_that_is_traced(tmp_path):
    made = subprocess.run(
        [sys.executable, EXAMPLE],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    *_, hint = made.stdout.splitlines()
    command = hint.removeprefix("now: provenance ").split()
    verified = run(*command, cwd=tmp_path)
    assert verified.returncode == 0
    assert b"TRACED" in verified.stdout
