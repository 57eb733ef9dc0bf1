"""A real PostgreSQL server for the tests: in a directory of its own, reached by a socket only."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from provenance.registry import create_store
from provenance.registry.tables import metadata

_USER = "provenance"
_TEMPLATE = "registry_template"
_COMMON = "registry"
_PORT = 5432  # the name of a socket has one
#: Speed only: a server that is killed loses nothing by it, a machine that is does.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "16MB",
}


def binaries() -> Path | None:
    """Where the programs of the newest server lie that is installed; None if there is none."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3])
    )
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).parent if found else None


class Server:
    """A server and its databases. The socket lies in `folder`."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._numbers = itertools.count()
        self._common = False
        # A short name: that of a socket has 107 characters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._user = _other_user() if os.geteuid() == 0 else None  # the server refuses to be root
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        self._run("initdb", "-D", "data", "-U", _USER, *options)
        self.start()
        create_store(self.url(_TEMPLATE, made=True))

    def start(self, data: str = "data", port: int = _PORT) -> None:
        """Start it, and wait until it answers."""
        settings = {**_SETTINGS, "unix_socket_directories": str(self.folder), "port": str(port)}
        text = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run("pg_ctl", "-D", data, "-w", "-t", "60", "-l", "log", "-o", text, "start")

    def stop(self, mode: str = "immediate", data: str = "data") -> None:
        """Stop it; `immediate` is what a crash of the server is."""
        self._run("pg_ctl", "-D", data, "-w", "-m", mode, "stop")

    @contextmanager
    def standby(self, database: str) -> Iterator[str]:
        """The address of a database on a server that follows this one, as it is now."""
        here = ("-h", str(self.folder), "-U", _USER)
        self._run("pg_basebackup", "-D", "standby", "-R", "-X", "stream", "-c", "fast", *here)
        self.start("standby", _PORT + 1)
        try:
            yield f"{self.url(database)}&port={_PORT + 1}"
        finally:
            self.stop(data="standby")
            shutil.rmtree(self.folder / "standby")

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder)

    def url(self, database: str, *, user: str = _USER, made: bool = False) -> str:
        """The address of a database; `made`: which is made first, and empty."""
        if made:
            self.sql(f"CREATE DATABASE {database}")
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as the owner of everything, with no transaction around it."""
        with closing(self.connect(database)) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """A connection of somebody else; every statement commits."""
        return psycopg.connect(host=str(self.folder), user=_USER, dbname=database, autocommit=True)

    @contextmanager
    def database(self, *, template: str = _TEMPLATE) -> Iterator[str]:
        """The name of a database of its own: by default with an empty registry."""
        name = f"test{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield name
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def disconnect(self, database: str) -> None:
        """Cut every connection to a database."""
        with closing(self.connect("postgres")) as connection:
            query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(query, (database,))

    @contextmanager
    def registry(self) -> Iterator[str]:
        """The name of a database with an empty registry; faster, and its schema must stay."""
        if not self._common:
            self.sql(f"CREATE DATABASE {_COMMON} TEMPLATE {_TEMPLATE}")
            self._common = True
        yield _COMMON
        self.disconnect(_COMMON)
        names = ", ".join(metadata.tables.keys() - {"schema_version"})
        self.sql(f"TRUNCATE {names} RESTART IDENTITY", _COMMON)
        self.sql("UPDATE schema_version SET identity = uuid_send(gen_random_uuid())", _COMMON)

    def _run(self, program: str, *arguments: str) -> None:
        user = self._user
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the server inherits it: a pipe would never end
            stderr=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        if done.returncode:
            log = self.folder / "log"
            said = log.read_text()[-2000:] if log.exists() else ""
            raise RuntimeError(f"{program} ended with {done.returncode}: {said}")


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("a server refuses to run as root, and there is no user nobody")
