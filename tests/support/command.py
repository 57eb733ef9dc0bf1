"""Running the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from provenance_cli.main import main


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


class Command:
    """The entry point of the console script, in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def __call__(self, *arguments: str | Path) -> Result:
        self._capfd.readouterr()
        self._monkeypatch.setattr(sys, "argv", ["provenance", *map(str, arguments)])
        # It cannot be undone, and this process is that of the tests; see test_hardening.py.
        self._monkeypatch.setattr("provenance_cli.main.keep_memory_private", lambda: None)
        with pytest.raises(SystemExit) as end:
            main()
        sys.stdout.flush()
        captured = self._capfd.readouterr()
        code = end.value.code
        assert isinstance(code, int), f"exit code is {code!r}"
        assert "Traceback" not in captured.err
        return Result(int(code), captured.out, captured.err)


def run(
    *arguments: str | Path,
    stdin: bytes = b"",
    env: dict[str, str] | None = None,
    wrapper: tuple[str, ...] = ("-m", "provenance_cli"),
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PROVENANCE_")}
    return subprocess.run(
        [sys.executable, *wrapper, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=120,
        env=clean | (env or {}),
        cwd=cwd,
        check=False,
    )
