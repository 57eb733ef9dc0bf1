"""What an operator may do with personal data. Every deed is in the access log before it is done.

An entry that tells of something that then failed is left where it is: a missing one would be worse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from provenance.errors import ArgumentError, ErrorCode, ProvenanceError, RegistryError
from provenance.keys import Pseudonyms
from provenance.model.custody import AccessAction, AccessEntry
from provenance.model.generation import Record, RecordState
from provenance.registry import RecordStore
from provenance.workspace.settings import RetentionSettings

MAX_REASON: Final = 500  # characters
MAX_OPERATOR: Final = 100


class Due(NamedTuple):
    """What retention is about to remove, or has removed. None where it is kept for ever.

    `accounts_before` and `access_before` are the moments that it was counted from.
    """

    accounts_before: datetime | None
    accounts: int
    access_before: datetime | None
    access_entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Custodian:
    """Reveals, erases and expires, and says so in the access log first.

    Attributes:
        store: the registry, opened for writing.
        operator: pseudonym of who does it; empty where none is used.
        reason: why: a file number, an order. Names of persons do not belong there.
        copies: files with data of records that are made anew from the registry, and go when a
            record is erased; asked for each time.
    """

    store: RecordStore
    operator: str
    reason: str
    copies: Callable[[], Iterable[Path]] = tuple

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ArgumentError(
                "a reason has to be given", hint="it is kept in the access log: a file number"
            )
        for name, text, most in (
            ("reason", self.reason, MAX_REASON),
            ("operator", self.operator, MAX_OPERATOR),
        ):
            if len(text) > most or not text.isprintable():
                raise ArgumentError(f"{name} must be printable text of at most {most} characters")

    def reveal(self, record: Record, pseudonyms: Pseudonyms) -> str | None:
        """The account behind a record; None where none was named, or it was erased.

        Raises:
            KeyMaterialError: it was sealed under another key.
            RegistryError: the registry cannot be read or written.
        """
        if not record.pseudonym:
            return None
        self._note(AccessAction.REVEAL, record.record_id)
        account = self.store.account(record.pseudonym)
        return None if account is None else pseudonyms.reveal(account)

    def erase_record(self, record: Record) -> None:
        """Erase a record with everything that was kept about its file; its leaf stays.

        Raises:
            RegistryError: it may still be in the making, or is there no more.
            ProvenanceError: `E_IO`, a copy could not be removed.
        """
        require_erasable(record)
        self._note(AccessAction.ERASE, record.record_id)
        # Before as well, so that a crash in between leaves none behind.
        self._remove_copies()
        self.store.erase(record.record_id)
        self._remove_copies()

    def erase_account(self, account: str, pseudonyms: Pseudonyms) -> int | None:
        """Forget an account and its pseudonym; from how many records, None if it is not known.

        Raises:
            ArgumentError: that is no account.
            RegistryError: the registry cannot be read or written.
        """
        pseudonym = pseudonyms.of(account).pseudonym
        if not self.knows(pseudonym):
            return None
        self._note(AccessAction.ERASE, pseudonym)
        return self.store.erase_account(pseudonym)

    def knows(self, pseudonym: str) -> bool:
        """Is there an account or a record under this pseudonym?"""
        return self.store.account(pseudonym) is not None or bool(self.store.records_of(pseudonym))

    def expire(self, retention: RetentionSettings, now: datetime) -> Due:
        """Remove what is older than its retention; only that is noted which there is to remove.

        Args:
            retention: how long everything is kept.
            now: aware.

        Raises:
            RegistryError: the registry cannot be read or written.
        """
        due = expired(self.store, retention, now)
        if due.accounts_before is not None and due.accounts:
            self._note(AccessAction.PURGE, f"accounts before {_day(due.accounts_before)}")
            due = due._replace(accounts=self.store.expire_accounts(due.accounts_before))
        if due.access_before is not None and due.access_entries:
            self._note(AccessAction.PURGE, f"access log before {_day(due.access_before)}")
            due = due._replace(access_entries=self.store.expire_access(due.access_before))
        return due

    def _note(self, action: AccessAction, subject: str) -> None:
        self.store.note_access(
            AccessEntry(
                at=datetime.now(UTC),
                action=action,
                subject=subject,
                operator=self.operator,
                reason=self.reason,
            )
        )

    def _remove_copies(self) -> None:
        for path in self.copies():
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise ProvenanceError(
                    f"cannot remove {path}: {error.strerror}",
                    hint="it holds fingerprints of what is to be erased; remove it by hand",
                    code=ErrorCode.IO,
                ) from error


def expired(store: RecordStore, retention: RetentionSettings, now: datetime) -> Due:
    """What `Custodian.expire` would remove; reads only.

    Args:
        store: the registry.
        retention: how long everything is kept.
        now: aware.
    """
    accounts = _before(now, retention.accounts_days)
    access = _before(now, retention.access_log_days)
    return Due(
        accounts,
        store.accounts_before(accounts) if accounts else 0,
        access,
        store.access_before(access) if access else 0,
    )


def require_erasable(record: Record) -> None:
    """Raise `RegistryError` where the file of a record may still be in the making."""
    if record.state is RecordState.RESERVED:
        hint = "provenance release sweep settles what a crash left"
        if record.pending:
            hint = "its picture waits to be signed; provenance release expire gives it up"
        raise RegistryError(
            f"record {record.record_id} is reserved: its file may be in the making", hint=hint
        )


def copies_in(workspace: Path) -> Iterator[Path]:
    """Files of a workspace that repeat what the registry holds: the index for searching."""
    yield workspace / "registry.index"
    yield from workspace.glob(".registry.index.*")  # one that was being written


def _before(now: datetime, days: int) -> datetime | None:
    return now - timedelta(days=days) if days else None


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
