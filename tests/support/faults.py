"""System calls that fail while the real command stamps, one at a time.

    python -m support.faults FOLDER [--every N]

A process is forked for each fault, traced with strace from outside (`-e inject`), and runs the
entry point of the command. First it runs once undisturbed, which tells what there is to fail: every
call of the main thread that touches the workspace or the release directory. Of reads, and of writes
to the registry, of which there are many, every N-th is taken.

Prints one JSON object for each fault, and at last what sweeping and checking found.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from provenance_cli import main as command
from support import pictures

from provenance import Workspace
from provenance.guard import Guard
from provenance.stamp import Fsck, Sweep

#: What each call fails with.
ERRORS = {
    "openat": "EIO",
    "write": "ENOSPC",
    "pwrite64": "ENOSPC",
    "read": "EIO",
    "pread64": "EIO",
    "fsync": "EIO",
    "fdatasync": "EIO",
    "link": "EXDEV",
    "linkat": "EXDEV",
    "rename": "EACCES",
    "unlink": "EIO",
    "ftruncate": "EIO",
}
MANY = {"pwrite64", "pread64", "read"}
_CALL = re.compile(r"^(\w+)\(")


@dataclass(frozen=True)
class Fault:
    """The `number`-th call of that name does not happen; it returns `outcome` instead."""

    call: str
    number: int
    outcome: str
    place: str

    @property
    def expression(self) -> str:
        return f"inject={self.call}:{self.outcome}:when={self.number}"


class Lab:
    """A workspace, a picture, and a directory for each run."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.workspace = Workspace.create(top / "workspace", system_name="acme-images").path
        self.picture = top / "a.png"
        self.picture.write_bytes(pictures.file(pictures.crop(), "PNG"))
        self.runs = 0

    def run(self, *options: str) -> tuple[int, Path, str, list[str]]:
        """Exit code, output directory, standard error and the log of strace."""
        self.runs += 1
        out = self.top / "out" / str(self.runs)
        out.mkdir(parents=True)
        log, said = self.top / "trace", self.top / "said"
        reading, writing = os.pipe()
        pid = fork(lambda: self._stamp(reading, out, said))
        os.close(reading)
        tracer = subprocess.Popen(
            ["strace", "-y", "-s", "0", "-o", log, *options, "-p", str(pid)],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert tracer.stderr
        attached = tracer.stderr.readline()
        os.write(writing, b"x")
        os.close(writing)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        tracer.communicate()
        if "attached" not in attached:
            raise PermissionError(attached.strip())
        return code, out, said.read_text(), log.read_text().splitlines()

    def _stamp(self, reading: int, out: Path, said: Path) -> None:
        os.read(reading, 1)
        descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        sys.argv = ["provenance", "stamp", str(self.picture), "-w", str(self.workspace)]
        sys.argv += ["--out", str(out)]
        command.main()

    def faults(self, every: int) -> Iterator[Fault]:
        """Everything that can fail in one run."""
        self.run()  # what is made only once, like the directories of the log
        code, _, said, lines = self.run()
        assert code == 0, said
        counts: Counter[str] = Counter()
        taken: Counter[str] = Counter()
        for line in lines:
            found = _CALL.match(line)
            if found is None:
                continue
            call = found[1]
            counts[call] += 1
            if call not in ERRORS or str(self.top / "said") in line or str(self.top) not in line:
                continue
            taken[call] += 1
            place = re.search(rf"{re.escape(str(self.top))}([^>\"]*)", line)
            where = place[1] if place else ""
            if call not in MANY or taken[call] % every == 0:
                yield Fault(call, counts[call], f"error={ERRORS[call]}", where)
            # A disk that says that it has written what it has not. Of the log, fsck finds that out.
            if call == "write" and ".unreleased" in where:
                size = line.rsplit("= ", 1)[1]
                yield Fault(call, counts[call], f"retval={size}", where)
                yield Fault(call, counts[call], "retval=100", where)

    def row(self, fault: Fault) -> dict[str, object]:
        code, out, said, log = self.run("-e", f"trace={fault.call}", "-e", fault.expression)
        hit = [line for line in log if "(INJECTED)" in line]
        return {
            "fault": f"{fault.call} {fault.number} {fault.outcome}",
            "place": re.sub("[0-9a-f]{16}|/out/[0-9]+", "*", fault.place),
            "injected": bool(hit),
            # What is loaded on the way is not counted the same in every run.
            "ours": not any(".so" in line or ".py" in line for line in hit),
            "code": code,
            "said": said,
            "files": sorted(path.name for path in out.iterdir()),
        }

    def afterwards(self) -> list[str]:
        """What is wrong once everything was swept."""
        opened = Workspace.open(self.workspace)
        store, now = opened.store(), datetime.now(UTC) + timedelta(seconds=1)
        for _ in Sweep(store=store, before=now).run([self.top / "out"]):
            pass
        fsck = Fsck(store=store, system=opened.system, trust=opened.trust(), before=now)
        found = fsck.run([self.top / "out"]).items()
        problems = [f"{rule.value}: {item}" for rule, broken in found for item in broken]
        guard = Guard(store, [self.top / "out"], older_than=timedelta())
        return problems + [str(alarm) for alarm in guard.look()]


def fork(action: Callable[[], object]) -> int:
    """A child that does this and ends; the exit code of `SystemExit` is its own."""
    child = os.fork()
    if child:
        return child
    code = 99
    try:
        action()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - this process must not go on as its parent
        traceback.print_exc()
    finally:
        os._exit(code)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=12)
    options = parser.parse_args()
    if shutil.which("strace") is None:
        print(json.dumps({"skip": "strace is not installed"}))
        return
    lab = Lab(options.folder)
    try:
        faults = list(lab.faults(options.every))
    except PermissionError as error:
        print(json.dumps({"skip": f"this container does not allow tracing: {error}"}))
        return
    for fault in faults:
        print(json.dumps(lab.row(fault)), flush=True)

    def after() -> None:
        print(json.dumps({"afterwards": lab.afterwards()}), flush=True)

    os.waitpid(fork(after), 0)


if __name__ == "__main__":
    main()
