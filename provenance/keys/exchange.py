"""One POST and its answer, under limits; loaded only where somebody is asked.

The answer was made by somebody else: its size and the time it may take are bounded, redirects
are not followed, proxies are not used, and the address that is connected to must be of the
kind that was configured, so that a name cannot lead into the network behind.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from provenance.keys.network import Endpoint

_PORTS: Final = {"http": 80, "https": 443}


class ExchangeError(Exception):
    """Why there is no answer, as the end of a sentence that begins with the server's name.

    `status` is that of an HTTP answer, 0 if there was none; `misplaced` is True where the
    server has no address of the kind that was configured.
    """

    def __init__(self, what: str, *, status: int = 0, misplaced: bool = False) -> None:
        super().__init__(what)
        self.status = status
        self.misplaced = misplaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is sent, and what an answer may be: its media type and its size in bytes."""

    body: bytes
    kind: str
    answer_kind: str
    answer_name: str  # in words
    max_answer: int
    headers: Mapping[str, str]


def exchange(endpoint: Endpoint, question: Question) -> bytes:
    """Send the question and return the body of the answer.

    Raises:
        ExchangeError: not reachable, too slow, too large, an HTTP error, a redirect, or an
            answer of another kind.
    """
    parts = urllib.parse.urlsplit(endpoint.url)
    connection = http.client.HTTPConnection(endpoint.host, parts.port or _PORTS[parts.scheme])
    end = time.monotonic() + endpoint.seconds
    try:
        connection.sock = _connect(endpoint, connection.port, parts.scheme)
        with closing_after(endpoint.seconds, connection.sock):
            return _post(connection, parts, question)
    except (OSError, http.client.HTTPException, UnicodeError, ExchangeError) as error:
        if isinstance(error, TimeoutError) or time.monotonic() >= end:
            late = f"did not answer within {endpoint.seconds:g} seconds"
            raise ExchangeError(late) from error
        if isinstance(error, ExchangeError):
            raise
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ExchangeError(f"cannot be reached: {' '.join(str(reason).split())}") from error
    finally:
        connection.close()


def _connect(endpoint: Endpoint, port: int, scheme: str) -> socket.socket:
    found = socket.getaddrinfo(endpoint.host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    address = next((a for a in addresses if endpoint.network.holds(a)), None)
    if address is None:
        raise ExchangeError(f"has no {endpoint.network.value} address", misplaced=True)
    plain = socket.create_connection((address, port), timeout=endpoint.seconds)
    if scheme == "http":
        return plain
    try:
        context = ssl.create_default_context(cafile=endpoint.authorities)
        return context.wrap_socket(
            plain, server_hostname=endpoint.host, do_handshake_on_connect=False
        )
    except BaseException:
        plain.close()
        raise


def _post(
    connection: http.client.HTTPConnection, parts: urllib.parse.SplitResult, question: Question
) -> bytes:
    if isinstance(connection.sock, ssl.SSLSocket):
        connection.sock.do_handshake()
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": question.kind,
        "Accept": question.answer_kind,
        "Connection": "close",
        **question.headers,
    }
    connection.request("POST", target, body=question.body, headers=headers)
    with connection.getresponse() as response:
        return _body(response, question)


def _body(response: http.client.HTTPResponse, question: Question) -> bytes:
    if 300 <= response.status < 400:
        raise ExchangeError(
            f"sent a redirect ({response.status}), which is not followed", status=response.status
        )
    if response.status != http.client.OK:
        raise ExchangeError(f"answered with HTTP status {response.status}", status=response.status)
    if response.headers.get_content_type() != question.answer_kind:
        raise ExchangeError(f"answered with something else than a {question.answer_name}")
    data = response.read(question.max_answer + 1)
    if len(data) > question.max_answer:
        raise ExchangeError(f"answered with more than {question.max_answer:,} bytes")
    if not data or (response.length or 0) > 0:
        raise ExchangeError("broke off its answer")
    return data


@contextlib.contextmanager
def closing_after(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Bound a whole exchange: a socket's own limit starts anew with every byte it gets."""

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
