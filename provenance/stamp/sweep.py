"""Finishing or giving up what a killed process left behind.

Step numbers are those of `docs/architecture.md`, "Release order". No record says where its file
was to go, so the caller names the directories.

* `reserved`: the process died before step 7. Nothing of it can have got out: void.
* `issued`: it died after the commit. The facts of the verified file are in the record, so a file
  with that SHA-256 is that file. Where it is found under a final name, step 9 is missing; where
  it lies beside, steps 8 and 9. Its final name is not known any more: it gets that of its record.
* `issued`, and no file in these directories: stays issued and is reported. It never becomes void:
  the file may be somewhere else, moved or in another directory, and a mark that can be met in
  the open must lead to its record.
* A file beside that nobody needs is removed: its record is void; it was cut off; or its record is
  released, and it is a second copy of that file (a request that was made again). If its record is
  unknown here, or issued or released with other bytes of that length, it is kept and reported:
  another registry may be working in that directory.
* `pending`, marked and not signed: void once it has expired, never before. A file beside of it is
  what a signing left that died; it is removed, and the picture can be signed again. So is one
  whose picture was signed again, and released, since.

Only what is older than a given time is touched. Whoever is still at work when its record is
swept fails without a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from provenance.errors import ErrorCode, InputError, ProvenanceError
from provenance.imaging import DEFAULT_LIMITS, ImageFormat, Limits, read_file
from provenance.model.generation import Record, RecordState
from provenance.model.ids import record_id_of
from provenance.registry import RecordStore
from provenance.stamp.folder import Found, files_in, manifest_in
from provenance.stamp.target import FileTarget, is_unreleased
from provenance.trust import TrustStore


class Action(StrEnum):
    """What the sweeper did, or would do."""

    VOIDED = "voided"  # a reserved record
    FINISHED = "finished"  # an issued record, whose file is released now
    REMOVED = "removed"  # a file that was never released
    KEPT = "kept"  # left for a person to look at
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that was done; `record_id` and `path` where there are any."""

    action: Action
    detail: str
    record_id: str = ""
    path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Cleans up after crashes.

    Attributes:
        store: the registry.
        before: aware; only what is older is touched.
        dry_run: say what would be done, and do nothing.
        limits: apply to the files that are read.
    """

    store: RecordStore
    before: datetime
    dry_run: bool = False
    limits: Limits = DEFAULT_LIMITS

    def run(self, directories: Sequence[Path] = ()) -> Iterator[Deed]:
        """Sweep the registry and these directories, step by step.

        Raises:
            ArgumentError: one of them is no directory.
            RegistryError: the registry cannot be read.
        """
        seen = [item for directory in directories for item in files_in(directory)]
        files = {item.path.absolute(): item for item in seen if isinstance(item, Found)}
        for item in seen:
            if not isinstance(item, Found):
                yield Deed(action=Action.FAILED, path=item[0], detail=item[1].message)
        unfinished = self.store.unfinished(self.before)
        for record in unfinished:
            if record.state is RecordState.RESERVED:
                yield _attempt(partial(self._void, record))
        used: set[Path] = set()
        for record in unfinished:
            if record.state is RecordState.ISSUED:
                own = [path for path, found in files.items() if self._is_file_of(record, found)]
                used.update(own)
                yield _attempt(partial(self._finish, record, own))
        given_up = {r.record_id for r in unfinished if r.state is RecordState.RESERVED}
        for path, found in files.items():
            if found.unreleased and path not in used and found.changed < self.before:
                yield _attempt(partial(self._clear, path, given_up))

    def leftovers(self, directory: Path) -> Iterator[Deed]:
        """Only the files beside that nobody needs, of a directory in which nobody works.

        Raises:
            ArgumentError: it is no directory.
        """
        for found in files_in(directory):
            if isinstance(found, Found) and found.unreleased and found.changed < self.before:
                yield _attempt(partial(self._clear, found.path, ()))

    def _void(self, record: Record) -> Deed:
        if not self.dry_run:
            self.store.void(record.record_id)
        detail = "the process died before the commit"
        if record.marking is not None:
            detail = f"marked, and not signed until {record.marking.expires_at:%Y-%m-%d %H:%M} UTC"
        return Deed(action=Action.VOIDED, record_id=record.record_id, detail=detail)

    def _is_file_of(self, record: Record, found: Found) -> bool:
        if record.file is None or found.size != record.file.byte_size:
            return False
        try:
            data = read_file(found.path, self.limits, follow_links=False)
        except InputError:
            return False
        return hashlib.sha256(data).hexdigest() == record.file.sha256

    def _finish(self, record: Record, own: Sequence[Path]) -> Deed:
        """Steps 8 and 9, as far as they are missing."""
        deed = partial(Deed, record_id=record.record_id)
        if record.file is None or not own:
            detail = "issued, and its file is in none of these directories; it may be elsewhere"
            return deed(action=Action.KEPT, detail=detail)
        aside = [path for path in own if is_unreleased(path.name)]
        final = next((path for path in own if path not in aside), None)
        detail = "the process died after its file had got its name"
        if final is None:
            name = record.record_id + ImageFormat(record.file.format).extensions[0]
            final = aside[0].with_name(name)
            detail = "the process died after the commit; the file has the name of its record"
            if not self.dry_run:
                FileTarget.written(aside.pop(0), final).publish()
        if not self.dry_run:
            for path in aside:  # a second name of the same file
                _remove(path)
            self.store.release(record.record_id)
        return deed(action=Action.FINISHED, path=final, detail=detail)

    def _clear(self, path: Path, given_up: Collection[str]) -> Deed:
        """Remove a file that was not released, once it is certain that nobody needs it."""
        data = read_file(path, self.limits, follow_links=False)
        manifest = manifest_in(data, TrustStore())
        record_id = record_id_of(manifest.manifest_id) if manifest else ""
        deed = partial(Deed, path=path, record_id=record_id)
        record = self.store.find_by_id(record_id) if record_id else None
        if record_id and record is None:
            return deed(action=Action.KEPT, detail="its record is not in this registry")
        reason = "it was cut off"
        if record is not None and record.file is None:
            needed = record.state is not RecordState.VOID and record_id not in given_up
            if needed and not record.pending:
                return deed(action=Action.KEPT, detail=f"its record is {record.state.value}")
            reason = "its record is void"
            if needed:
                reason = "it was not signed completely; its picture can be signed again"
        elif record is not None and record.file is not None:
            if hashlib.sha256(data).hexdigest() == record.file.sha256:
                if record.state is not RecordState.RELEASED:
                    return deed(action=Action.KEPT, detail="its record was issued meanwhile")
                reason = "the file of its record was released"
            elif record.marking is not None and record.state is RecordState.RELEASED:
                reason = "another signing of its picture was released"
            elif len(data) >= record.file.byte_size:
                detail = f"its record is {record.state.value}, and it is not the file of that"
                return deed(action=Action.KEPT, detail=f"{detail} record")
        if not self.dry_run:
            _remove(path)
        return deed(action=Action.REMOVED, detail=reason)


def _attempt(step: Callable[[], Deed]) -> Deed:
    """One failure never stops the others."""
    try:
        return step()
    except ProvenanceError as error:
        return Deed(action=Action.FAILED, detail=str(error))


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise ProvenanceError(
            f"cannot remove {path}: {error.strerror or error}", code=ErrorCode.IO
        ) from error
