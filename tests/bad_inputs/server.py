"""A web server on this machine that must never be asked for anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class IdleServer(ThreadingHTTPServer):
    """Counts every connection and has no manifest for anybody."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _NotFound)
        self.connections = 0

    @property
    def url(self) -> str:
        """Where a manifest would be."""
        return f"http://127.0.0.1:{self.server_port}/manifest.c2pa"

    def get_request(self):
        self.connections += 1
        return super().get_request()


class _NotFound(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Keep the test output quiet."""


@contextmanager
def serving() -> Iterator[IdleServer]:
    """A server on this machine, as long as the block lasts."""
    with IdleServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
