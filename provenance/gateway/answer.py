"""The way of one answer through the gateway: examined, stamped, and only then sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from provenance.gateway import find
from provenance.gateway.events import JSON_LINES, SERVER_SENT, Cut, Stream, cutter
from provenance.gateway.held import Share
from provenance.gateway.magic import HEAD
from provenance.gateway.multiparts import STALE, media_type, one_header
from provenance.gateway.record import Exchange
from provenance.gateway.refusal import (
    ClientTooSlowError,
    Headers,
    Refusal,
    elsewhere,
    unexaminable,
    unreadable,
)
from provenance.gateway.settings import GatewayLimits
from provenance.gateway.stamping import Stamps, check_head, check_header, check_type, is_examined

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
_T = TypeVar("_T")

_CHUNK: Final = 262_144
_SMALL: Final = 1_024  # bytes of an event that is examined at once: a token or a few
_BODYLESS: Final = frozenset({204, 304})
_FINAL: Final = 200  # below: more is to come
_PARTIAL: Final = 206
_HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_REFRESH: Final = b"refresh"
_OTHER_SERVER: Final = b"alt-svc"  # clients would go there from then on, past the gateway


@dataclass(slots=True, kw_only=True)
class Answer:
    """Takes the messages of an application in place of its client.

    Attributes:
        send: to the client.
        stamps: of the exchange.
        limits: of the gateway.
        share: what the exchange holds in memory.
        pool: threads that examine and stamp.
        record: for the access log.
        head: the request was HEAD.
    """

    send: Send
    stamps: Stamps
    limits: GatewayLimits
    share: Share
    pool: Executor
    record: Exchange
    head: bool = False
    begun: bool = False
    ended: bool = False
    refused: Refusal | None = None
    _start: Message | None = None
    _headers: Headers = field(default_factory=list)
    _take: Callable[[bytes, bool], Awaitable[None]] | None = None
    _body: bytearray = field(default_factory=bytearray, repr=False)
    _cut: Cut | None = None
    _stream: Stream | None = None

    async def message(self, message: Message) -> None:
        """One ASGI message of the application.

        Raises:
            Refusal: what it says may not pass. Nothing of it was sent. An application that catches
                this gets no further with another answer.
        """
        if self.refused is not None:
            raise self.refused
        try:
            await self._message(message)
        except Refusal as refusal:
            self.refused = refusal
            raise

    async def _message(self, message: Message) -> None:
        match message["type"]:
            case "http.response.start" if self._start is None:
                await self._begin(message)
            case "http.response.body" if self._take is not None and not self.ended:
                more = bool(message.get("more_body", False))
                await self._take(bytes(message.get("body", b"")), more)
                self.ended = not more
            case _:
                raise unexaminable("the application answers in a way that cannot be examined")

    async def refuse(self, refusal: Refusal) -> None:
        """Answer with the refusal, or end a stream with it.

        Raises:
            Refusal: too much was sent already; the connection has to be cut.
        """
        self.record.reason, self.record.cause = refusal.reason, refusal.cause
        if not self.begun:
            await self._head_to_client(refusal.status, refusal.headers())
            await self._to_client(b"" if self.head else refusal.body(), more=False)
        elif self._stream is not None and not self.ended:
            await self._to_client(self._stream.failure(refusal), more=False)
        else:
            raise refusal

    # --- the head of the answer ----------------------------------------------------------

    async def _begin(self, message: Message) -> None:
        self._start = message
        self._headers = [(k.lower(), v) for k, v in message.get("headers", [])]
        status = int(message["status"])
        self._check_headers(status)
        content_type = one_header(self._headers, b"content-type")
        if status < _FINAL:
            raise unexaminable("the answer is none yet")
        if self.head or status in _BODYLESS:
            self._drop(STALE if self.head else frozenset({b"content-length"}))
            await self._send_head()
            self._take = self._nothing
            return
        if status == _PARTIAL or one_header(self._headers, b"content-range"):
            raise unexaminable("the answer is a part of something")
        if one_header(self._headers, b"content-encoding").lower() not in ("", "identity"):
            raise unexaminable("the answer is encoded, although that was not accepted")
        kind = media_type(content_type)
        if kind == SERVER_SENT or kind in JSON_LINES:
            self._drop(STALE)
            self._cut = cutter(kind, self.limits.response_bytes)
            self._stream = Stream(self.stamps, kind)
            await self._send_head()
            self._take = self._event
        elif kind in self.stamps.policy.pass_types and not is_examined(kind):
            self._take = self._unseen
        else:
            self._take = self._whole

    def _check_headers(self, status: int) -> None:
        for name, value in self._headers:
            check_header(name, value)
        if not self.stamps.policy.pass_links:
            # Without a host it leads back to the gateway.
            target = one_header(self._headers, b"location")
            away = status // 100 == 3 and find.is_address(target.replace("\\", "/"))
            if away or any(name == _REFRESH for name, _ in self._headers):
                raise elsewhere("the answer leads to another address")
        one_header(self._headers, b"content-length")
        named = one_header(self._headers, b"connection").lower().encode("latin-1").split(b",")
        self._drop(_HOP_BY_HOP | {_OTHER_SERVER, *(name.strip() for name in named)})

    def _drop(self, names: frozenset[bytes] | set[bytes]) -> None:
        self._headers = [item for item in self._headers if item[0] not in names]

    async def _send_head(self) -> None:
        assert self._start is not None  # noqa: S101 - set before any body is taken
        await self._head_to_client(int(self._start["status"]), self._headers)

    # --- bodies ----------------------------------------------------------------------

    async def _nothing(self, data: bytes, more: bool) -> None:  # noqa: ARG002, FBT001
        if not more:
            await self._to_client(b"", more=False)

    async def _whole(self, data: bytes, more: bool) -> None:  # noqa: FBT001
        """JSON, text, images, multipart: held until the end."""
        if data and not self._body:
            kind = media_type(one_header(self._headers, b"content-type"))
            check_type(kind, self.stamps.policy)
        self.share.take_answer(len(data))
        self._body += data
        if len(self._body) > self.limits.response_bytes:
            raise unexaminable("the answer is too long")
        if more:
            return
        length = one_header(self._headers, b"content-length")
        if length and length != str(len(self._body)):
            raise unreadable("the answer is not as long as it says")
        body = bytes(self._body)
        self._body.clear()
        if body:
            content_type = one_header(self._headers, b"content-type")
            changed, kind = await self._in_thread(self.stamps.body, body, content_type)
            if changed is not body:
                self._drop(STALE | {b"content-type"})
                self._headers.append((b"content-type", kind.encode("latin-1")))
            body = changed
        self._drop({b"content-length"})
        self._headers.append((b"content-length", str(len(body)).encode("ascii")))
        await self._send_head()
        await self._to_client(body, more=False)

    async def _event(self, data: bytes, more: bool) -> None:  # noqa: FBT001
        """One piece of a stream; whatever events are complete now go on at once."""
        assert self._cut is not None  # noqa: S101 - set together with this method
        held = len(self._cut.rest)
        self.share.take_answer(len(data))
        for event in self._cut.feed(data):
            await self._one_event(event, more=True)
        self.share.give(held + len(data) - len(self._cut.rest))
        if not more:
            await self._one_event(self._cut.last(), more=False)

    async def _one_event(self, event: bytes, *, more: bool) -> None:
        assert self._stream is not None  # noqa: S101 - set together with `_event`
        if len(event) <= _SMALL:
            changed = self._stream.event(event)
        else:
            changed = await self._in_thread(self._stream.event, event)
        if changed or not more:
            await self._to_client(changed, more=more)

    async def _unseen(self, data: bytes, more: bool) -> None:  # noqa: FBT001
        """A media type that the operator lets pass: only how it begins is looked at."""
        if not self.begun:
            self._body += data
            if more and len(self._body) < HEAD:
                return
            check_head(bytes(self._body[:HEAD]))
            await self._send_head()
            data = bytes(self._body)
            self._body.clear()
        await self._to_client(data, more=more)

    # --- to the client -------------------------------------------------------------------

    async def _head_to_client(self, status: int, headers: Headers) -> None:
        self.begun = True
        self.record.status = status
        await self._sent({"type": "http.response.start", "status": status, "headers": headers})

    async def _to_client(self, data: bytes, *, more: bool) -> None:
        for start in range(0, len(data), _CHUNK) or (0,):
            piece = data[start : start + _CHUNK]
            last = start + _CHUNK >= len(data)
            await self._sent(
                {"type": "http.response.body", "body": piece, "more_body": more or not last}
            )
            self.record.response_bytes += len(piece)

    async def _sent(self, message: Message) -> None:
        try:
            async with asyncio.timeout(self.limits.client_seconds):
                await self.send(message)
        except TimeoutError:
            raise ClientTooSlowError from None

    async def _in_thread(self, call: Callable[..., _T], *arguments: object) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, partial(call, *arguments))
