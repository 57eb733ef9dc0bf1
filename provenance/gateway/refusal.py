"""What the gateway answers in place of what it does not pass, in the form of the OpenAI API."""

from __future__ import annotations

import json
from typing import Final

from provenance.errors import ProvenanceError

Headers = list[tuple[bytes, bytes]]

BAD_REQUEST: Final = 400
NOT_ALLOWED: Final = 405
TOO_LARGE: Final = 413
UNSUPPORTED: Final = 415
BAD_GATEWAY: Final = 502
UNAVAILABLE: Final = 503
TOO_SLOW: Final = 504


class Refusal(ProvenanceError):  # noqa: N818 - an answer, as much as an error
    """Nothing of the exchange is passed on; the client gets this instead.

    Attributes:
        status: of the HTTP answer.
        reason: a word for programs, from the table in `docs/gateway.md`.
        cause: the code of the error that led to it, for the access log; or empty.
    """

    def __init__(self, status: int, reason: str, message: str, *, cause: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.cause = cause

    def body(self) -> bytes:
        """The error as JSON in ASCII. Nothing of the exchange is in it."""
        kind = "server_error" if self.status >= BAD_GATEWAY - 2 else "invalid_request_error"
        error = {"message": self.message, "type": kind, "param": None, "code": self.reason}
        return json.dumps({"error": error}).encode("ascii")

    def headers(self) -> Headers:
        """The headers of the answer.

        Clients repeat what ended in 5xx, and each time a picture is generated and paid for. Only
        what was refused before that may be tried again.
        """
        again = self.status == UNAVAILABLE
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(self.body())).encode("ascii")),
            (b"cache-control", b"no-store"),
            (b"x-should-retry", b"true" if again else b"false"),
        ]
        return [*headers, (b"retry-after", b"1")] if again else headers


class ClientGoneError(Exception):
    """The client went away; nobody can be answered."""


class ClientTooSlowError(Exception):
    """The client takes nothing any more; the connection has to be cut."""


def unexaminable(message: str) -> Refusal:
    """There is something that cannot be looked into."""
    return Refusal(BAD_GATEWAY, "cannot_examine", message)


def unreadable(message: str) -> Refusal:
    """It is not what it says it is."""
    return Refusal(BAD_GATEWAY, "upstream_malformed", message)


def elsewhere(message: str) -> Refusal:
    """The picture is not in the answer; the answer says where it can be fetched unstamped."""
    return Refusal(BAD_GATEWAY, "image_elsewhere", message)
