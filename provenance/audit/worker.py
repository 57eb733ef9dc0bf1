"""A process that examines images for another one, and may die of any of them.

How it is told and answers: `provenance.isolation.child`. Its answers are

    ["ready"]  ["begin", index]  ["row", index, {...}]  ["end"]

`begin` comes before an image is read, so that whoever waits knows which one a silence belongs to.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import provenance
from provenance.audit.chunk import Chunk, Item
from provenance.audit.row import Row, examine
from provenance.audit.sources import items
from provenance.errors import ErrorCode, InputError
from provenance.isolation.child import Channel, confine
from provenance.verify import Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a worker does for as long as it lives. `memory` in bytes, beyond what it starts with."""

    verifier: Verifier
    memory: int


def main() -> None:
    """Read orders, then one chunk after another with the index to begin at."""
    channel = Channel()
    orders: Orders = channel.next()
    confine(orders.memory, writes=False)
    channel.say("ready")
    while True:
        try:
            chunk, start = channel.next()
        except EOFError:
            return
        _work(orders.verifier, chunk, start, channel)


def _work(verifier: Verifier, chunk: Chunk, start: int, channel: Channel) -> None:
    found = items(chunk, start, verifier.limits)
    for index in range(start, chunk.count):
        channel.say("begin", index)
        channel.say("row", index, _row(found, chunk.key(index), verifier), at_once=False)
    channel.say("end")


def _row(found: Iterator[Item], key: str, verifier: Verifier) -> Row:
    """The row of the next image; its time begins before it is read."""
    begin = time.monotonic()
    try:
        item = next(found, None) or _missing(key, "is not there any more", ErrorCode.IO)
    except MemoryError:
        item = _missing(key, "needs more memory than a worker may use", ErrorCode.LIMIT)
    except Exception as error:  # noqa: BLE001 - a defect must not cost the run a row
        item = _missing(key, f"{type(error).__name__}: {error}", ErrorCode.INTERNAL)
    row = examine(item, key, verifier, provenance.__version__)
    return row | {"milliseconds": round(1000 * (time.monotonic() - begin))}


def _missing(key: str, why: str, code: ErrorCode) -> Item:
    return Item(name=key, problem=InputError(why, code=code))


if __name__ == "__main__":
    main()
