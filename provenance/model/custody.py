"""What a registry keeps besides its records: the log's checkpoints, accounts, who looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class StoredCheckpoint(NamedTuple):
    """One signed head of the issuance log.

    `size` leaves have the Merkle tree hash `root` (32 bytes); `note` is the signed checkpoint as
    published, `signed_at` the time inside it (UTC, whole seconds). `time_stamp` is empty, or the
    SHA-256 and then the DER of an RFC 3161 token over the checkpoint's text.
    """

    size: int
    root: bytes
    note: bytes
    signed_at: datetime
    time_stamp: bytes = b""


class Account(NamedTuple):
    """An account under its pseudonym; `sealed` is its name, encrypted under the operator's key."""

    pseudonym: str
    sealed: bytes


class AccessAction(StrEnum):
    """What is written into the access log. A closed list."""

    REVEAL = "reveal"  # a pseudonym was turned back into an account
    ERASE = "erase"  # a record or an account was erased
    PURGE = "purge"  # what had passed its retention was removed
    EXPORT = "export"  # an extract was written
    MIGRATE = "migrate"  # the registry was copied to another store


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEntry:
    """Who did what, and why.

    `subject` is the id of what it was done to, `operator` a pseudonym, never a name, `reason`
    what the operator gave: a file number, an order.
    """

    at: datetime
    action: AccessAction
    subject: str
    operator: str
    reason: str
