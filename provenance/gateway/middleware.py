"""ASGI middleware that lets no unstamped picture out of the application it is put around."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from provenance.gateway.answer import Answer, Message, Send
from provenance.gateway.health import Readiness
from provenance.gateway.held import Held, Share
from provenance.gateway.multiparts import need_parser
from provenance.gateway.record import OnExchange, begun, log
from provenance.gateway.refusal import (
    BAD_GATEWAY,
    NOT_ALLOWED,
    TOO_LARGE,
    TOO_SLOW,
    UNAVAILABLE,
    ClientGoneError,
    ClientTooSlowError,
    Headers,
    Refusal,
)
from provenance.gateway.settings import GatewayLimits, Policy
from provenance.gateway.sources import Asked, asked
from provenance.gateway.stamping import Stamps
from provenance.stamp import Stamper

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Requests that would get an answer in a form that cannot be looked into.
_NOT_FORWARDED: Final = frozenset(
    {b"accept-encoding", b"range", b"if-range", b"te", b"upgrade", b"expect", b"want-digest"}
)
_GONE: Final = 499  # the usual word for it in logs; it is never sent


class StampMiddleware:
    """Stamps every picture in the answers of an ASGI application, or refuses the answer.

    What it does with each kind of answer: `docs/gateway.md`. It can be added to a framework like
    any ASGI middleware, as the outermost one: what is compressed inside is refused.
    """

    def __init__(
        self,
        app: App,
        stamper: Stamper,
        policy: Policy,
        *,
        limits: GatewayLimits | None = None,
        on_exchange: OnExchange = log,
    ) -> None:
        """Put it around an application.

        Args:
            app: an ASGI 3 application.
            stamper: shared by all exchanges.
            policy: what is stated about the pictures, and what passes.
            limits: upper bounds; the defaults if not given.
            on_exchange: is told about every exchange when it is over.

        Raises:
            ConfigError: the extra `gateway` is not installed.
        """
        need_parser()
        self.app = app
        self.stamper = stamper
        self.policy = policy
        self.limits = limits or GatewayLimits()
        self.readiness = Readiness(stamper)
        self.held = Held(self.limits.held_bytes)
        self._on_exchange = on_exchange
        self._under_way = 0
        self._pool = ThreadPoolExecutor(self.limits.workers, thread_name_prefix="gateway")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the server, as ASGI has it."""
        match scope["type"]:
            case "lifespan":
                await self.app(scope, receive, send)
            case "http" if scope["path"].startswith(f"{self.policy.reserved}/"):
                await self._health(scope["path"], send)
            case "http":
                await self._exchange(scope, receive, send)
            case "websocket":  # whatever goes over it cannot be looked into
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            case kind:
                raise NotImplementedError(f"nothing of the kind {kind!r} is passed on")

    # --- one exchange ------------------------------------------------------------------

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = begun(scope["method"], scope["path"])
        share = self.held.share()
        stamps = Stamps(
            stamper=self.stamper,
            generation=self.policy.generation,
            policy=self.policy,
            limits=self.limits,
            of_images=record.of_images,
        )
        answer = Answer(
            send=send,
            stamps=stamps,
            limits=self.limits,
            share=share,
            pool=self._pool,
            record=record,
            head=scope["method"] == "HEAD",
        )
        start = time.monotonic()
        self._under_way += 1
        try:
            await self._guarded(scope, receive, answer, share)
        finally:
            self._under_way -= 1
            share.give()
            record.images, record.untimed = stamps.count, stamps.untimed
            record.seconds = time.monotonic() - start
            self._on_exchange(record)

    async def _guarded(self, scope: Scope, receive: Receive, answer: Answer, share: Share) -> None:
        """Serve; whatever goes wrong becomes a documented answer or a cut connection."""
        record = answer.record
        try:
            async with asyncio.timeout(self.limits.total_seconds):
                await self._serve(scope, receive, answer, share)
        except Refusal as refusal:
            await answer.refuse(refusal)
        except TimeoutError:
            await answer.refuse(Refusal(TOO_SLOW, "timeout", "the exchange took too long"))
        except ClientTooSlowError:
            record.status, record.reason = _GONE, "client_too_slow"
            raise
        except ClientGoneError:
            record.status, record.reason = _GONE, "client_gone"
        except asyncio.CancelledError:
            record.reason = "cancelled"
            raise
        except Exception as error:
            if answer.ended:  # frameworks answer 500 themselves, and then let the server know
                record.reason, record.cause = "internal", type(error).__name__
                raise
            message = "the answer could not be made or examined, and was not passed on"
            failure = Refusal(BAD_GATEWAY, "internal", message, cause=type(error).__name__)
            await answer.refuse(answer.refused or failure)

    async def _serve(self, scope: Scope, receive: Receive, answer: Answer, share: Share) -> None:
        if scope["method"] not in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            raise Refusal(NOT_ALLOWED, "method", "this method is not passed on")
        if self._under_way > self.limits.exchanges:
            raise Refusal(UNAVAILABLE, "busy", "too many requests are under way; try again")
        body = await self._body(receive, share)
        answer.record.request_bytes = len(body)
        request = await self._asked(body, scope["headers"])
        answer.record.sources = len(request.sources)
        answer.stamps.generation, answer.stamps.parents = request.generation, request.sources
        await self.app(_inner(scope), _replayed(body, receive), answer.message)
        if answer.refused is not None:  # and the application made nothing of it
            raise answer.refused
        if not answer.ended:
            raise Refusal(BAD_GATEWAY, "upstream_incomplete", "the answer ended too early")

    async def _body(self, receive: Receive, share: Share) -> bytes:
        """The whole request: its pictures are the sources of what will be made."""
        body = bytearray()
        while True:
            try:
                async with asyncio.timeout(self.limits.client_seconds):
                    message = await receive()
            except TimeoutError:
                raise Refusal(408, "client_too_slow", "the request came too slowly") from None
            if message["type"] != "http.request":
                raise ClientGoneError
            piece = message.get("body", b"")
            share.take(len(piece))
            body += piece
            if len(body) > self.limits.request_bytes:
                raise Refusal(TOO_LARGE, "request_too_large", "the request is too large")
            if not message.get("more_body", False):
                return bytes(body)

    async def _asked(self, body: bytes, headers: Headers) -> Asked:
        if not body:
            return Asked(generation=self.policy.generation)
        call = partial(
            asked,
            body,
            [(name.lower(), value) for name, value in headers],
            policy=self.policy,
            limits=self.limits,
            stamper=self.stamper,
        )
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    # --- health -------------------------------------------------------------------------

    async def _health(self, path: str, send: Send) -> None:
        """`healthz`: the process answers. `readyz`: it could stamp now."""
        match path.removeprefix(f"{self.policy.reserved}/"):
            case "healthz":
                status, body = 200, b'{"status": "ok"}'
            case "readyz":
                problem = await asyncio.to_thread(self.readiness.problem)
                status = UNAVAILABLE if problem else 200
                body = b'{"status": "%s"}' % (problem.encode("ascii") or b"ready")
            case _:
                status, body = 404, b'{"status": "unknown"}'
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode("ascii")),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _inner(scope: Scope) -> Scope:
    """The request as the application sees it.

    Without the extensions of the server: by some of them an application sends files past the
    middleware.
    """
    headers = [item for item in scope["headers"] if item[0].lower() not in _NOT_FORWARDED]
    headers.append((b"accept-encoding", b"identity"))
    return {**scope, "headers": headers, "extensions": {}}


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever the server says."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
