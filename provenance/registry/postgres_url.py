"""Addresses of PostgreSQL databases: what one may say, and that it never holds a password."""

from __future__ import annotations

from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError as BadUrlError

from provenance.errors import RegistryError

_SCHEMES: Final = frozenset({"postgresql", "postgres"})
#: Parameters of libpq that say how the server is reached and known. None of them can hold a
#: secret, or change what a commit means.
_PARAMETERS: Final = frozenset(
    {
        "channel_binding", "connect_timeout", "gssencmode", "host", "passfile", "port", "service",
        "sslcert", "sslcrl", "sslkey", "sslmode", "sslrootcert", "target_session_attrs",
    }
)  # fmt: skip
_EXAMPLE: Final = "postgresql://USER@HOST/DATABASE"
_NO_PASSWORD: Final = (
    "a registry address holds no password",
    "put it into ~/.pgpass or the file that PGPASSFILE names, or use peer authentication",
)


def parsed(address: str) -> URL:
    """The address of a PostgreSQL database in its parts.

    Raises:
        RegistryError: not one, it holds a password, or a parameter that is not allowed.
    """
    try:
        url = make_url(address)
    except (BadUrlError, ValueError) as error:  # its text may hold a password
        raise RegistryError("this is no address of a registry", hint=_EXAMPLE) from error
    if url.password is not None or "password" in url.query:
        raise RegistryError(_NO_PASSWORD[0], hint=_NO_PASSWORD[1])
    if url.drivername not in _SCHEMES:
        raise RegistryError(f"a registry cannot lie in {url.drivername!r}", hint=_EXAMPLE)
    if not url.database:
        raise RegistryError("this registry address names no database", hint=_EXAMPLE)
    unknown = sorted(url.query.keys() - _PARAMETERS)
    if unknown:
        raise RegistryError(
            f"a registry address has no parameter {unknown[0]!r}",
            hint=f"known: {', '.join(sorted(_PARAMETERS))}",
        )
    return url
