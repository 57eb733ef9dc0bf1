"""The exchange with a time-stamping authority; loaded only where one is asked."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from provenance.errors import TimeStampError

if TYPE_CHECKING:
    from provenance.keys.timestamps import TimeStampAuthority

#: A token with its certificates has 3 to 7 KB; more does not fit into the space that the
#: native library reserves in the manifest.
_MAX_ANSWER: Final = 65_536
_MAX_QUERY: Final = 8_192
_QUERY_TYPE: Final = "application/timestamp-query"
_ANSWER_TYPE: Final = "application/timestamp-reply"
_PORTS: Final = {"http": 80, "https": 443}


def exchange(authority: TimeStampAuthority, query: bytes) -> bytes:
    """Send a query and return the answer; see `TimeStampAuthority.answer`."""
    if len(query) > _MAX_QUERY:
        raise TimeStampError("the time-stamp query is too large")
    parts = urllib.parse.urlsplit(authority.url)
    host = parts.hostname or ""
    connection = http.client.HTTPConnection(host, parts.port or _PORTS[parts.scheme])
    end = time.monotonic() + authority.seconds
    try:
        connection.sock = _connect(authority, host, connection.port, parts.scheme)
        with _closing_after(authority.seconds, connection.sock):
            return _post(authority, connection, parts, query)
    except (OSError, http.client.HTTPException, UnicodeError, TimeStampError) as error:
        if isinstance(error, TimeoutError) or time.monotonic() >= end:
            raise _failed(
                authority, f"did not answer within {authority.seconds:g} seconds"
            ) from error
        if isinstance(error, TimeStampError):
            raise
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise _failed(authority, f"cannot be reached: {' '.join(str(reason).split())}") from error
    finally:
        connection.close()


def _connect(authority: TimeStampAuthority, host: str, port: int, scheme: str) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    address = next((a for a in addresses if authority.network.holds(a)), None)
    if address is None:
        raise TimeStampError(
            f"time-stamping authority {host} has no {authority.network.value} address",
            hint="stamp.tsa_network says where it may be: public, private or loopback",
        )
    plain = socket.create_connection((address, port), timeout=authority.seconds)
    if scheme == "http":
        return plain
    try:
        context = ssl.create_default_context()
        return context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    except BaseException:
        plain.close()
        raise


def _post(
    authority: TimeStampAuthority,
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
        return _body(authority, response)


def _body(authority: TimeStampAuthority, response: http.client.HTTPResponse) -> bytes:
    if 300 <= response.status < 400:
        raise _failed(authority, f"sent a redirect ({response.status}), which is not followed")
    if response.status != http.client.OK:
        raise _failed(authority, f"answered with HTTP status {response.status}")
    if response.headers.get_content_type() != _ANSWER_TYPE:
        raise _failed(authority, "answered with something else than a time-stamp reply")
    data = response.read(_MAX_ANSWER + 1)
    if len(data) > _MAX_ANSWER:
        raise _failed(authority, f"answered with more than {_MAX_ANSWER:,} bytes")
    if not data or (response.length or 0) > 0:
        raise _failed(authority, "broke off its answer")
    return data


def _failed(authority: TimeStampAuthority, what: str) -> TimeStampError:
    host = urllib.parse.urlsplit(authority.url).hostname
    return TimeStampError(
        f"time-stamping authority {host} {what}",
        hint="try again, or set stamp.time_stamp to record or off",
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
