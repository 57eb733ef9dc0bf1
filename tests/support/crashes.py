"""Processes that are killed at each step of stamping.

    python -m support.crashes WORKSPACE FOLDER [sign | replace]

For every step a child is forked that stamps into `FOLDER/<step>/` and kills itself there. The id
of its record is in `FOLDER/<step>.record`. With `sign` it marks, keeps what a host would write of
that as `FOLDER/<step>.host.png`, and kills itself while it signs that; with `replace` into that
very file.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support import pictures

from provenance import Generation, Workspace
from provenance.registry import SqliteStore, record_table
from provenance.stamp.target import FileTarget

NAME = "stamped.png"


def killed(*_: object, **__: object) -> Any:
    """The process ends here, without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: type, method: str) -> Callable[[], None]:
    """Die instead of doing it."""
    return lambda: setattr(owner, method, killed)


def after(owner: type, method: str) -> Callable[[], None]:
    """Die once it is done."""
    original = getattr(owner, method)

    def done(*arguments: object, **named: object) -> None:
        original(*arguments, **named)
        killed()

    return lambda: setattr(owner, method, done)


def half_written() -> None:
    """Die while the file is being written."""

    def half(self: FileTarget, data: bytes) -> None:
        self._aside.write_bytes(data[: len(data) // 2])
        killed()

    FileTarget.write = half


def inside_the_commit() -> None:
    """Die in the transaction of `issue`, after its update and before its commit."""
    original = SqliteStore.issue

    def issue(self: SqliteStore, *arguments: Any) -> None:
        record_table.one = killed
        original(self, *arguments)

    SqliteStore.issue = issue


STEPS: dict[str, Callable[[], None]] = {
    "4 signed": before(FileTarget, "write"),
    "5 half written": half_written,
    "5 written": after(FileTarget, "write"),
    "7 before the commit": before(SqliteStore, "issue"),
    "7 inside the commit": inside_the_commit,
    "7 committed": after(SqliteStore, "issue"),
    "8 linked": after(os, "link"),
    "8 published": before(SqliteStore, "release"),
    "9 released": after(SqliteStore, "release"),
}


#: Where a file is replaced no second name is given.
REPLACING = tuple(step for step in STEPS if step != "8 linked")


def host_file(folder: Path) -> Path:
    """What the host wrote, for the child of this folder."""
    return folder.with_name(f"{folder.name}.host.png")


def stamp_and_die(workspace: Path, folder: Path, step: str, mode: str) -> None:
    """What one child does."""
    reserve = SqliteStore.reserve

    def noting(*arguments: Any, **named: Any) -> Any:
        record = reserve(*arguments, **named)
        folder.with_name(f"{folder.name}.record").write_text(record.record_id)
        return record

    SqliteStore.reserve = noting
    stamper = Workspace.open(workspace).stamper()
    generation = Generation(model="acme-1")
    if mode:
        host = host_file(folder)
        host.write_bytes(pictures.file(stamper.mark(pictures.crop(), generation).pixels, "PNG"))
    STEPS[step]()
    if not mode:
        stamper.stamp(pictures.crop(), generation, to=folder / NAME)
    elif mode == "sign":
        stamper.sign(host.read_bytes(), to=folder / NAME)
    else:
        stamper.sign(host.read_bytes(), to=host, overwrite=True)


def main() -> None:
    """Fork a child for each step; exit with 1 if one of them was not killed."""
    workspace, top = map(Path, sys.argv[1:3])
    mode = "".join(sys.argv[3:])
    survivors = 0
    for step in REPLACING if mode == "replace" else STEPS:
        folder = top / step
        folder.mkdir()
        child = os.fork()
        if child == 0:
            try:
                stamp_and_die(workspace, folder, step, mode)
            finally:
                os._exit(1)
        survivors += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGKILL
    sys.exit(bool(survivors))


if __name__ == "__main__":
    main()
