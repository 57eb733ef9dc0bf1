"""A process that stamps files for another one, and may die of any of them.

How it is told and answers: `provenance.isolation.child`. To each task it answers one of

    ["stamped", record id]  ["skipped", record id]  ["refused", code, message, hint, ours]

`ours` says that the reason is no fault of the file: a full disk, for one.
"""

from __future__ import annotations

import errno
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provenance.batch.orders import Orders
from provenance.batch.state import RunState
from provenance.batch.task import OutcomeKind, Task
from provenance.errors import AlreadyStampedError, ErrorCode, ProvenanceError
from provenance.imaging import read_file
from provenance.isolation.child import Channel, confine
from provenance.model.generation import Record, RecordState
from provenance.stamp import Stamper
from provenance.stamp.requests import request_key
from provenance.stamp.target import FileTarget

_NOT_THE_FILE: Final = frozenset(
    {
        ErrorCode.BUSY,
        ErrorCode.CONFIG,
        ErrorCode.KEY,
        ErrorCode.LOG,
        ErrorCode.REGISTRY,
        ErrorCode.SIGNER,
        ErrorCode.TIME_STAMP,
        ErrorCode.TRUST,
    }
)
#: Bytes of address space beyond what a worker starts with. Measured: a picture of 25 million
#: pixels takes 450 MB as PNG and 1.5 GB as AVIF, one of 98 million 1.4 GB as PNG.
MEMORY: Final = 8_000_000_000
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOrders:
    """What a worker does for as long as it lives. `memory` in bytes, beyond what it starts with."""

    orders: Orders
    state: RunState
    memory: int = MEMORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """Does one task after another."""

    orders: Orders
    state: RunState
    stamper: Stamper

    def do(self, task: Task) -> tuple[OutcomeKind, str]:
        """Stamp one file, or see that it is stamped; and its record id.

        Raises:
            ProvenanceError: it cannot be.
        """
        data = self._read(task)
        request = self._request(task, data)
        prior = self._prior(request)
        if prior is not None and self._is_done(task, prior):
            return OutcomeKind.SKIPPED, prior.record_id
        if prior is None:
            self._require_new(data)
        _make_directory(task.target.parent)
        stamped = self.stamper.stamp(
            data,
            self.orders.generation,
            encoding=self.orders.encoding,
            to=task.target,
            overwrite=self.orders.overwrite,
            name=task.path.name,
            account=self.orders.account,
            request=request,
        )
        return OutcomeKind.STAMPED, stamped.record_id

    def give_up(self, task: Task) -> None:
        """Leave no open record of a file that workers died of.

        Raises:
            ProvenanceError: that cannot be done.
        """
        self._prior(self._request(task, self._read(task)))

    def _read(self, task: Task) -> bytes:
        return read_file(task.path, self.stamper.limits, follow_links=not task.walked)

    def _request(self, task: Task, data: bytes) -> str:
        return self.state.request_of(task.target.relative_to(self.state.directory), data)

    def _prior(self, request: str) -> Record | None:
        """The record of an earlier try that has a file.

        One that has none was cut off: nobody works on it, for this run is ours alone, and
        whoever died has let go of it.
        """
        keys, system_id = self.stamper.pseudonyms, self.stamper.system.id
        assert keys is not None  # noqa: S101 - a workspace always has them
        assert system_id is not None  # noqa: S101
        record = self.stamper.store.find_by_request(
            system_id, request_key(keys, request, system_id)
        )
        if record is not None and record.state is RecordState.RESERVED:
            self.stamper.store.void(record.record_id)
            return None
        return record

    def _is_done(self, task: Task, record: Record) -> bool:
        """The output is there, and is the file of that record."""
        if record.state is not RecordState.RELEASED or record.file is None:
            return False
        return FileTarget(task.target).adopt(record.file.sha256)

    def _require_new(self, data: bytes) -> None:
        found = self.stamper.store.find_by_sha256(hashlib.sha256(data).hexdigest())
        if found:
            raise AlreadyStampedError(
                f"it is a stamped file already, that of record {found[0].record_id}",
                hint="nothing has to be done for it; copy it where it is needed",
            )


def main() -> None:
    """Read orders, then one task after another."""
    channel = Channel()
    given: WorkerOrders = channel.next()
    confine(given.memory, writes=True)
    hands = Hands(orders=given.orders, state=given.state, stamper=given.orders.stamper())
    channel.say("ready")
    while True:
        try:
            task, giving_up = channel.next()
        except EOFError:
            return
        channel.say(*_answer(hands, task, giving_up=giving_up))


def _answer(hands: Hands, task: Task, *, giving_up: bool) -> tuple[object, ...]:
    try:
        if giving_up:
            hands.give_up(task)
            return ("given up",)
        kind, record_id = hands.do(task)
    except ProvenanceError as error:
        return _refused(error)
    except MemoryError:
        about = "needs more memory than a worker may use"
        return _refused(ProvenanceError(about, code=ErrorCode.LIMIT))
    except Exception as error:  # noqa: BLE001 - a defect must not cost the run a file
        about = f"{type(error).__name__}: {error}"
        return _refused(ProvenanceError(about, code=ErrorCode.INTERNAL))
    return kind.value, record_id


def _refused(error: ProvenanceError) -> tuple[object, ...]:
    cause = error.__cause__
    full = isinstance(cause, OSError) and cause.errno in _DISK
    ours = full or error.code in _NOT_THE_FILE
    return OutcomeKind.REFUSED.value, error.code.value, error.message, error.hint, ours


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ProvenanceError(
            f"cannot create {path}: {error.strerror or error}", code=ErrorCode.IO
        ) from error


if __name__ == "__main__":
    main()
