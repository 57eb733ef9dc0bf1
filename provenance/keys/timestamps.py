"""Asking a time-stamping authority (RFC 3161 over HTTP).

It happens only where an authority is configured, and under the limits of `keys.exchange`.
What the answer is worth is checked by whoever receives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from provenance.errors import ConfigError
from provenance.keys.network import Network, check_url

_SCHEMES: Final = ("http", "https")
_MAX_SECONDS: Final = 25.0  # the native library stops waiting after thirty


class TimeStampMode(StrEnum):
    """What stamping does about time stamps."""

    OFF = "off"  # never asked for; no network
    RECORD = "record"  # asked for; a failure is stated in the record and in the result
    REQUIRE = "require"  # without a trusted time stamp nothing is released


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStampAuthority:
    """One authority and how it is reached.

    Attributes:
        url: http or https; answers are signed, so http is usual.
        network: what kind of address it must have.
        seconds: for the whole exchange, at most 25.
    """

    url: str
    network: Network = Network.PUBLIC
    seconds: float = 10.0

    def __post_init__(self) -> None:
        check_url(self.url, what="time-stamping authority", schemes=_SCHEMES)
        if not 0 < self.seconds <= _MAX_SECONDS:
            raise ConfigError(f"a time stamp may take at most {_MAX_SECONDS:g} seconds")

    def answer(self, query: bytes) -> bytes:
        """Send a DER-encoded TimeStampReq and return the DER of the TimeStampResp.

        Raises:
            TimeStampError: not reachable, too slow, too large, an HTTP error, a redirect, or
                not a time-stamp reply.
        """
        from provenance.keys.tsa_client import ask  # ssl and http take time to load

        return ask(self, query)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeStamping:
    """Whether time stamps are asked for, and whom."""

    mode: TimeStampMode = TimeStampMode.OFF
    authority: TimeStampAuthority | None = None

    def __post_init__(self) -> None:
        if self.mode is not TimeStampMode.OFF and self.authority is None:
            raise ConfigError(
                f"time stamps are set to {self.mode.value!r}, but no authority is named",
                hint="set stamp.tsa_url",
            )
