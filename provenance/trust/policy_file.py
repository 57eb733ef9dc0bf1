"""Policies from TOML.

A policy is a table with exactly one key:

    [[all_of]]
    any_of = [{ signer_is = { organization = "Acme" } }, { anchored_in = "partners.pem" }]

    [[all_of]]
    issued_after = 2026-01-01T00:00:00Z
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from provenance.errors import TrustError
from provenance.trust.policy import (
    AllOf,
    AnchoredIn,
    AnyOf,
    IssuedAfter,
    IssuedBefore,
    SignerIs,
    SignerPolicy,
    TrustedSigner,
    UnsafeAcceptAnyValidSignature,
)

_MAX_BYTES: Final = 65_536
_MAX_DEPTH: Final = 8


def load_policy(path: Path) -> SignerPolicy:
    """Read a policy file.

    Raises:
        TrustError: unreadable, too large, not TOML, or not one policy.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise TrustError(f"policy {path} is larger than {_MAX_BYTES:,} bytes")
        table = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise TrustError(f"cannot read policy {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise TrustError(f"policy {path} is not valid TOML: {reason}") from error
    try:
        return parse_policy(table)
    except TrustError as error:
        raise TrustError(f"policy {path}: {error.message}", hint=error.hint) from error


def parse_policy(table: object, *, depth: int = 0) -> SignerPolicy:
    """The policy that a TOML table describes.

    Raises:
        TrustError: empty, more than one key, an unknown key, or a value of the wrong kind.
    """
    if depth > _MAX_DEPTH:
        raise TrustError(f"policies are nested more than {_MAX_DEPTH} deep")
    if not isinstance(table, Mapping) or len(table) != 1:
        what = "is empty" if table in ({}, None) else "does not have exactly one key"
        raise TrustError(f"a policy {what}", hint=_HINT)
    name, value = next(iter(table.items()))
    if name in _COMPOSED:
        if not isinstance(value, list):
            raise TrustError(f"{name} takes a list of policies")
        return _COMPOSED[name](tuple(parse_policy(item, depth=depth + 1) for item in value))
    if name in _SIMPLE:
        return _SIMPLE[name](name, value)
    raise TrustError(f"unknown policy {str(name)[:60]!r}", hint=_HINT)


def _signer_is(name: str, value: object) -> SignerPolicy:
    names = ("common_name", "organization")
    if (
        not isinstance(value, Mapping)
        or not set(value) <= set(names)
        or not all(isinstance(text, str) for text in value.values())
    ):
        raise TrustError(f"{name} takes a table of text: {' and '.join(names)}")
    return SignerIs(**{key: str(text) for key, text in value.items()})


def _anchored_in(name: str, value: object) -> SignerPolicy:
    if not isinstance(value, str):
        raise TrustError(f"{name} takes the file name of a trust list")
    return AnchoredIn(value)


def _moment(name: str, value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TrustError(f"{name} takes a time with zone, unquoted: 2026-01-01T00:00:00Z")
    return value.astimezone(UTC)


def _flag(policy: SignerPolicy) -> Callable[[str, object], SignerPolicy]:
    def made(name: str, value: object) -> SignerPolicy:
        if value is not True:
            raise TrustError(f"{name} takes nothing but true")
        return policy

    return made


_COMPOSED: Final[dict[str, Callable[[tuple[SignerPolicy, ...]], SignerPolicy]]] = {
    "all_of": AllOf,
    "any_of": AnyOf,
}
_SIMPLE: Final[dict[str, Callable[[str, object], SignerPolicy]]] = {
    "trusted_signer": _flag(TrustedSigner()),
    "signer_is": _signer_is,
    "anchored_in": _anchored_in,
    "issued_after": lambda name, value: IssuedAfter(_moment(name, value)),
    "issued_before": lambda name, value: IssuedBefore(_moment(name, value)),
    "unsafe_accept_any_valid_signature": _flag(UnsafeAcceptAnyValidSignature()),
}
_HINT: Final = f"one of: {', '.join((*_COMPOSED, *_SIMPLE))}"
