"""Errors of a PostgreSQL server as ours, by their SQLSTATE.

Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from provenance.errors import ErrorCode, RegistryError


class _Meaning(NamedTuple):
    text: str = ""  # in place of what the server says
    hint: str = ""
    busy: bool = False


_AGAIN: Final = _Meaning(hint="try again", busy=True)
_MEANINGS: Final = {
    "25006": _Meaning("it can be read only", "a standby, or a role that may not write"),
    "25P03": _Meaning("a transaction was idle for too long"),
    "28000": _Meaning(hint="see pg_hba.conf of the server, and the role's rights"),
    "28P01": _Meaning(
        "the server does not accept the password",
        "~/.pgpass or PGPASSFILE, mode 0600: HOST:PORT:DATABASE:USER:PASSWORD",
    ),
    "3D000": _Meaning(hint="make an empty one: createdb --encoding=UTF8 --template=template0"),
    "40001": _AGAIN,
    "40P01": _AGAIN,
    "42501": _Meaning(hint="grant the role what it needs: docs/registry.md"),
    "42P01": _Meaning(
        "there is no registry in this database", "provenance registry migrate --to makes one"
    ),
    "53100": _Meaning("the disk of the server is full"),
    "53300": _Meaning("the server has no connection left", "see max_connections", busy=True),
    "55P03": _Meaning("another writer kept it locked", "try again", busy=True),
    "57014": _Meaning("it took too long", "try again", busy=True),
    "57P01": _Meaning("the server was shut down"),
    "57P02": _Meaning("the server crashed"),
    "57P03": _Meaning("the server is starting or stopping", "try again", busy=True),
}

#: Where no connection comes about, the driver gives no state, only what the server said.
_REFUSALS: Final = (
    (re.compile(r'database ".*" does not exist'), "3D000"),
    (re.compile(r"password authentication failed|no password supplied"), "28P01"),
    (re.compile(r'role ".*" does not exist|no pg_hba.conf entry|authentication failed'), "28000"),
    (re.compile(r"too many clients|too many connections|connection slots are reserved"), "53300"),
    (re.compile(r"starting up|shutting down|not yet accepting|recovery mode"), "57P03"),
)


def translated(error: BaseException, name: str) -> RegistryError:
    """What an error of the driver means for the registry of this name, in one line.

    Of what the server says only its primary message is kept: the details quote rows.
    """
    diagnosis = getattr(error, "diag", None)
    said = getattr(diagnosis, "message_primary", None) or str(error)
    state = getattr(error, "sqlstate", None) or next(
        (state for pattern, state in _REFUSALS if pattern.search(said)), ""
    )
    meaning = _MEANINGS.get(state, _Meaning())
    line = " ".join((meaning.text or said).split())
    return RegistryError(
        f"registry {name}: {line}",
        hint=meaning.hint,
        code=ErrorCode.BUSY if meaning.busy else ErrorCode.REGISTRY,
    )
