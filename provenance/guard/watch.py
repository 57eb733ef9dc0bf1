"""Every file without a released record is an alarm.

The guard knows nothing of how a file is released. It reads what lies in a directory and asks
the registry for a released record with exactly these bytes. Whatever put the file there (a defect
of stamping, another program, a person), it is found.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum, auto
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final, Protocol

from provenance.errors import ArgumentError, ErrorCode, InputError, RegistryError
from provenance.guard.files import Entry, Trouble, entries
from provenance.imaging import DEFAULT_LIMITS, DEFAULT_READ, ImageFormat, Limits, probe, read_file
from provenance.manifest import read
from provenance.model.generation import RecordState
from provenance.model.ids import record_id_of
from provenance.registry import FileReader, RecordReader
from provenance.trust import TrustStore

#: Between a file's name and the note of its release lies one commit; a registry may be locked
#: for 30 seconds.
GRACE: Final = timedelta(seconds=60)
#: Alarms that are remembered, and so named once only. More are counted.
MAX_ALARMS: Final = 100_000

_NOBODYS: Final = "0" * 64
_SETTLED_NS: Final = 1_000_000_000
_FORMATS: Final = DEFAULT_READ | {ImageFormat.TIFF, ImageFormat.AVIF}  # all that can be written


class ReleaseReader(RecordReader, FileReader, Protocol):
    """What the guard asks a registry."""


class AlarmKind(StrEnum):
    """What is wrong with a file; the value is what people read."""

    NO_RECORD = "no record"  # neither its bytes nor its manifest lead to one
    NOT_HERE = "record not in this registry"  # its manifest names one
    ERASED = "record erased"
    RESERVED = "record reserved only"
    ISSUED = "record issued, not released"
    VOID = "record void"
    CHANGED = "not the file of its record"
    DAMAGED = "record cannot be read"
    LEFT = "unreleased file left behind"
    SPECIAL = "not a regular file"
    UNREADABLE = "cannot be read"
    CLEARED = "cleared"  # what was an alarm is none any more


_BY_STATE: Final = {
    RecordState.RESERVED: AlarmKind.RESERVED,
    RecordState.ISSUED: AlarmKind.CHANGED,
    RecordState.RELEASED: AlarmKind.CHANGED,
    RecordState.VOID: AlarmKind.VOID,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A file that should not be there as it is; `record_id` and `sha256` where they are known."""

    kind: AlarmKind
    path: Path
    detail: str = ""
    record_id: str = ""
    sha256: str = ""


@dataclass(slots=True)
class _Open:
    """An alarm that was given, with the identity of the file that it is about."""

    alarm: Alarm
    identity: tuple[int, ...]


class _Fine(Enum):
    """What is no alarm."""

    RELEASED = auto()
    LATER = auto()  # it is, or may be, in the making
    GONE = auto()


