"""What a gateway is told: limits, and what it does with what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from provenance.imaging import Encoding
from provenance.model.generation import Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayLimits:
    """Upper bounds. Whatever is above one is refused, never passed on unseen.

    Attributes:
        exchanges: requests that are under way at the same time; more get 503, before anything
            is generated.
        workers: threads that examine and stamp. Each may hold one decoded picture.
        held_bytes: what all requests and answers together may hold in memory.
        request_bytes: one request body.
        response_bytes: one answer that is held as a whole, or one event of a stream.
        json_depth: nesting of a JSON text.
        json_values: brackets and commas of a JSON text.
        images: pictures in one answer.
        parts: parts of a multipart body.
        channels: texts that grow side by side in one stream.
        total_seconds: from the first byte of the request to the last one of the answer.
        client_seconds: how long a client may take for the next piece, in both directions.
    """

    exchanges: int = 256
    workers: int = 2
    held_bytes: int = 1_000_000_000
    request_bytes: int = 64_000_000
    response_bytes: int = 96_000_000
    json_depth: int = 100
    json_values: int = 1_000_000
    images: int = 64
    parts: int = 64
    channels: int = 4_096
    total_seconds: float = 600.0
    client_seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is stated about pictures, and what may pass.

    Attributes:
        generation: what made the pictures; the mark of an edit is added where there is one.
        models: what to state for a `model` that a request names. It is a closed list: the name
            in a request is text of a stranger, and never gets into a manifest by itself.
        encoding: how pictures are written; None keeps the format of each.
        pass_links: pass answers that say where pictures can be fetched from somebody else.
        pass_named_sources: pass requests whose source picture is only named, by an address or
            an id. The edit is then stamped without its parent.
        pass_types: media types, in lower case, that pass if they do not begin like an image.
        reserved: path below which `healthz` and `readyz` are.
    """

    generation: Generation
    models: Mapping[str, Generation] = field(default_factory=lambda: MappingProxyType({}))
    encoding: Encoding | None = None
    pass_links: bool = False
    pass_named_sources: bool = False
    pass_types: frozenset[str] = frozenset()
    reserved: str = "/.provenance"
