"""`verify` and `inspect` read, and write nothing but the report: watched by the kernel.

Python may keep compiled code in `__pycache__` when it imports a package for the first time. That
is the interpreter's cache of our code, not of anybody's picture; it is switched off here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import guard, pictures
from support.command import run
from support.shared import NEEDS_C2PA_FILES, ROOT

from provenance import Encoding, Generation, Workspace
from provenance.workspace.selftest import synthetic_picture

SCRIPT = str(Path(guard.__file__))
NO_CACHE = {"PYTHONDONTWRITEBYTECODE": "1"}
STAMPED = ("png", "jpeg", "webp")


@pytest.fixture(scope="module")
def material(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stamped, unmarked, animated and broken files, and one that is none."""
    folder = tmp_path_factory.mktemp("material")
    stamper = workspace.stamper()
    for name in STAMPED:
        made = stamper.stamp(
            synthetic_picture(), Generation(model="m"), encoding=Encoding.parse(name)
        )
        (folder / f"stamped.{name}").write_bytes(made.data)
    small = pictures.crop(24, 24)  # too small to be searched for a mark, which takes seconds
    (folder / "unmarked.png").write_bytes(pictures.file(pictures.crop(72, 72), "PNG"))
    (folder / "cut.png").write_bytes(pictures.file(small, "PNG")[:-600])
    (folder / "moving.webp").write_bytes(pictures.animation("WEBP", [small, small[::-1]]))
    (folder / "text.png").write_text("not a picture")
    return folder


@pytest.fixture(scope="module", autouse=True)
def _seccomp() -> None:
    if run("writes", "--try", wrapper=(SCRIPT,)).returncode != 0:
        pytest.skip("this kernel or container does not allow seccomp filters")


def watched(*arguments: str | Path, level: str = "writes") -> subprocess.CompletedProcess[bytes]:
    return run(*arguments, wrapper=(SCRIPT, level), env=NO_CACHE)


