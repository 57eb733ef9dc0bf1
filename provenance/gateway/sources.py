"""What a request says about the pictures that will come: their sources and their model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any, Final

from provenance.errors import ProvenanceError
from provenance.gateway import find, json_text, multiparts
from provenance.gateway.magic import HEAD, begins_like_image
from provenance.gateway.multiparts import media_type, one_header, parameter
from provenance.gateway.refusal import BAD_GATEWAY, BAD_REQUEST, UNSUPPORTED, Headers, Refusal
from provenance.gateway.settings import GatewayLimits, Policy
from provenance.gateway.stamping import is_json
from provenance.model.generation import Generation, Operation
from provenance.stamp import Stamper
from provenance.stamp.parents import MAX_PARENTS, ancestry

#: Fields with a picture that says where something is painted: no source.
_MASKS: Final = frozenset({"mask", "mask_image", "mask_url", "input_image_mask"})
_NAMED: Final = frozenset({"image_url", "image", "images", "url", "init_image", "source_image"})
_FILE_IDS: Final = frozenset({"file_id", "image_file_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is known from a request. `sources` are encoded files, each once, in order."""

    generation: Generation
    sources: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What is gathered while a request is read."""

    policy: Policy
    model: str = ""
    masked: bool = False
    sources: dict[bytes, bytes] = field(default_factory=dict, repr=False)

    def source(self, data: bytes) -> None:
        self.sources.setdefault(hashlib.sha256(data).digest(), data)
        if len(self.sources) > MAX_PARENTS:
            raise _bad("too_many_sources", f"the request has more than {MAX_PARENTS} images")

    def text(self, text: str) -> None:
        for item in find.pictures(text, strict=False):
            if begins_like_image(item.data[:HEAD]):
                self.source(item.data)

    def address_wanted(self) -> None:
        if not self.policy.pass_links:  # refused now: the answer would be, and be paid for
            raise _bad("image_elsewhere", "ask for response_format b64_json: url is not passed on")

    def named(self) -> None:
        if not self.policy.pass_named_sources:
            raise _bad(
                "source_elsewhere",
                "the request names a source image that the gateway cannot see; send the image "
                "itself, as a data: URL or a file",
            )


def asked(
    body: bytes, headers: Headers, *, policy: Policy, limits: GatewayLimits, stamper: Stamper
) -> Asked:
    """Read a request, and check its sources before anything is generated from them.

    Raises:
        Refusal: it cannot be read, or a source cannot be made a parent.
    """
    seen = _Seen(policy=policy)
    try:
        _read(body, headers, seen, limits)
    except Refusal as refusal:
        if refusal.status < BAD_GATEWAY:
            raise
        raise _bad("malformed_request", f"not to be read: {refusal.message}") from refusal
    generation = policy.models.get(seen.model, policy.generation)
    sources = tuple(seen.sources.values())
    if sources and seen.masked and not generation.operations:
        generation = replace(generation, operations=(Operation.INPAINT,))
    try:
        ancestry(sources, None, generation, formats=stamper.formats, limits=stamper.limits)
    except ProvenanceError as error:
        raise Refusal(
            BAD_REQUEST,
            "unusable_source",
            f"an image of the request cannot be recorded as a source ({error.code.value})",
            cause=error.code.value,
        ) from error
    return Asked(generation=generation, sources=sources)


def _read(body: bytes, headers: Headers, seen: _Seen, limits: GatewayLimits) -> None:
    if one_header(headers, b"content-encoding").lower() not in ("", "identity"):
        raise Refusal(UNSUPPORTED, "encoded_request", "send the request without content-encoding")
    content_type = one_header(headers, b"content-type")
    kind = media_type(content_type)
    if not body:
        return
    if is_json(kind) or not kind:
        if parameter(content_type, "charset").lower() not in ("", "utf-8", "utf8"):
            raise Refusal(UNSUPPORTED, "charset", "send JSON as UTF-8")
        _json(body, seen, limits)
    elif kind == "multipart/form-data":
        for part in multiparts.parts(body, content_type, limits.parts):
            _field(part, seen)
    elif begins_like_image(body[:HEAD]):
        seen.source(body)
    elif kind.startswith(("text/", "application/x-www-form-urlencoded")):
        seen.text(body.decode("utf-8", "replace"))


def _json(body: bytes, seen: _Seen, limits: GatewayLimits) -> None:
    text = json_text.text_of(body)
    json_text.check(text, limits)
    seen.model = _model(text)
    for token in json_text.tokens(text):
        if token.is_key:
            continue
        names = {token.key, token.above}
        if names & _MASKS:
            seen.masked = True
            continue
        if (token.key, token.value) == ("response_format", "url"):
            seen.address_wanted()
        seen.text(token.value)
        if (names & _NAMED and find.is_address(token.value)) or token.key in _FILE_IDS:
            seen.named()


def _model(text: str) -> str:
    value: Any = json.loads(text, parse_int=str, parse_float=str)
    model = value.get("model", "") if isinstance(value, dict) else ""
    return model if isinstance(model, str) else ""


def _field(part: multiparts.Part, seen: _Seen) -> None:
    name = part.name
    if name in _MASKS:
        seen.masked = True
    elif begins_like_image(part.body[:HEAD]):
        seen.source(part.body)
    elif name == "response_format" and part.body.strip() == b"url":
        seen.address_wanted()
    elif name == "model":
        seen.model = part.body.decode("utf-8", "replace")
    elif name.removesuffix("[]") in _NAMED and find.is_address(
        part.body[:16].decode("utf-8", "replace")
    ):
        seen.named()
    else:
        seen.text(part.body.decode("utf-8", "replace"))


def _bad(reason: str, message: str) -> Refusal:
    return Refusal(BAD_REQUEST, reason, message)
