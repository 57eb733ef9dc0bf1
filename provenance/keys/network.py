"""Where another machine may be, and how its address may be written."""

from __future__ import annotations

import ipaddress
import urllib.parse
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from provenance.errors import ConfigError


class Network(StrEnum):
    """Where a server may be. Only addresses of this kind are connected to."""

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
class Endpoint:
    """A server that is asked by POST.

    `seconds` bound the whole exchange; `authorities` is a PEM file with the certificates that
    a https server's must chain to, None for those of the operating system.
    """

    url: str
    network: Network
    seconds: float
    authorities: Path | None = None

    @property
    def host(self) -> str:
        """Its name, for messages."""
        return urllib.parse.urlsplit(self.url).hostname or ""


def check_url(url: str, *, what: str, schemes: tuple[str, ...]) -> None:
    """Refuse what is not an address with a host, or holds a password.

    Raises:
        ConfigError: see above.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:
        usable, parts = None, urllib.parse.urlsplit("")
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(
            f"{url!r} is not the address of a {what}",
            hint=f"it starts with {' or '.join(f'{scheme}://' for scheme in schemes)}",
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigError(f"the address of a {what} must not hold a password")
