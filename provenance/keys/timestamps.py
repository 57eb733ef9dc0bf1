"""Asking a time-stamping authority (RFC 3161 over HTTP): the only network use of stamping.

It happens only where an authority is configured. The answer was made by somebody else: its
size and the time it may take are bounded, redirects are not followed, proxies are not used,
and the address that is connected to must be of the kind that was configured, so that a name
cannot lead into the network behind the stamper. What the answer is worth is checked by
whoever receives it.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from provenance.errors import ConfigError, TimeStampError

#: A token with its certificates has 3 to 7 KB; more does not fit into the space that the
#: native library reserves in the manifest.
_MAX_ANSWER: Final = 65_536
_MAX_QUERY: Final = 8_192
_QUERY_TYPE: Final = "application/timestamp-query"
_ANSWER_TYPE: Final = "application/timestamp-reply"
_PORTS: Final = {"http": 80, "https": 443}
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
            usable = parts.scheme in _PORTS and parts.hostname and parts.port != 0
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
        if len(query) > _MAX_QUERY:
            raise TimeStampError("the time-stamp query is too large")
        parts = urllib.parse.urlsplit(self.url)
        host = parts.hostname or ""
        connection = http.client.HTTPConnection(host, parts.port or _PORTS[parts.scheme])
        end = time.monotonic() + self.seconds
        try:
            connection.sock = self._connect(host, connection.port, parts.scheme)
            with _closing_after(self.seconds, connection.sock):
                return self._exchange(connection, parts, query)
        except (OSError, http.client.HTTPException, UnicodeError, TimeStampError) as error:
            if isinstance(error, TimeoutError) or time.monotonic() >= end:
                raise self._failed(f"did not answer within {self.seconds:g} seconds") from error
            if isinstance(error, TimeStampError):
                raise
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise self._failed(f"cannot be reached: {' '.join(str(reason).split())}") from error
        finally:
            connection.close()

    def _connect(self, host: str, port: int, scheme: str) -> socket.socket:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        address = next((a for a in addresses if self.network.holds(a)), None)
        if address is None:
            raise TimeStampError(
                f"time-stamping authority {host} has no {self.network.value} address",
                hint="stamp.tsa_network says where it may be: public, private or loopback",
            )
        plain = socket.create_connection((address, port), timeout=self.seconds)
        if scheme == "http":
            return plain
        try:
            context = ssl.create_default_context()
            return context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        except BaseException:
            plain.close()
            raise

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        parts: urllib.parse.SplitResult,
        query: bytes,
    ) -> bytes:
        if isinstance(connection.sock, ssl.SSLSocket):
            connection.sock.do_handshake()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": _QUERY_TYPE, "Accept": _ANSWER_TYPE, "Connection": "close"}
        connection.request("POST", target, body=query, headers=headers)
        with connection.getresponse() as response:
            return self._body(response)

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        if 300 <= response.status < 400:
            raise self._failed(f"sent a redirect ({response.status}), which is not followed")
        if response.status != http.client.OK:
            raise self._failed(f"answered with HTTP status {response.status}")
        if response.headers.get_content_type() != _ANSWER_TYPE:
            raise self._failed("answered with something else than a time-stamp reply")
        data = response.read(_MAX_ANSWER + 1)
        if len(data) > _MAX_ANSWER:
            raise self._failed(f"answered with more than {_MAX_ANSWER:,} bytes")
        if not data or (response.length or 0) > 0:
            raise self._failed("broke off its answer")
        return data

    def _failed(self, what: str) -> TimeStampError:
        host = urllib.parse.urlsplit(self.url).hostname
        return TimeStampError(
            f"time-stamping authority {host} {what}",
            hint="try again, or set stamp.time_stamp to record or off",
        )


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


@contextlib.contextmanager
def _closing_after(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Bound the whole exchange: a socket's own limit starts anew with every byte it gets."""

    def shut() -> None:
        with contextlib.suppress(OSError):  # it was over already
            # Not the method of an SSL socket, which would take the session from its reader.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    alarm = threading.Timer(seconds, shut)
    alarm.daemon = True
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()
