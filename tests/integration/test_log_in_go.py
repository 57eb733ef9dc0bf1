"""The log, read by the code behind Go's checksum database: notes, tiles and proofs.

Needs the Debian packages golang-go and golang-golang-x-mod-dev.
"""

from __future__ import annotations

import base64
import os
import random
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from support.leaves import NOON, MemorySource, make_log

SOURCE = Path(__file__).parents[1] / "fixtures" / "log" / "verify.go"
GOPATH = os.environ.get("GOPATH") or "/usr/share/gocode"
HERE = shutil.which("go") is not None and Path(GOPATH, "src/golang.org/x/mod/sumdb").is_dir()
pytestmark = pytest.mark.skipif(not HERE, reason="Go and golang.org/x/mod are not here")


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("go")
    program = folder / "verify"
    settings = {"GO111MODULE": "off", "GOPATH": GOPATH, "CGO_ENABLED": "0", "GOFLAGS": ""}
    environment = os.environ | settings | {"GOCACHE": str(folder / "cache")}
    subprocess.run(
        ["go", "build", "-o", program, SOURCE],
        check=True,
        env=environment,
        timeout=300,
        cwd=folder,
    )
    return program


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with three levels of tiles, proofs of some leaves, and a request from every size."""
    folder = tmp_path_factory.mktemp("log")
    source = MemorySource()
    log = make_log(folder, source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        for minute, count in enumerate([3, 200, 60, 500, 65_000, 237, 1]):
            source.issue(count)
            log.publish(NOON + timedelta(minutes=minute))
    for name in ("proofs", "requests", "roots"):
        (folder / name).mkdir()
    (folder / "vkey").write_text(str(log.key))
    edges = {0, 1, 255, 256, 65_535, 65_536, len(source.rows) - 1}
    for index in edges | set(random.Random(1).sample(range(len(source.rows)), 100)):  # noqa: S311
        (folder / "proofs" / str(index)).write_bytes(log.prove(source.rows[index]))
    for size, stored in source.stored.items():
        (folder / "roots" / str(size)).write_bytes(base64.b64encode(stored.root))
        (folder / "requests" / str(size)).write_bytes(log.request(size))
    return folder


def run(verifier: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [verifier, folder], capture_output=True, text=True, timeout=60, check=False
    )


def test_every_proof_and_every_request_holds(verifier: Path, folder: Path) -> None:
    result = run(verifier, folder)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split() == [str(len(list((folder / "proofs").iterdir()))), "7"]


@pytest.mark.parametrize(
    "name", ["proofs/0", "requests/203", "roots/203", "vkey", "log/tile/0/000"]
)
def test_what_was_changed_is_refused_there_too(verifier: Path, folder: Path, name: str) -> None:
    path = folder / name
    data = path.read_bytes()
    at = len(data) // 2
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    result = run(verifier, folder)
    path.write_bytes(data)
    assert result.returncode != 0
    assert result.stdout == ""