class Guard:
    """Looks at directories again and again.

    It remembers which files it found released: 16 bytes for each, of name and identity. They
    are not read again, nor asked for, until they change.

    Attributes:
        pending: whether the last look left files whose release may just be under way.
        uncounted: alarms of the last look beyond those that are remembered.
    """

    def __init__(
        self,
        store: ReleaseReader,
        directories: Sequence[Path],
        *,
        older_than: timedelta,
        limits: Limits = DEFAULT_LIMITS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Nothing is looked at yet.

        Args:
            store: the registry.
            directories: what is watched, with everything below.
            older_than: how long a file may lie there under the name of one that is written.
            limits: apply to the files that are read.
            clock: the time in UTC.

        Raises:
            ArgumentError: one of them is no directory.
        """
        for directory in directories:
            if not directory.is_dir():
                raise ArgumentError(f"{directory} is not a directory")
        self.pending = False
        self.uncounted = 0
        self._store, self._directories = store, tuple(d.absolute() for d in directories)
        self._older_than, self._limits, self._clock = older_than, limits, clock
        self._released: set[bytes] = set()
        self._open: dict[str, _Open] = {}
        self._salt = os.urandom(16)

    @property
    def alarms(self) -> int:
        """How many there were at the last look."""
        return len(self._open) + self.uncounted

    def look(self) -> Iterator[Alarm]:
        """Look at everything once.

        Yields:
            Alarms that are new or have changed, and those that have cleared.

        Raises:
            RegistryError: the registry cannot be read. Nothing is forgotten; what was not
                looked at is looked at next time.
        """
        released: set[bytes] = set()
        still: set[str] = set()
        self.pending, self.uncounted = False, 0
        try:
            for found in chain.from_iterable(map(entries, self._directories)):
                path, key = found.path, self._key(found)
                if key in self._released:
                    released.add(key)
                    continue
                verdict = self._judge(found)
                if isinstance(verdict, Alarm):
                    still.add(path)
                    yield from self._report(verdict, found)
                    continue
                self.pending |= verdict is _Fine.LATER
                if path in self._open:
                    yield replace(self._open.pop(path).alarm, kind=AlarmKind.CLEARED, detail="")
                if verdict is _Fine.RELEASED and self._settled(found):
                    released.add(key)
        except RegistryError:
            self._released |= released
            raise
        self._released = released
        for path in self._open.keys() - still:
            if _gone(path):
                yield replace(self._open.pop(path).alarm, kind=AlarmKind.CLEARED, detail="")

    def _report(self, alarm: Alarm, found: Entry | Trouble) -> Iterator[Alarm]:
        before = self._open.get(found.path)
        if before is None and len(self._open) >= MAX_ALARMS:
            self.uncounted += 1
            return
        self._open[found.path] = _Open(alarm, found.identity)
        if before is None or before.alarm != alarm:
            yield alarm

    # --- one file --------------------------------------------------------------------

    def _judge(self, found: Entry | Trouble) -> Alarm | _Fine:
        alarm = partial(Alarm, path=Path(found.path))
        if isinstance(found, Trouble):
            return alarm(kind=AlarmKind.UNREADABLE, detail=found.reason)
        if found.special:
            return alarm(kind=AlarmKind.SPECIAL, detail=found.special)
        if found.unreleased:
            # The time of the last change of status cannot be set by whoever wrote the file.
            changed = datetime.fromtimestamp(found.status.st_ctime, UTC)
            if abs(self._clock() - changed) <= self._older_than:
                return _Fine.GONE
            since = f"since {changed:%Y-%m-%d %H:%M:%S} UTC"
            return alarm(kind=AlarmKind.LEFT, detail=since)
        known = self._open.get(found.path)
        if known and known.alarm.sha256 and known.identity == found.identity:
            return self._known(found, known.alarm.sha256, lambda: known.alarm.record_id)
        try:
            data = read_file(Path(found.path), self._limits, follow_links=False)
        except InputError as error:
            if _gone(found.path):
                return _Fine.GONE
            return alarm(kind=AlarmKind.UNREADABLE, detail=error.message)
        named = partial(_record_named_in, data, self._limits)
        return self._known(found, hashlib.sha256(data).hexdigest(), named)

    def _known(self, found: Entry, sha256: str, named: Callable[[], str]) -> Alarm | _Fine:
        """What is known of these bytes; one damaged record does not hide the next file."""
        try:
            return self._asked(found, sha256, named)
        except RegistryError as error:
            if error.code is ErrorCode.BUSY:
                raise
            self._store.find_by_sha256(_NOBODYS)  # raises where it is not for this record
            path = Path(found.path)
            return Alarm(kind=AlarmKind.DAMAGED, path=path, detail=error.message, sha256=sha256)

    def _asked(self, found: Entry, sha256: str, named: Callable[[], str]) -> Alarm | _Fine:
        """What the registry says now of these bytes, or else of the record that they name."""
        alarm = partial(Alarm, path=Path(found.path), sha256=sha256)
        records = self._store.find_by_sha256(sha256)
        if any(record.state is RecordState.RELEASED for record in records):
            return _Fine.RELEASED
        for record in records:
            if record.issued_at and abs(self._clock() - record.issued_at) < GRACE:
                return _Fine.LATER
            return alarm(kind=AlarmKind.ISSUED, record_id=record.record_id)
        record_id = named()
        if not record_id:
            return alarm(kind=AlarmKind.NO_RECORD)
        return alarm(kind=self._kind_of(record_id), record_id=record_id)

    def _kind_of(self, record_id: str) -> AlarmKind:
        """What is wrong with a file that names this record and is not its file."""
        record = self._store.find_by_id(record_id)
        if record is not None:
            return _BY_STATE[record.state]
        erased = self._store.erased_at(record_id=record_id) is not None
        return AlarmKind.ERASED if erased else AlarmKind.NOT_HERE

    # --- what is remembered ----------------------------------------------------------

    def _key(self, found: Entry | Trouble) -> bytes:
        text = f"{found.identity} ".encode() + os.fsencode(found.path)
        return hashlib.blake2b(text, digest_size=16, key=self._salt).digest()

    def _settled(self, found: Entry | Trouble) -> bool:
        """Its times would show the next change; they advance in steps of some milliseconds."""
        return time.time_ns() - max(found.identity[-2:], default=0) > _SETTLED_NS


def _record_named_in(data: bytes, limits: Limits) -> str:
    """The id of the record that the file's manifest names; empty if there is none."""
    try:
        header = probe(data, limits, _FORMATS)
    except InputError:
        return ""
    return record_id_of(read(data, header.format.mime, TrustStore()).manifest_id)


def _gone(path: str) -> bool:
    """There is no file any more, or a directory in its place, which is looked at by itself."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
