"""Servers on the loopback interface: ASGI applications, and answers that are no HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn

Scope = dict[str, Any]
Pieces = AsyncIterator[bytes]


@dataclass
class Reply:
    """What an upstream answers. `pieces` are sent one by one, with `pause` seconds in between."""

    body: bytes = b""
    kind: str = "application/json"
    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    pieces: list[bytes] | None = None
    pause: float = 0.0


@dataclass
class Upstream:
    """An ASGI application that answers as told, and remembers what it was asked."""

    answers: dict[str, Reply | Callable[[bytes], Reply]] = field(default_factory=dict)
    asked: list[tuple[Scope, bytes]] = field(default_factory=list)
    gone: int = 0  # clients that went away while they were answered

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for name in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{name}.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.asked.append((scope, body))
        reply = self.answers[scope["path"]]
        if callable(reply):
            reply = reply(body)
        answering = asyncio.ensure_future(_answer(reply, send))
        leaving = asyncio.ensure_future(_left(receive))
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        self.gone += not answering.done()
        for task in (answering, leaving):
            task.cancel()
        await asyncio.gather(answering, leaving, return_exceptions=True)


async def _answer(reply: Reply, send: Any) -> None:
    headers = [(b"content-type", reply.kind.encode()), *reply.headers]
    pieces = reply.pieces
    if pieces is None:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    for piece in [reply.body] if pieces is None else pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(reply.pause)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Callable[[], Awaitable[dict[str, Any]]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """An ASGI application under uvicorn, in a thread; gives its address."""
    place = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        yield f"http://127.0.0.1:{place.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        place.close()


@contextlib.contextmanager
def raw(answer: bytes) -> Iterator[str]:
    """A server that sends these bytes to everybody and hangs up."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        return int(place.getsockname()[1])
