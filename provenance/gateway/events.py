"""Streams: server-sent events and lines of JSON, one event after another, none of them held.

An event goes on as soon as it is complete, byte for byte where it has no picture.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from provenance.gateway import find, json_text
from provenance.gateway.refusal import BAD_GATEWAY, Refusal, unexaminable, unreadable
from provenance.gateway.stamping import Stamps

SERVER_SENT: Final = "text/event-stream"
JSON_LINES: Final = frozenset(
    {
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/jsonlines",
    }
)

# Atomic, so that one `\r\n` is never taken for two ends of a line.
_EVENT_END: Final = re.compile(rb"(?>\r\n|\n|\r){2}")
_LINE_END: Final = re.compile(rb"\n")
_LINE: Final = re.compile(r"\r\n|\n|\r")
_MAX_FIELD: Final = 1_000  # an event name, an id, a comment
#: Fields that say which of the texts of a stream an event belongs to.
_WHICH: Final = frozenset({"index", "output_index", "content_index", "summary_index", "item_id"})


class Splitter(Protocol):
    """Cuts a stream into events."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The events that are complete now, ends included."""
        ...


@dataclass(slots=True)
class Cut:
    """Cuts at a pattern, and holds no more than one event.

    Attributes:
        end: what ends an event.
        limit: bytes of one event.
    """

    end: re.Pattern[bytes]
    limit: int
    rest: bytearray = field(default_factory=bytearray, repr=False)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The events that are complete now, ends included.

        Raises:
            Refusal: an event is too long.
        """
        searched = max(0, len(self.rest) - 3)
        self.rest += data
        while match := self.end.search(self.rest, searched):
            event = bytes(self.rest[: match.end()])
            del self.rest[: match.end()]
            searched = 0
            yield event
        if len(self.rest) > self.limit:
            raise unexaminable("an event of the stream is too long")

    def last(self) -> bytes:
        """What stands behind the last end."""
        return bytes(self.rest)


def cutter(kind: str, limit: int) -> Cut:
    """The splitter for a media type: server-sent events, or lines."""
    return Cut(_EVENT_END if kind == SERVER_SENT else _LINE_END, limit)


@dataclass(slots=True)
class Stream:
    """The events of one answer, each with its pictures stamped.

    Attributes:
        stamps: of the exchange.
        kind: media type of the stream.
        tails: the end of every text that grows over the events.
    """

    stamps: Stamps
    kind: str
    tails: dict[tuple[object, ...], str] = field(default_factory=dict, repr=False)

    def event(self, data: bytes) -> bytes:
        """One event, as it was or with its pictures stamped.

        Raises:
            Refusal: it may not pass.
        """
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise unreadable("the stream is not UTF-8") from None
        if self.kind != SERVER_SENT:
            changed = self._payload(text) if text.strip() else text
            return data if changed is text else f"{changed.strip()}\n".encode()
        return self._server_sent(data, text)

    def failure(self, refusal: Refusal) -> bytes:
        """The event that ends a stream in which something may not pass."""
        body = refusal.body()
        if self.kind == SERVER_SENT:
            # With an empty line first: the event before may have been cut off.
            return b"\n\nevent: error\ndata: " + body + b"\n\n"
        return body + b"\n"

    def _server_sent(self, data: bytes, text: str) -> bytes:
        fields, others = [], []
        for line in _LINE.split(text):
            name, _, value = line.partition(":")
            if name == "data":
                fields.append(value.removeprefix(" "))
            elif line:
                others.append(line)
                if len(line) > _MAX_FIELD:
                    raise unexaminable("a field of an event is too long")
                if self.stamps.text(line) is not line:
                    raise unexaminable("an event holds an image where none belongs")
        if not fields:
            return data
        payload = "\n".join(fields)
        changed = self._payload(payload)
        if changed is payload:
            return data
        lines = [*others, *(f"data: {line}" for line in changed.split("\n"))]
        return "\n".join([*lines, "", ""]).encode("utf-8")

    def _payload(self, text: str) -> str:
        """What one event carries: JSON, or a text of no form such as `[DONE]`."""
        if text.lstrip()[:1] not in ("{", "["):
            return self._piece(("text",), text)
        try:
            json_text.check(text, self.stamps.limits)
        except Refusal as refusal:
            if refusal.reason != "upstream_malformed" or self.kind != SERVER_SENT:
                raise
            return self._piece(("text",), text)
        changed = json_text.rewritten(text, self.stamps.string)
        self._check_growing(text)
        return changed

    def _check_growing(self, text: str) -> None:
        event = json.loads(text, parse_int=str, parse_float=str)
        which = tuple(sorted(set(_which(event))))
        for path, piece in _strings(event, ()):
            self._joint((*which, *path), piece)

    def _piece(self, channel: tuple[object, ...], text: str) -> str:
        changed = self.stamps.text(text)
        self._joint(channel, text)
        return changed

    def _joint(self, channel: tuple[object, ...], piece: str) -> None:
        tail = self.tails.get(channel, "")
        if tail.endswith(piece + piece):
            # An id, a model: the same in every event. What repeats itself is no picture, and that
            # none begins where two meet was seen when they met first.
            return
        if tail:
            find.check_joint(tail, piece, links=not self.stamps.policy.pass_links)
        elif len(self.tails) >= self.stamps.limits.channels:
            raise Refusal(BAD_GATEWAY, "cannot_examine", "the stream has too many texts")
        found = find.pictures(piece)
        end = found[-1].end if found else 0
        self.tails[channel] = ((tail if not found else "") + piece[end:])[-find.TAIL :]


def _which(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in _WHICH and isinstance(item, str):  # numbers are texts here
                yield key, item
            yield from _which(item)
    elif isinstance(value, list):
        for item in value:
            yield from _which(item)


def _strings(value: object, path: tuple[object, ...]) -> Iterator[tuple[tuple[object, ...], str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(item, (*path, number))
    elif isinstance(value, str):
        yield path, value
