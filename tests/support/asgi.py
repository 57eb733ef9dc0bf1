"""One exchange with an ASGI application, without a server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Got:
    """What an application answered."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    complete: bool = False
    error: BaseException | None = None

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def header(self, name: str) -> str:
        found = [value for key, value in self.headers if key == name.encode()]
        assert len(found) <= 1
        return found[0].decode() if found else ""


def get(app: Any, path: str = "/v1/images/generations", **options: Any) -> Got:
    """See `exchange`."""
    return asyncio.run(exchange(app, path, **options))


async def exchange(
    app: Any,
    path: str,
    *,
    method: str = "POST",
    body: bytes = b"",
    headers: list[tuple[bytes, bytes]] | None = None,
    extensions: dict[str, Any] | None = None,
) -> Got:
    got = Got()
    given = False

    async def receive() -> dict[str, Any]:
        nonlocal given
        if given:
            await asyncio.sleep(3600)  # the client stays
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            assert not got.status
            got.status, got.headers = message["status"], list(message["headers"])
        else:
            assert message["type"] == "http.response.body"
            got.pieces.append(message.get("body", b""))
            got.complete = not message.get("more_body", False)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers if headers is not None else [(b"content-type", b"application/json")],
        "extensions": extensions or {},
    }
    try:
        await app(scope, receive, send)
    except Exception as error:  # noqa: BLE001 - the server would cut the connection
        got.error = error
    return got


@dataclass
class Replying:
    """An application that answers with these messages."""

    body: bytes = b""
    kind: str = "application/json"
    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    pieces: list[bytes] | None = None
    seen: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append(scope)
        kind = [(b"Content-Type", self.kind.encode())] if self.kind else []
        start = {"status": self.status, "headers": [*kind, *self.headers]}
        await send({"type": "http.response.start", **start})
        for piece in self.pieces if self.pieces is not None else [self.body]:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
