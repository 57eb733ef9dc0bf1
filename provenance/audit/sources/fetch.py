"""Fetching one image from a URL that somebody else wrote, under limits.

The name is resolved once, every address is checked, and the one that was checked is connected to,
so a name cannot lead into the network behind this machine, nor change its mind. Redirects are
checked in the same way. No proxy, cookie, credential or referrer is ever used or sent.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
import urllib.parse
from typing import Final

import provenance
from provenance.errors import ErrorCode, InputError
from provenance.imaging import Limits
from provenance.keys import Network
from provenance.keys.exchange import closing_after

SECONDS: Final = 10.0  # for all redirects together, below what a worker may take for an image
_REDIRECTS: Final = 3
_PORTS: Final = {"http": 80, "https": 443}
_MAX_URL: Final = 4_096
_TYPES: Final = ("application/octet-stream", "binary/octet-stream")
_HEADERS: Final = {
    "User-Agent": f"provenance-audit/{provenance.__version__}",
    "Accept": "image/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
}


def fetch(
    url: str, limits: Limits, *, network: Network = Network.PUBLIC, seconds: float = SECONDS
) -> bytes:
    """The body behind a URL.

    Args:
        url: http or https.
        limits: for the size of an image.
        network: what kind of address a server must have.
        seconds: for the whole exchange.

    Raises:
        InputError: `E_IO`, `E_TIMEOUT`, `E_LIMIT` or `E_FORMAT`; the message says what happened.
    """
    end = time.monotonic() + seconds
    for _ in range(_REDIRECTS + 1):
        parts = _checked(url)
        answer = _ask(parts, limits, network, end)
        if isinstance(answer, bytes):
            return answer
        target = urllib.parse.urljoin(url, answer)
        if parts.scheme == "https" and not target.startswith("https:"):
            raise InputError("redirected from https to something else", code=ErrorCode.IO)
        url = target
    raise InputError(f"redirected more than {_REDIRECTS} times", code=ErrorCode.IO)


def _checked(url: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in _PORTS and parts.hostname and parts.port != 0
    except ValueError as error:
        raise InputError("not a URL that is fetched", code=ErrorCode.IO) from error
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _MAX_URL
    if not usable or not plain:
        raise InputError("not a URL that is fetched", code=ErrorCode.IO)
    if parts.username is not None or parts.password is not None:
        raise InputError("a URL with a password is not fetched", code=ErrorCode.IO)
    return parts


def _ask(
    parts: urllib.parse.SplitResult, limits: Limits, network: Network, end: float
) -> bytes | str:
    """The body, or where the server says it is."""
    host = parts.hostname or ""
    connection = http.client.HTTPConnection(host, parts.port or _PORTS[parts.scheme])
    try:
        connection.sock = _connect(host, connection.port, parts.scheme, network, end)
        with closing_after(max(0.0, end - time.monotonic()), connection.sock):
            return _get(connection, parts, limits)
    except (OSError, http.client.HTTPException, UnicodeError, InputError) as error:
        if isinstance(error, TimeoutError) or time.monotonic() >= end:
            raise InputError("the server took too long", code=ErrorCode.TIMEOUT) from error
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(f"the server cannot be asked: {reason}", code=ErrorCode.IO) from error
    finally:
        connection.close()


def _connect(host: str, port: int, scheme: str, network: Network, end: float) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(map(network.holds, addresses)):
        raise InputError(
            f"the server has an address that is not {network.value}", code=ErrorCode.IO
        )
    left = max(0.01, end - time.monotonic())
    plain = socket.create_connection((addresses[0], port), timeout=left)
    if scheme == "http":
        return plain
    try:
        context = ssl.create_default_context()
        return context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    except BaseException:
        plain.close()
        raise


def _get(
    connection: http.client.HTTPConnection, parts: urllib.parse.SplitResult, limits: Limits
) -> bytes | str:
    if isinstance(connection.sock, ssl.SSLSocket):
        connection.sock.do_handshake()
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers=_HEADERS)
    with connection.getresponse() as response:
        location = response.headers.get("Location", "")
        if response.status in (301, 302, 303, 307, 308) and location:
            return location
        if response.status != http.client.OK:
            raise InputError(f"HTTP status {response.status}", code=ErrorCode.IO)
        return _body(response, limits)


def _body(response: http.client.HTTPResponse, limits: Limits) -> bytes:
    kind = response.headers.get_content_type()
    if not kind.startswith("image/") and kind not in _TYPES:
        raise InputError("the server sent something else than an image")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise InputError("the server sent a coding that was not asked for")
    if response.length is not None:
        limits.check_bytes(response.length)
    data = response.read(limits.max_bytes + 1)
    limits.check_bytes(len(data))
    if response.length:
        raise InputError("the server broke off its answer", code=ErrorCode.TRUNCATED)
    return data
