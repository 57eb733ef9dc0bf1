"""The access log: what happened, and nothing of what was said."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

logger = logging.getLogger("provenance.gateway")

# Closed, because paths and queries are text of strangers.
_INTERFACES: Final = (
    ("/images/generations", "images.generations"),
    ("/images/edits", "images.edits"),
    ("/images/variations", "images.variations"),
    ("/chat/completions", "chat.completions"),
    ("/responses", "responses"),
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and its answer.

    Attributes:
        method: of the request, if it is a known one.
        interface: a name from a closed list; `other` for every other path.
        status: of the answer; 0 where the client was gone.
        reason: why it was refused, from the table in `docs/gateway.md`; empty if it was not.
        cause: error code behind that; empty if there is none.
        images: pictures that were stamped.
        untimed: those of them that lack a time stamp that was asked for.
        sources: pictures of the request that became parents.
        request_bytes: size of the request body.
        response_bytes: size of the answer's body, as it was sent.
        seconds: from begin to end.
    """

    method: str
    interface: str
    status: int = 0
    reason: str = ""
    cause: str = ""
    images: int = 0
    untimed: int = 0
    sources: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    seconds: float = 0.0

    @property
    def of_images(self) -> bool:
        """The request went to an interface for images."""
        return self.interface.startswith("images.")


OnExchange = Callable[[Exchange], None]


def begun(method: str, path: str) -> Exchange:
    """An exchange that begins."""
    interface = next((name for end, name in _INTERFACES if path.rstrip("/").endswith(end)), "other")
    return Exchange(method=method if method in _METHODS else "other", interface=interface)


def log(exchange: Exchange) -> None:
    """One line of JSON to the logger `provenance.gateway`."""
    fields = asdict(exchange) | {"seconds": round(exchange.seconds, 3)}
    logger.info("%s", json.dumps(fields))
