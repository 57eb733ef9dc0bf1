"""Stands in for a server that generates images, to try the gateway with.

    uvicorn samples.image_server:app --port 9000

It answers like the images interface of OpenAI, always with the same picture of
`samples/images`, and without any mark.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Message = dict[str, Any]

PICTURE = sorted((Path(__file__).parent / "images").glob("*.jpg"))[0]


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """One request, as ASGI has it."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    while (await receive()).get("more_body"):
        pass
    picture = base64.b64encode(PICTURE.read_bytes()).decode("ascii")
    body = json.dumps({"created": 0, "data": [{"b64_json": picture}]}).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
