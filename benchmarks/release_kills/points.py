"""Where a process kills itself, by the numbered steps of `docs/architecture.md`."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, Final

from provenance.registry import SqliteStore, record_table
from provenance.stamp import job, steps
from provenance.stamp.target import FileTarget

Install = Callable[[], None]


def killed(*_: object, **__: object) -> Any:  # noqa: ANN401 - stands in for anything
    """The process ends here, without a word."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: object, name: str) -> Install:
    """Die instead of doing it."""
    return lambda: setattr(owner, name, killed)


def after(owner: object, name: str) -> Install:
    """Die once it is done."""

    def install() -> None:
        original = getattr(owner, name)

        def done(*arguments: object, **named: object) -> None:
            original(*arguments, **named)
            killed()

        setattr(owner, name, done)

    return install


def half_written() -> None:
    """Die while the file is being written."""

    def half(self: FileTarget, data: bytes) -> None:
        self._aside.write_bytes(data[: len(data) // 2])
        killed()

    setattr(FileTarget, "write", half)  # noqa: B010 - as everywhere here


def inside_the_commit(method: str) -> Install:
    """Die in the transaction, after its changes and before its commit."""

    def install() -> None:
        original = getattr(SqliteStore, method)

        def started(*arguments: object) -> None:
            setattr(record_table, "one", killed)  # noqa: B010 - read once the row was changed
            original(*arguments)

        setattr(SqliteStore, method, started)

    return install


#: Every step with a place in it. Whoever is at a later one has passed all before.
POINTS: Final[dict[str, Install]] = {
    "2 before it reserves": before(SqliteStore, "reserve"),
    "2 reserved": after(SqliteStore, "reserve"),
    "3 encoded": after(job, "encode"),
    "4 signed": after(steps, "sign"),
    "5 half written": half_written,
    "5 not synced": before(os, "fsync"),
    "5 written": after(FileTarget, "write"),
    "6 verified": before(SqliteStore, "issue"),
    "7 inside the commit": inside_the_commit("issue"),
    "7 committed": after(SqliteStore, "issue"),
    "8 linked": after(os, "link"),
    "8 published": after(FileTarget, "publish"),
    "9 inside the commit": inside_the_commit("release"),
    "9 released": after(SqliteStore, "release"),
}
