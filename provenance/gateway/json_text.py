"""JSON that is changed only where a picture is; everything else stays byte for byte.

Numbers are never read and objects never built: `1.0`, `1e400`, repeated keys and escapes come out
as they came in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from provenance.gateway.find import is_address, is_image_address
from provenance.gateway.refusal import Refusal, elsewhere, unexaminable, unreadable
from provenance.gateway.settings import GatewayLimits

_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")
_COLON: Final = re.compile(r"\s*:")
# A picture as a list of the numbers of its bytes: PNG, JPEG, GIF, RIFF.
_NUMBERS: Final = re.compile(
    r"\[\s*(?:137\s*,\s*80\s*,\s*78|255\s*,\s*216\s*,\s*255|71\s*,\s*73\s*,\s*70\s*,\s*56"
    r"|82\s*,\s*73\s*,\s*70\s*,\s*70)\s*,"
)
#: Fields of known interfaces that hold a picture and nothing else.
PICTURE_FIELDS: Final = frozenset({"b64_json", "partial_image_b64", "image_base64", "b64_image"})
_ADDRESS_FIELDS: Final = frozenset({"image_url", "imageUrl", "image", "thumbnail"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A string in a JSON text: `start` and `end` with its quotes, `value` what it says.

    `key` is the name of the field whose value it is, `above` that of the object around, each
    empty where there is none. `is_key` says that it is a name itself.
    """

    start: int
    end: int
    value: str
    key: str = ""
    above: str = ""
    is_key: bool = False


def text_of(data: bytes) -> str:
    """The text of a JSON body.

    Raises:
        Refusal: it is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise unreadable("the JSON is not UTF-8") from None


def check(text: str, limits: GatewayLimits) -> None:
    """Refuse what is no JSON, is too deep or too long, or spells a picture in numbers.

    Raises:
        Refusal: it is.
    """
    rest = _STRING.sub('""', text)
    if sum(map(rest.count, "[{,")) > limits.json_values:
        raise unexaminable("the JSON has too many values")
    depth = 0
    for bracket in _BRACKET.finditer(rest):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > limits.json_depth:
            raise unexaminable("the JSON is nested too deeply")
    try:
        # Only whether it is JSON matters here: no number is worked out.
        json.loads(text, parse_int=str, parse_float=str)
    except ValueError:
        raise unreadable("the JSON is damaged") from None
    if _NUMBERS.search(rest):
        raise unexaminable("the text holds an image as a list of numbers")


def tokens(text: str) -> Iterator[Token]:
    """Every string of a JSON text that passed `check`."""
    key, above, at, named = "", "", 0, False  # named: a name was read, its value was not
    for match in _STRING.finditer(text):
        start, end = match.span()
        raw, gap = match.group(), text[at:start].strip(" \t\r\n")
        value = json.loads(raw) if "\\" in raw else raw[1:-1]
        named = named and not gap.strip(" \t\r\n[{")
        colon = _COLON.match(text, end)
        if colon:
            above, key, named, at = key if named else above, value, True, colon.end()
            yield Token(start=start, end=end, value=value, is_key=True)
            continue
        if not named and gap != ",":  # neither its value nor the next one of its list
            key = ""
        named, at = False, end
        yield Token(start=start, end=end, value=value, key=key, above=above)


def rewritten(text: str, change: Callable[[Token], str | None]) -> str:
    """The text with other strings in it.

    Args:
        text: JSON that passed `check`.
        change: what a string is replaced with; None leaves its bytes alone.
    """
    parts, at = [], 0
    for token in tokens(text):
        value = change(token)
        if value is not None:
            parts += [text[at : token.start], json.dumps(value)]
            at = token.end
    return "".join([*parts, text[at:]]) if at else text


def check_address(token: Token, *, of_images: bool) -> None:
    """Refuse a field that says where a picture can be fetched, unstamped.

    Args:
        token: one string.
        of_images: the answer is one of an interface for images, where every `url` is a picture's.

    Raises:
        Refusal: it does.
    """
    value = token.value
    if token.is_key or not is_address(value):
        return
    names = {token.key, token.above} & _ADDRESS_FIELDS
    if names or (of_images and token.key == "url") or is_image_address(value):
        raise elsewhere(
            "the text says where an image can be fetched unstamped; ask for response_format "
            "b64_json"
        )


def refused_key() -> Refusal:
    """A picture as the name of a field."""
    return unexaminable("the text holds an image as the name of a field")