def contents(*folders: Path) -> dict[Path, tuple[int, bytes]]:
    """Every file below the folders, with its bytes and when it was written."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


# --- the command -------------------------------------------------------------------------


def test_verify_writes_nothing_and_asks_nobody(own_workspace: Path, material: Path) -> None:
    before = contents(own_workspace, material)
    result = watched("verify", "-w", own_workspace, "--jsonl", material)
    assert result.returncode == 6, result.stderr.decode()  # one file is none
    assert result.stdout.count(b'"TRACED"') == len(STAMPED)
    assert contents(own_workspace, material) == before


@pytest.mark.parametrize("form", [(), ("--json", "--private")], ids=["text", "private"])
def test_no_form_of_the_report_writes_a_file(
    own_workspace: Path, material: Path, form: tuple[str, ...]
) -> None:
    result = watched("verify", "-w", own_workspace, *form, material / "stamped.png")
    assert result.returncode == 0, result.stderr.decode()
    assert b"TRACED" in result.stdout


def test_verify_writes_nothing_but_its_reports(
    own_workspace: Path, material: Path, tmp_path: Path
) -> None:
    level = f"below:{tmp_path}"
    if run(level, "--try", wrapper=(SCRIPT,)).returncode != 0:
        pytest.skip("this kernel has no Landlock, or an old one")
    before = contents(own_workspace, material)
    wanted = {tmp_path / f"case.{form}" for form in ("json", "html", "csv", "pdf")}
    reports = [option for path in wanted for option in ("--report", path)]
    result = watched(
        "verify", "-w", own_workspace, material / "stamped.png", *reports, "--sign", level=level
    )
    assert result.returncode == 2, result.stderr.decode()  # neither HTML nor CSV can be signed
    assert contents(tmp_path) == {}
    result = watched("verify", "-w", own_workspace, material / "stamped.png", *reports, level=level)
    assert result.returncode == 0, result.stderr.decode()
    assert contents(tmp_path).keys() == wanted
    assert contents(own_workspace, material) == before


def test_verify_without_a_workspace_writes_nothing(material: Path) -> None:
    result = watched("verify", "--jsonl", material)
    assert result.returncode == 6, result.stderr.decode()
    assert len(result.stdout.splitlines()) == len(list(material.iterdir()))


@pytest.mark.parametrize("name", ["stamped.jpeg", "moving.webp"])
def test_inspect_writes_nothing_and_asks_nobody(
    own_workspace: Path, material: Path, name: str
) -> None:
    before = contents(own_workspace, material)
    result = watched("inspect", "-w", own_workspace, "--json", material / name)
    assert result.returncode == 0, result.stderr.decode()
    assert json.loads(result.stdout)["input"]["sha256"]
    assert contents(own_workspace, material) == before


@NEEDS_C2PA_FILES
def test_a_time_stamp_and_a_manifest_elsewhere_make_nobody_ask() -> None:
    files = [ROOT / "c2pa-testfiles" / name for name in ("ocsp.jpg", "cloud.jpg")]
    result = watched("verify", "--jsonl", *files)
    manifests = [json.loads(line)["manifest"] for line in result.stdout.splitlines()]
    assert manifests[0]["time_stamp"]["status"] == "UNTRUSTED"
    assert manifests[1]["status"] == "REMOTE_ONLY"


def test_stamping_opens_no_socket_either(
    own_workspace: Path, material: Path, tmp_path: Path
) -> None:
    arguments = ("stamp", "-w", own_workspace, material / "stamped.png", "--out", tmp_path)
    assert watched(*arguments, level="sockets").returncode == 0


def test_a_command_that_writes_does_not_survive(
    own_workspace: Path, material: Path, tmp_path: Path
) -> None:
    arguments = ("stamp", "-w", own_workspace, material / "stamped.png", "--out", tmp_path)
    assert watched(*arguments).returncode == -signal.SIGSYS
    assert list(tmp_path.iterdir()) == []


def test_strace_sees_the_same(own_workspace: Path, material: Path, tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed; the guard has watched the same run")
    logs = tmp_path / "logs"
    logs.mkdir()
    command = [strace, "-ff", "-o", logs / "log", sys.executable, "-m", "provenance_cli"]
    done = subprocess.run(
        [*command, "verify", "-w", own_workspace, material],
        env={**os.environ, **NO_CACHE},
        capture_output=True,
        timeout=300,
        check=False,
    )
    if b"ptrace" in done.stderr.lower():
        pytest.skip("this container does not allow tracing")
    calls = guard.traced(logs)
    assert calls, "the log of strace was not understood"
    opened = [call for call in calls if call.name in guard.OPENS]
    assert any("O_RDONLY" in call.text for call in opened)
    writing = re.compile("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE")
    assert [call for call in opened if writing.search(call.text)] == []
    forbidden = guard.SOCKETS.keys() | guard.DETOURS.keys() | guard.CHANGES.keys()
    # The first call of all is that which starts the command.
    assert [call.name for call in calls if call.name in forbidden] == ["execve"]
    # What is written goes to standard output and error, or wakes up a thread.
    wakes = {call.result for call in calls if call.name in ("eventfd2", "pipe2")}
    targets = {call.text.split(",")[0] for call in calls if call.name in ("write", "writev")}
    assert {"1", "2"} <= targets <= {"1", "2"} | wakes
    assert {call.name for call in calls} & {"pwrite64", "pwritev", "sendfile", "splice"} == set()


# --- the guard ---------------------------------------------------------------------------

FORBIDDEN = {
    "socket": "import socket; socket.socket()",
    "pair of sockets": "import socket; socket.socketpair()",
    "event loop": "import asyncio; asyncio.new_event_loop()",
    "file to write": "open('new', 'w')",
    "file to append to": "open('there', 'a')",
    "file to change": "open('there', 'r+b')",
    "file to empty": "os.open('there', os.O_RDONLY | os.O_TRUNC)",
    "new file": "os.open('new', os.O_RDONLY | os.O_CREAT)",
    "file without a name": "os.open('.', os.O_TMPFILE | os.O_RDWR)",
    "temporary file": "import tempfile; tempfile.TemporaryFile()",
    "temporary directory": "import tempfile; tempfile.mkdtemp()",
    "file in memory": "os.memfd_create('x')",
    "removing": "os.unlink('there')",
    "renaming": "os.rename('there', 'new')",
    "hard link": "os.link('there', 'new')",
    "symbolic link": "os.symlink('there', 'new')",
    "directory": "os.mkdir('new')",
    "removing a directory": "os.rmdir('new')",
    "truncating": "os.truncate('there', 0)",
    "rights": "os.chmod('there', 0o600)",
    "owner": "os.chown('there', -1, -1)",
    "times": "os.utime('there')",
    "attributes": "os.setxattr('there', 'user.x', b'')",
    "FIFO": "os.mkfifo('new')",
    "program": "os.execv('/bin/true', ['true'])",
    "child program": "import subprocess; subprocess.run(['true'], check=True)",
    "database": "import sqlite3; sqlite3.connect('new').execute('CREATE TABLE x (y)')",
    "debugger": "ctypes.CDLL(None).ptrace(0, 0, 0, 0)",
}
ALLOWED = {
    "file to read": "open('there', 'rb').read()",
    "directory to list": "os.listdir('.')",
    "pipe": "os.write(os.pipe()[1], b'x')",
    "thread": "import threading as t; x = t.Thread(target=os.getpid); x.start(); x.join()",
    "memory": "import mmap; mmap.mmap(-1, 4096)[:4] = b'test'",
    "database to read": "import sqlite3; c = sqlite3.connect('file:data?mode=ro', uri=True); "
    "c.execute('SELECT * FROM x').fetchall()",
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    import sqlite3

    (tmp_path / "there").write_bytes(b"content")
    with sqlite3.connect(tmp_path / "data") as connection:
        connection.execute("CREATE TABLE x (y)")
    connection.close()
    return tmp_path


def _tried(level: str, attempts: list[str], place: Path) -> list[int]:
    result = run(level, "--try", *attempts, wrapper=(SCRIPT,), cwd=place)
    assert result.returncode == 0, result.stderr.decode()
    return [int(word) for word in result.stdout.split()]


def test_the_guard_kills_whoever_writes_and_nobody_else(place: Path) -> None:
    before = contents(place)
    ended = _tried("writes", [*FORBIDDEN.values(), *ALLOWED.values()], place)
    named = dict(zip([*FORBIDDEN, *ALLOWED], ended, strict=True))
    assert named.pop("child program") == 1  # it is the child that was killed
    assert {named[n] for n in FORBIDDEN if n in named} == {-signal.SIGSYS}, named
    assert {n: named[n] for n in ALLOWED} == dict.fromkeys(ALLOWED, 0)
    assert contents(place) == before


def test_the_guard_knows_every_call_by_its_number(place: Path) -> None:
    table = guard.numbers(guard.SOCKETS | guard.DETOURS | guard.CHANGES)
    killed = _tried("writes", [str(number) for number in table], place)
    assert killed == [-signal.SIGSYS] * len(table)
    assert len(set(table)) == len(table)


def test_the_milder_guard_kills_only_for_sockets(place: Path) -> None:
    ended = _tried("sockets", [FORBIDDEN["socket"], FORBIDDEN["file to write"]], place)
    assert ended == [-signal.SIGSYS, 0]


def test_the_guard_lets_files_be_written_below_one_directory(place: Path) -> None:
    allowed = place / "report"
    allowed.mkdir()
    if run(f"below:{allowed}", "--try", wrapper=(SCRIPT,)).returncode != 0:
        pytest.skip("this kernel has no Landlock, or an old one")
    names = (
        "file to write",
        "file to append to",
        "removing",
        "truncating",
        "directory",
        "renaming",
    )
    outside = [FORBIDDEN[name] for name in names]
    inside = ["open('report/x', 'w').write('x')", "os.replace('report/x', 'report/y')"]
    killed = [FORBIDDEN[name] for name in ("socket", "rights", "program")]
    before = contents(place)
    ended = _tried(f"below:{allowed}", [*outside, *inside, *killed], place)
    assert ended == [guard.REFUSED] * len(outside) + [0, 0] + [-signal.SIGSYS] * len(killed)
    assert (allowed / "y").read_text() == "x"
    assert contents(place).keys() - before.keys() == {allowed / "y"}


def test_the_numbers_are_those_of_the_kernel() -> None:
    headers = {
        0: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        1: Path("/usr/include/asm-generic/unistd.h"),
    }
    found = {column: path for column, path in headers.items() if path.exists()}
    if not found:
        pytest.skip("the headers of the kernel are not installed")
    opens = {name: row for name, (row, _) in guard.OPENS.items()}
    for column, path in found.items():
        pattern = r"#define __NR(?:3264)?_(\w+)\s+(\d+)"
        real = {m[1]: int(m[2]) for m in re.finditer(pattern, path.read_text("utf-8"))}
        for name, row in (guard.SOCKETS | guard.DETOURS | guard.CHANGES | opens).items():
            if name != "fchmodat2":  # newer than many an installed header
                assert row[column] == real.get(name), name
