"""Asking a time-stamping authority (RFC 3161 over HTTP): the only network use of stamping.

It happens only where an authority is configured. The answer was made by somebody else: its
size and the time it may take are bounded, redirects are not followed, proxies are not used,
and the address that is connected to must be of the kind that was configured, so that a name
cannot lead into the network behind the stamper. What the answer is worth is checked by
whoever receives it.
"""

from __future__ import annotations

import ipaddress
import urllib.parse
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from provenance.errors import ConfigError

_SCHEMES: Final = ("http", "https")
_MAX_SECONDS: Final = 25.0  # the native library stops waiting after thirty


class TimeStampMode(StrEnum):
    """What stamping does about time stamps."""

    OFF = "off"  # never asked for; no network
    RECORD = "record"  # asked for; a failure is stated in the record and in the result
    REQUIRE = "require"  # without a trusted time stamp nothing is released


class Network(StrEnum):
    """Where an authority may be. Only addresses of this kind are connected to."""

    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "loopback"

    def holds(self, address: str) -> bool:
        """True if the IP address is of this kind."""
        ip = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None)
        ip = mapped or ip
        if ip.is_loopback:
            return self is Network.LOOPBACK
        if ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved:
            return False
        return ip.is_global is (self is Network.PUBLIC) and self is not Network.LOOPBACK


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
        try:
            parts = urllib.parse.urlsplit(self.url)
            usable = parts.scheme in _SCHEMES and parts.hostname and parts.port != 0
        except ValueError:
            usable, parts = None, urllib.parse.urlsplit("")
        if not usable or not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise ConfigError(
                f"{self.url!r} is not the address of a time-stamping authority",
                hint="it starts with http:// or https://",
            )
        if parts.username is not None or parts.password is not None:
            raise ConfigError("the address of a time-stamping authority must not hold a password")
        if not 0 < self.seconds <= _MAX_SECONDS:
            raise ConfigError(f"a time stamp may take at most {_MAX_SECONDS:g} seconds")

    def answer(self, query: bytes) -> bytes:
        """Send a DER-encoded TimeStampReq and return the DER of the TimeStampResp.

        Raises:
            TimeStampError: not reachable, too slow, too large, an HTTP error, a redirect, or
                not a time-stamp reply.
        """
        from provenance.keys.tsa_client import exchange  # ssl and http take time to load

        return exchange(self, query)


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
