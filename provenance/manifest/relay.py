"""Between the native library and the time-stamping authority.

The native library asks for the time stamp itself, inside its signing call: it ignores its own
list of allowed hosts there, follows redirects and offers no hook in this version. So it is
given an address on the loopback interface that lives for one signing call and is guarded by a
random path; behind it stands `TimeStampAuthority`, which keeps the limits.
"""

from __future__ import annotations

import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self

from provenance.errors import TimeStampError
from provenance.keys import TimeStampAuthority

_MAX_QUERY: Final = 8_192
_POLL_SECONDS: Final = 0.02


class Relay:
    """A context manager; `url` is what the native library is given.

    `answered` is True once it was handed an answer, `failure` is set if there was none.
    """

    def __init__(self, authority: TimeStampAuthority) -> None:
        """Listen on a free port of the loopback interface."""
        self.failure: TimeStampError | None = None
        self.answered = False
        self._authority = authority
        self._path = f"/{secrets.token_urlsafe(16)}"
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        except OSError as error:
            raise TimeStampError(f"no loopback port to be had: {error.strerror}") from error
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}{self._path}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": _POLL_SECONDS}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def knows(self, path: str) -> bool:
        """True for the one path that this relay serves."""
        return secrets.compare_digest(path.encode(), self._path.encode())

    def answer(self, query: bytes) -> bytes | None:
        """The authority's answer; None, and `failure` set, where there is none."""
        try:
            answer = self._authority.answer(query)
        except TimeStampError as error:
            self.failure = error
            return None
        self.answered = True
        return answer


def _handler(relay: Relay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # seconds for a client that says nothing

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length") or ""
            if not relay.knows(self.path) or not length.isdecimal() or int(length) > _MAX_QUERY:
                self.send_error(404)
                return
            answer = relay.answer(self.rfile.read(int(length)))
            if answer is None:
                self.send_error(502)
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing: standard error belongs to the caller."""

    return Handler
