"""A reverse proxy to one fixed upstream, with the middleware around it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from provenance.errors import ArgumentError, ConfigError
from provenance.gateway.answer import Message, Send
from provenance.gateway.middleware import Receive, Scope, StampMiddleware
from provenance.gateway.record import OnExchange, log
from provenance.gateway.refusal import BAD_GATEWAY, BAD_REQUEST, TOO_SLOW, ClientGoneError, Refusal
from provenance.gateway.settings import GatewayLimits, Policy
from provenance.stamp import Stamper

if TYPE_CHECKING:
    import httpx2

Hook = Callable[[], Awaitable[None]]

_DROPPED: Final = frozenset(
    {
        b"host",
        b"content-length",
        b"connection",
        b"keep-alive",
        b"proxy-authorization",
        b"proxy-connection",
        b"transfer-encoding",
        b"trailer",
        b"te",
        b"upgrade",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamTimeouts:
    """How long the upstream may take, in seconds.

    Attributes:
        connect: for a connection.
        read: until the next piece of its answer; a generation has to fit in.
        write: to take the next piece of a request.
    """

    connect: float = 5.0
    read: float = 300.0
    write: float = 60.0


class Upstream:
    """ASGI application that passes requests on to one server and answers with what it answers.

    Only to be used inside of `StampMiddleware`: what goes wrong is raised as a `Refusal`.
    """

    def __init__(
        self,
        url: str,
        *,
        timeouts: UpstreamTimeouts,
        connections: int,
        background: Hook | None = None,
    ) -> None:
        """See `proxy_app`.

        Raises:
            ArgumentError: not the address of a server.
            ConfigError: the extra `gateway` is not installed.
        """
        try:
            import httpx2
        except ImportError as error:
            raise ConfigError(
                "httpx2 is not installed", hint="pip install 'provenance[gateway]'"
            ) from error
        self._http = httpx2
        self._base = _checked(url).rstrip("/").encode("ascii")
        self._background = background
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._timeout = httpx2.Timeout(
            connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=timeouts.read
        ).as_dict()
        # Not a client: that would keep the cookies of one caller and send them for the next,
        # follow redirects, and look for proxies in the environment.
        self._transport = httpx2.AsyncHTTPTransport(limits=limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the life of the server."""
        if scope["type"] == "lifespan":
            await self._life(receive, send)
            return
        body = (await receive())["body"]
        exchange = asyncio.ensure_future(self._exchange(scope, body, send))
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({exchange, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not exchange.done():
                exchange.cancel()  # nobody waits for it: the upstream may stop, too
                raise ClientGoneError
            await exchange
        finally:
            for task in (exchange, gone):
                task.cancel()
            await asyncio.gather(exchange, gone, return_exceptions=True)

    async def _exchange(self, scope: Scope, body: bytes, send: Send) -> None:
        http = self._http
        try:
            async with self._answer(scope, body) as answer:
                headers = [(name.lower(), value) for name, value in answer.headers.raw]
                start = {"status": answer.status_code, "headers": headers}
                await send({"type": "http.response.start", **start})
                async for piece in answer.aiter_raw():
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (http.ConnectError, http.ConnectTimeout) as error:
            raise Refusal(
                BAD_GATEWAY, "upstream_unreachable", "the upstream cannot be reached"
            ) from error
        except http.TimeoutException as error:
            raise Refusal(TOO_SLOW, "upstream_timeout", "the upstream took too long") from error
        except http.TransportError as error:
            raise Refusal(
                BAD_GATEWAY, "upstream_broken", "the upstream broke off its answer"
            ) from error

    @contextlib.asynccontextmanager
    async def _answer(self, scope: Scope, body: bytes) -> AsyncIterator[httpx2.Response]:
        request = self._http.Request(
            scope["method"],
            self._target(scope),
            headers=_forwarded(scope["headers"]),
            content=body or None,
            extensions={"timeout": self._timeout},
        )
        answer = await self._transport.handle_async_request(request)
        try:
            yield answer
        finally:
            await answer.aclose()

    def _target(self, scope: Scope) -> httpx2.URL:
        """Always below the one upstream: the client names a path and nothing else."""
        path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8")
        if not path.startswith(b"/") or b"\\" in path:
            raise Refusal(BAD_REQUEST, "malformed_request", "the path must begin with /")
        query = scope.get("query_string", b"")
        base = self._http.URL(self._base.decode("ascii"))
        raw = base.raw_path.rstrip(b"/") + path.partition(b"?")[0]
        return base.copy_with(raw_path=raw + (b"?" + query if query else b""))

    async def _life(self, receive: Receive, send: Send) -> None:
        """Start and stop of the server."""
        await receive()
        task = asyncio.ensure_future(self._background()) if self._background else None
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._transport.aclose()
        await send({"type": "lifespan.shutdown.complete"})


def proxy_app(
    upstream: str,
    stamper: Stamper,
    policy: Policy,
    *,
    limits: GatewayLimits | None = None,
    timeouts: UpstreamTimeouts | None = None,
    on_exchange: OnExchange = log,
    background: Hook | None = None,
) -> StampMiddleware:
    """An ASGI application that passes on to one upstream and stamps what comes back.

    Args:
        upstream: address of the server, `http` or `https`, with a path or without.
        stamper: shared by all exchanges.
        policy: what is stated about the pictures, and what passes.
        limits: upper bounds; the defaults if not given.
        timeouts: of the upstream; the defaults if not given.
        on_exchange: is told about every exchange when it is over.
        background: runs as long as the server does, and is cancelled when it stops.

    Raises:
        ArgumentError: not the address of a server.
        ConfigError: the extra `gateway` is not installed.
    """
    limits = limits or GatewayLimits()
    app = Upstream(
        upstream,
        timeouts=timeouts or UpstreamTimeouts(),
        connections=limits.exchanges,
        background=background,
    )
    return StampMiddleware(app, stamper, policy, limits=limits, on_exchange=on_exchange)


def _checked(url: str) -> str:
    hint = "for example http://127.0.0.1:8000"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ArgumentError("the upstream is no address", hint=hint) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii():
        raise ArgumentError("the upstream must be an address of http or https", hint=hint)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ArgumentError("the upstream may not hold a user, a query or a fragment", hint=hint)
    return url


def _forwarded(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    named = b",".join(value for name, value in headers if name.lower() == b"connection")
    dropped = _DROPPED | {name.strip() for name in named.lower().split(b",")}
    return [item for item in headers if item[0].lower() not in dropped]


async def _gone(receive: Receive) -> Message:
    """Returns once the client is gone."""
    while True:
        message: dict[str, Any] | Message = await receive()
        if message["type"] == "http.disconnect":
            return message
