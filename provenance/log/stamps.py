"""Time stamps of checkpoints (RFC 3161): what the log needs of them, and how it keeps them."""

from __future__ import annotations

import hashlib
from typing import Final, Protocol

from provenance.keys import TimeStampMode
from provenance.model.trust import TimeStampEvidence

_DIGEST_BYTES: Final = 32


class TimeStamps(Protocol):
    """Asks for RFC 3161 time stamps and says what one is worth."""

    @property
    def mode(self) -> TimeStampMode:
        """Whether checkpoints get one."""
        ...

    def token(self, data: bytes) -> bytes:
        """The DER of a token over these bytes.

        Raises:
            TimeStampError: none could be had.
        """
        ...

    def examine(self, token: bytes, data: bytes) -> TimeStampEvidence:
        """What a token says about these bytes, held against the lists of authorities."""
        ...


def kept_token(token: bytes) -> bytes:
    """A token as it is kept, after its SHA-256: a token has bits that its signature leaves open."""
    return hashlib.sha256(token).digest() + token


def token_in(kept: bytes) -> bytes | None:
    """The token in what was kept; None if a bit of it changed."""
    token = kept[_DIGEST_BYTES:]
    return token if token and kept_token(token) == kept else None
