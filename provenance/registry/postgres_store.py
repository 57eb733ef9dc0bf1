"""The registry in PostgreSQL: one for many machines.

Writing transactions run at READ COMMITTED, where every statement sees what was committed before
it, and rely on constraints, row locks and advisory locks; none of them has to be tried again.
Reading ones run at REPEATABLE READ, READ ONLY: one state of the registry. A commit is
acknowledged when it is on the disk: `synchronous_commit` is set for each session, whatever the
role or the database says.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Engine,
    Table,
    column,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy import table as relation
from sqlalchemy.exc import DatabaseError

from provenance.errors import RegistryError
from provenance.registry.database import BUSY_SECONDS, WRITES
from provenance.registry.postgres_errors import translated
from provenance.registry.postgres_url import parsed
from provenance.registry.sql_store import SqlStore, identify
from provenance.registry.tables import fingerprints, metadata, schema

_DRIVER: Final = "postgresql+psycopg"
_KEPT: Final = 5  # connections that stay open; there are as many more as threads ask for
_RECYCLED: Final = 1800  # seconds after which a connection is made anew
_PATIENCE: Final = 20  # a statement, or a pause in a transaction, in units of busy_seconds
_WHERE: Final = ("host", "port", "service")  # the parameters that say which server it is
_POLL: Final = 0.005

_READS: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_NO_LIMIT: Final = "SET LOCAL statement_timeout = 0"
#: Transactions that may have numbered a row of a table: an insert takes this lock before it
#: draws a number, and gives it up once what it committed is visible to everybody.
_WRITERS: Final = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted"
    " AND mode = 'RowExclusiveLock' AND relation = to_regclass(:name)"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_DAMAGED: Final = text(
    "SELECT 'index ' || c.relname || ' is not valid' FROM pg_index i"
    " JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace"
    " UNION ALL SELECT 'constraint ' || conname || ' is not valid' FROM pg_constraint"
    " WHERE NOT convalidated AND connamespace = current_schema()::regnamespace"
)


class PostgresStore(SqlStore):
    """A `RecordStore` in one PostgreSQL database."""

    def __init__(
        self, url: str, *, read_only: bool = False, busy_seconds: float = BUSY_SECONDS
    ) -> None:
        """Name the database; nothing is opened yet.

        Args:
            url: `postgresql://USER@HOST/DATABASE`, without a password.
            read_only: never write; for verification.
            busy_seconds: how long another writer is waited for.

        Raises:
            RegistryError: not such an address.
        """
        self._url = parsed(url)
        where = {name: self._url.query[name] for name in _WHERE if name in self._url.query}
        name = self._url.set(drivername="postgresql", query=where)
        shown = name.render_as_string().replace("%2F", "/")
        super().__init__(shown, read_only=read_only, busy_seconds=busy_seconds)

    @classmethod
    def create(cls, url: str) -> PostgresStore:
        """Make the tables of a new registry in a database that is there.

        Raises:
            RegistryError: there is a registry already, or it cannot be written.
        """
        made = cls(url)
        with made.creating() as connection:
            identify(connection)
        return made

    def _create(self, connection: Connection) -> None:
        connection.execute(select(func.pg_advisory_xact_lock(_lock_key(b"create"))))
        encoding = connection.scalar(text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise RegistryError(
                f"the database {self.name} has the encoding {encoding}, not UTF8",
                hint="createdb --encoding=UTF8 --template=template0",
            )
        if inspect(connection).has_table(schema.name):
            raise RegistryError(f"there is a registry in {self.name} already")
        super()._create(connection)

    # --- what is particular about PostgreSQL -----------------------------------------

    def _require(self) -> None:
        """Nothing to look at before the server is asked."""

    def _make_engine(self) -> Engine:
        try:
            engine = create_engine(
                self._url.set(drivername=_DRIVER),
                connect_args=self._connect_arguments(),
                pool_size=_KEPT,
                max_overflow=-1,
                pool_pre_ping=True,  # one that was cut meanwhile is replaced
                pool_recycle=_RECYCLED,
                use_native_hstore=False,
            )
        except ImportError as error:
            raise RegistryError(
                "a registry in PostgreSQL needs psycopg", hint="pip install 'provenance[postgres]'"
            ) from error

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            if not connection.get_execution_options().get(WRITES):
                connection.exec_driver_sql(_READS)

        return engine

    def _connect_arguments(self) -> dict[str, Any]:
        busy = max(1, round(self.busy_seconds * 1000))
        settings = {
            "synchronous_commit": "on",
            "lock_timeout": busy,
            "statement_timeout": _PATIENCE * busy,
            "idle_in_transaction_session_timeout": _PATIENCE * busy,
            "default_transaction_read_only": "on" if self.read_only else "off",
        }
        arguments = {
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
            "application_name": "provenance",
            "client_encoding": "utf8",
            "connect_timeout": max(2, round(self.busy_seconds)),
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "prepare_threshold": None,  # a migration changes what a prepared statement returns
        }
        if self._crosses_a_network() and "sslmode" not in self._url.query:
            arguments["sslmode"] = "verify-full"  # libpq's own default accepts anybody
        return arguments | {name: self._url.query[name] for name in self._url.query}

    def _crosses_a_network(self) -> bool:
        given = self._url.query.get("host", "")
        hosts = [self._url.host or "", *([given] if isinstance(given, str) else given)]
        return any(host and not host.startswith("/") for host in hosts)

    def cautions(self) -> tuple[str, ...]:
        """Settings of the server under which an acknowledged record can be lost."""
        with self._reading() as connection:
            off = [
                name
                for name in ("fsync", "full_page_writes")
                if connection.scalar(text(f"SHOW {name}")) == "off"
            ]
        return tuple(f"the server has {name} off: a crash may lose records" for name in off)

    # --- locks ----------------------------------------------------------------------

    def _serialise(self, connection: Connection, what: str) -> None:
        identity: bytes = connection.execute(select(schema.c.identity)).scalar_one()
        key = _lock_key(identity + what.encode())
        connection.execute(select(func.pg_advisory_xact_lock(key)))

    def _disk_bytes(self, connection: Connection) -> int | None:
        size = text("SELECT pg_database_size(current_database())")
        return int(connection.execute(size).scalar_one())

    def _freeze(self, connection: Connection) -> None:
        connection.exec_driver_sql(_NO_LIMIT)
        ours = set(inspect(connection).get_table_names()) & metadata.tables.keys()
        for name in sorted(ours):
            connection.exec_driver_sql(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")

    def fingerprint_horizon(self) -> int:
        """See `FingerprintReader.fingerprint_horizon`.

        Numbers are drawn in order and committed in any. So the highest one is read, and then
        every transaction is waited for that was writing at that moment: all lower numbers were
        drawn before. Nobody is held up meanwhile, and no right to write is needed.
        """
        with self._reading() as connection:
            if connection.scalar(select(func.pg_is_in_recovery())):
                raise RegistryError(
                    f"{self.name} is a standby, which does not know what is being written",
                    hint="search on the primary server",
                )
            highest: int = connection.scalar(select(func.max(fingerprints.c.fingerprint_id))) or 0
            name = {"name": fingerprints.name}
            writers = set(connection.scalars(_WRITERS, name))
            end = time.monotonic() + self.busy_seconds
            while writers:
                if time.monotonic() > end:
                    raise self._failed("a writer has not finished", busy=True)
                time.sleep(_POLL)
                writers &= set(connection.scalars(_WRITERS, name))
        return highest

    # --- numbers, damage, errors --------------------------------------------------------

    def last_number(self, connection: Connection, table: Table) -> int:
        """The highest number that this table ever gave a row."""
        numbers = select(column("last_value", BigInteger), column("is_called", Boolean))
        last, called = connection.execute(numbers.select_from(relation(_sequence(table)))).one()
        return int(last) if called else 0

    def number_after(self, connection: Connection, table: Table, last: int) -> None:
        """Let this table give its next row a number above this one."""
        if last:
            connection.execute(select(func.setval(_sequence(table), last)))

    def _damage(self, connection: Connection, *, quick: bool) -> list[str]:
        return [] if quick else [str(line) for line in connection.scalars(_DAMAGED)]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            with super()._translated():
                yield
        except Exception as error:
            if not hasattr(error, "sqlstate"):
                raise
            raise translated(error, self.name) from error  # it did not pass through SQLAlchemy

    def _failure(self, error: DatabaseError | OSError) -> RegistryError:
        return translated(getattr(error, "orig", None) or error, self.name)


def _lock_key(what: bytes) -> int:
    digest = hashlib.sha256(b"provenance/lock\0" + what).digest()
    return int.from_bytes(digest[:8], signed=True)


def _sequence(table: Table) -> str:
    (key,) = table.primary_key.columns
    return f"{table.name}_{key.name}_seq"
