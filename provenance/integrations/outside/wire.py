"""Messages between a host and the process that stamps for it: one header, then bodies.

4 bytes   length of the header, big-endian
header    a JSON object; `bodies` lists the lengths of what follows
bodies    pixels and files, one after the other
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

MAX_HEADER = 65_536
MAX_BODIES = 32
MAX_BODY = 512_000_000  # bytes; 100 million pixels of 4 bytes are 400 million

Header = dict[str, Any]


class WireError(Exception):
    """The other side ended, or what it sent is no message."""


def send(stream: BinaryIO, header: Header, bodies: Sequence[bytes] = ()) -> None:
    """Write one message and flush it.

    Raises:
        WireError: the message is larger than the other side accepts, or nobody reads it.
    """
    lengths = [len(body) for body in bodies]
    text = json.dumps({**header, "bodies": lengths}).encode()
    if len(text) > MAX_HEADER or len(lengths) > MAX_BODIES or max(lengths, default=0) > MAX_BODY:
        raise WireError("the picture or what is said about it is too large")
    try:
        for part in (struct.pack(">I", len(text)), text, *bodies):
            stream.write(part)
        stream.flush()
    except (OSError, ValueError) as error:  # ValueError: the pipe was closed
        raise WireError("the other side has ended") from error


def receive(stream: BinaryIO) -> tuple[Header, list[bytes]] | None:
    """Read one message; None where the stream ends between two.

    Raises:
        WireError: it ends within one, or it is none.
    """
    try:
        start = stream.read(4)
        if not start:
            return None
        (length,) = struct.unpack(">I", start)
        if length > MAX_HEADER:
            raise WireError("this is no message")
        header = json.loads(_exactly(stream, length))
        lengths = header["bodies"]
        if len(lengths) > MAX_BODIES or not all(0 <= size <= MAX_BODY for size in lengths):
            raise WireError("this is no message")
        return header, [_exactly(stream, size) for size in lengths]
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise WireError("this is no message") from error


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise WireError("the other side ended within a message")
    return data
