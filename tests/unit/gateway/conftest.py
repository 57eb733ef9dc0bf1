"""A stamper, pictures, and a middleware around whatever a test wants."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import pytest
from support import pictures
from support.asgi import Got, Replying, get

from provenance import Generation, Stamper, Workspace
from provenance.gateway import Exchange, GatewayLimits, Policy, StampMiddleware


@pytest.fixture(scope="session")
def stamper(workspace: Workspace) -> Stamper:
    return workspace.stamper()


@pytest.fixture(scope="session")
def png() -> bytes:
    return pictures.file(pictures.crop(), "PNG")


@pytest.fixture(scope="session")
def png64(png: bytes) -> str:
    return base64.b64encode(png).decode()


@dataclass
class Gate:
    """Runs one exchange through the middleware."""

    stamper: Stamper
    policy: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    seen: list[Exchange] = field(default_factory=list)

    def app(self, inner: Any) -> StampMiddleware:
        policy = {"generation": Generation(model="acme-1"), **self.policy}
        return StampMiddleware(
            inner,
            self.stamper,
            Policy(**policy),
            limits=GatewayLimits(**self.limits),
            on_exchange=self.seen.append,
        )

    def get(self, inner: Any, path: str = "/v1/images/generations", **options: Any) -> Got:
        return get(self.app(inner), path, **options)

    def reply(self, body: bytes | str, kind: str = "application/json", **options: Any) -> Got:
        data = body.encode() if isinstance(body, str) else body
        return self.get(Replying(body=data, kind=kind), **options)


@pytest.fixture
def gate(stamper: Stamper) -> Gate:
    return Gate(stamper)
