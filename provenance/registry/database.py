"""Transactions on a database, and its errors as ours; what is particular about it is below."""

from __future__ import annotations

import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import DatabaseError, IntegrityError, InterfaceError

from provenance.errors import ErrorCode, RegistryError
from provenance.forking import unforked

#: Execution option of transactions that will write.
WRITES: Final = "provenance_writes"
BUSY_SECONDS: Final = 30


class Database(ABC):
    """Where the tables lie.

    The engine is made on first use and made anew after a fork, so that a store can be handed
    to worker processes. Its connections are closed with the store.

    Attributes:
        name: of the database, for messages; without a password.
        read_only: nothing is ever written, not even the schema.
        busy_seconds: how long another writer is waited for.
    """

    def __init__(self, name: str, *, read_only: bool, busy_seconds: float = BUSY_SECONDS) -> None:
        """Name the database; nothing is opened yet."""
        self.name = name
        self.read_only = read_only
        self.busy_seconds = busy_seconds
        self._engine: Engine | None = None
        self._inherited: Engine | None = None
        self._process = 0

    # --- what is particular ------------------------------------------------------

    @abstractmethod
    def _make_engine(self) -> Engine:
        """An engine whose writing transactions are serialisable with one another."""

    @abstractmethod
    def _require(self) -> None:
        """Raise `RegistryError` where there is no database to be read."""

    @abstractmethod
    def _failure(self, error: DatabaseError | OSError) -> RegistryError:
        """What a failure of the driver means."""

    @abstractmethod
    def _serialise(self, connection: Connection, what: str) -> None:
        """Until the transaction ends, let nobody else do what has this name."""

    @abstractmethod
    def _damage(self, connection: Connection, *, quick: bool) -> list[str]:
        """What the database itself finds to be damaged."""

    def _disk_bytes(self, connection: Connection) -> int | None:  # noqa: ARG002
        """How much room it takes; None where that is not known."""
        return None

    @abstractmethod
    def _freeze(self, connection: Connection) -> None:
        """Until the transaction ends, let nobody else write; what follows may take long."""

    @abstractmethod
    def last_number(self, connection: Connection, table: Table) -> int:
        """The highest number that this table ever gave a row."""

    @abstractmethod
    def number_after(self, connection: Connection, table: Table, last: int) -> None:
        """Let this table give its next row a number above this one."""

    # --- transactions --------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        if self.read_only:
            raise RegistryError(f"{self.name} was opened for reading only")
        with unforked(), self._translated():
            engine = self._opened().execution_options(**{WRITES: True})
            with engine.begin() as connection:
                yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._require()
        with unforked(), self._translated(), self._opened().begin() as connection:
            yield connection

    def _opened(self) -> Engine:
        if self._engine is None or self._process != os.getpid():
            # The parent still uses the connections that a forked child inherits: they are kept
            # here, because whoever closes them says goodbye to the server for both.
            self._inherited = self._engine
            self._engine, self._process = self._make_engine(), os.getpid()
            weakref.finalize(self, _dispose, self._engine, self._process)
        return self._engine

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # the caller knows which constraint he may have met
        except InterfaceError as error:
            raise RegistryError(f"registry {self.name}: {error.orig}") from error
        except UnicodeEncodeError as error:
            raise RegistryError(f"registry {self.name}: not Unicode: {error.object!a}") from error
        except (DatabaseError, OSError) as error:
            raise self._failure(error) from error

    def _failed(self, reason: object, *, busy: bool = False) -> RegistryError:
        code = ErrorCode.BUSY if busy else ErrorCode.REGISTRY
        text = " ".join(str(reason).split())
        return RegistryError(f"registry {self.name}: {text}", code=code)


def _dispose(engine: Engine, process: int) -> None:
    if os.getpid() == process:
        engine.dispose()
