"""What is personal, and who looked at it: accounts under a pseudonym, the access log, retention."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from provenance.model.custody import AccessEntry, Account
from provenance.registry import rows
from provenance.registry.database import Database
from provenance.registry.tables import access_log, accounts, records

_PAGE: Final = 8192


class PersonalTable(Database):
    """A `PersonalStore`."""

    def account(self, pseudonym: str) -> Account | None:
        """The sealed account behind a pseudonym; see `PersonalStore.account`."""
        with self._reading() as connection:
            query = select(accounts.c.sealed).where(accounts.c.pseudonym == pseudonym)
            sealed = connection.scalar(query)
        return None if sealed is None else Account(pseudonym, sealed)

    def records_of(self, pseudonym: str) -> tuple[str, ...]:
        """Ids of the records that an account asked for, in no stated order."""
        with self._reading() as connection:
            query = select(records.c.record_id).where(records.c.pseudonym == pseudonym)
            return tuple(connection.scalars(query))

    def erase_account(self, pseudonym: str) -> int:
        """Forget an account; see `PersonalStore.erase_account`."""
        with self._writing() as connection:
            return _forget(connection, pseudonym)

    def accounts_before(self, before: datetime) -> int:
        """How many there are to forget; see `PersonalStore.accounts_before`."""
        with self._reading() as connection:
            old = accounts.c.used_at < rows.utc(before)
            return connection.execute(select(func.count()).where(old)).scalar_one()

    def expire_accounts(self, before: datetime) -> int:
        """Forget accounts by their retention; see `PersonalStore.expire_accounts`."""
        with self._writing() as connection:
            unused = accounts.c.used_at < rows.utc(before)
            query = select(accounts.c.pseudonym).where(unused).order_by(accounts.c.pseudonym)
            number = 0
            for pseudonym in connection.scalars(query).all():
                # Meanwhile it may have been used again.
                same = accounts.c.pseudonym == pseudonym
                if connection.execute(delete(accounts).where(same, unused)).rowcount:
                    _forget(connection, pseudonym)
                    number += 1
        return number

    def note_access(self, entry: AccessEntry) -> None:
        """Write an entry before what it tells of is done; see `PersonalStore.note_access`."""
        with self._writing() as connection:
            connection.execute(insert(access_log).values(rows.of_entry(entry)))

    def access_entries(self) -> Iterator[AccessEntry]:
        """All of them, the oldest first."""
        with self._reading() as connection:
            query = select(access_log).order_by(access_log.c.entry_id)
            for row in connection.execution_options(yield_per=_PAGE).execute(query):
                yield rows.entry(row)

    def access_before(self, before: datetime) -> int:
        """How many are older."""
        with self._reading() as connection:
            old = access_log.c.at < rows.utc(before)
            return connection.execute(select(func.count()).where(old)).scalar_one()

    def expire_access(self, before: datetime) -> int:
        """Remove entries that are older; how many there were."""
        with self._writing() as connection:
            old = access_log.c.at < rows.utc(before)
            return connection.execute(delete(access_log).where(old)).rowcount


def keep(connection: Connection, account: Account, used_at: datetime) -> None:
    """Keep an account, or note that it was used again."""
    same = accounts.c.pseudonym == account.pseudonym
    moment = rows.utc(used_at)
    if connection.execute(update(accounts).where(same).values(used_at=moment)).rowcount == 0:
        connection.execute(insert(accounts).values(**account._asdict(), used_at=moment))


def _forget(connection: Connection, pseudonym: str) -> int:
    connection.execute(delete(accounts).where(accounts.c.pseudonym == pseudonym))
    mine = records.c.pseudonym == pseudonym
    return connection.execute(update(records).where(mine).values(pseudonym=None)).rowcount
