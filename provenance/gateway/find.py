"""Pictures in a text: base64 that begins like one, `data:` URLs, and links to one elsewhere.

Names of fields do not decide. Every run of base64 that begins like an image is one, wherever it
stands; what looks like one and cannot be taken apart is refused.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

from provenance.gateway.magic import HEAD, SMALLEST, looks_like
from provenance.gateway.refusal import elsewhere, unexaminable

#: Characters of base64 below which nothing is a picture.
SHORTEST: Final = SMALLEST * 4 // 3
#: Characters of a growing text that are remembered.
TAIL: Final = 512
_HEAD_CHARACTERS: Final = HEAD * 4 // 3

_RUN: Final = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST},}}={{0,2}}")
# How PNG, JPEG, WebP and GIF begin in base64, for runs that something was glued in front of.
_INSIDE: Final = re.compile(
    r"iVBORw0KGgo|/9j/(?:4AAQ|4[A-Za-z0-9+/]{3}RXhp|2wBD|7gA)|UklGR[A-Za-z0-9+/]{6,7}XRUJQ|R0lGODlh"
)
_DATA_URL: Final = re.compile(r"data:([^,\n]{0,200}),", re.IGNORECASE)
_LINK: Final = re.compile(
    r"!\[[^\]\n]{0,300}\]\(\s{0,20}<?\s{0,20}(?:https?:)?//"
    r"|<img\b[^<>]{0,1000}?\bsrc(?:set)?\s{0,20}"
    r"=\s{0,20}[\"']?(?:https?:)?//",
    re.IGNORECASE,
)
_IMAGE_ADDRESS: Final = re.compile(
    r"(?:https?:)?//\S{1,4000}\.(?:png|jpe?g|webp|gif|avif|heic|tiff?|bmp|jxl)(?:[?#]\S*)?",
    re.IGNORECASE,
)
_HEXADECIMAL: Final = re.compile(
    r"(?:89504e470d0a1a0a|ffd8ff[c-f]|47494638[37]|52494646.{8}57454250)[0-9a-f]{64}", re.IGNORECASE
)
_ESCAPE: Final = re.compile(r"\\(?:/|u002[fFbB]|x2[fFbB])")
_TO_STANDARD: Final = str.maketrans("-_", "+/")
_TO_URL_SAFE: Final = str.maketrans("+/", "-_")
_SPACES: Final = str.maketrans("", "", " \t\r\n")
# Audio is no picture and comes as a data: URL; what else is in one cannot be looked into.
_HARMLESS: Final = ("audio/",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A picture in a text: `text[start:end]` is its base64, `data` the file.

    `kind` are begin and end of the media type of its `data:` URL, None outside of one.
    """

    start: int
    end: int
    data: bytes = field(repr=False)
    url_safe: bool = False
    kind: tuple[int, int] | None = None

    def written(self, data: bytes) -> str:
        """Another file in the same alphabet."""
        text = base64.b64encode(data).decode("ascii")
        return text.translate(_TO_URL_SAFE) if self.url_safe else text


def pictures(text: str, *, strict: bool = True) -> tuple[Found, ...]:
    """Every picture in a text, in order.

    Args:
        text: any text.
        strict: refuse what may hold a picture in a form that is not understood.

    Raises:
        Refusal: something that looks like a picture, or may hold one, cannot be taken apart.
    """
    if len(text) < SHORTEST:
        return ()
    whole = _whole(text)
    if whole is not None:
        return (whole,)
    urls = {match.end(): match for match in _DATA_URL.finditer(text)}
    found = tuple(filter(None, (_in_run(text, run, urls) for run in _RUN.finditer(text))))
    if not strict:
        return found
    taken = {item.start for item in found}
    for end, match in urls.items():
        if end not in taken:
            _harmless_url(text, match)
    _not_disguised(text)
    return found


def check_joint(tail: str, piece: str, *, links: bool) -> None:
    """Refuse a picture that is spread over several pieces of a growing text.

    Args:
        tail: the last `TAIL` characters before.
        piece: what comes now; only its beginning matters.
        links: refuse links to pictures, too.

    Raises:
        Refusal: a picture begins in the tail and goes on in the piece. So far no more than its
            first bytes were passed.
    """
    joint, at = tail + piece[:TAIL], len(tail)
    for run in _RUN.finditer(joint):
        begin = _start(run)
        if begin is not None and run.start() + begin < at:
            raise unexaminable("an image is spread over several events")
    for url in _DATA_URL.finditer(joint):
        if url.start() < at:
            _harmless_url(joint, url)
    _not_disguised(joint)
    if links:
        check_links(joint)


def check_links(text: str) -> None:
    """Refuse a text that shows a picture from somewhere else (Markdown or HTML).

    Raises:
        Refusal: it does.
    """
    if "//" in text and _LINK.search(text):
        raise elsewhere("the text shows an image from another address, where it is not stamped")


def is_image_address(text: str) -> bool:
    """The text as a whole is the address of an image file."""
    return "//" in text and _IMAGE_ADDRESS.fullmatch(text.strip()) is not None


def is_address(text: str) -> bool:
    """The text as a whole is an address at some server."""
    return text.lstrip().lower().startswith(("http:", "https:", "//", "ftp:", "blob:", "file:"))


def replaced(text: str, found: tuple[Found, ...], files: list[tuple[bytes, str]]) -> str:
    """The text with other pictures in it.

    Args:
        text: as it was given to `pictures`.
        found: what that returned.
        files: for each, the new file and its media type.
    """
    parts, at = [], 0
    for item, (data, mime) in zip(found, files, strict=True):
        if item.kind is not None:
            parts += [text[at : item.kind[0]], mime]
            at = item.kind[1]
        parts += [text[at : item.start], item.written(data)]
        at = item.end
    return "".join([*parts, text[at:]])


# --- one run -----------------------------------------------------------------------


def _whole(text: str) -> Found | None:
    """A text that is nothing but one picture; lines may be broken."""
    compact = text.translate(_SPACES)
    run = _RUN.fullmatch(compact)
    if run is None or _start(run) != 0:
        return None
    data = _decoded(compact)
    return Found(start=0, end=len(text), data=data, url_safe=_is_url_safe(compact))


def _in_run(text: str, run: re.Match[str], urls: dict[int, re.Match[str]]) -> Found | None:
    begin = _start(run)
    if begin is None:
        return None
    start = run.start() + begin
    picture = text[start : run.end()]
    url = urls.get(start)
    if url is not None and not _is_base64(url):
        raise unexaminable("a data: URL holds an image in a form that cannot be read")
    return Found(
        start=start,
        end=run.end(),
        data=_decoded(picture),
        url_safe=_is_url_safe(picture),
        kind=None if url is None else _kind(url),
    )


def _kind(url: re.Match[str]) -> tuple[int, int]:
    begin = url.start(1)
    return begin, begin + len(url[1].partition(";")[0])


def _start(run: re.Match[str]) -> int | None:
    """Where in the run a picture begins."""
    text = run.group()
    if looks_like(_head(text)):
        return 0
    inside = _INSIDE.search(text.translate(_TO_STANDARD))
    return None if inside is None else inside.start()


def _head(text: str) -> bytes:
    head = text[:_HEAD_CHARACTERS].rstrip("=").translate(_TO_STANDARD)
    return base64.b64decode(head[: len(head) // 4 * 4])


def _decoded(text: str) -> bytes:
    bare = text.rstrip("=").translate(_TO_STANDARD)
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        raise unexaminable("base64 of an image is damaged") from None


def _is_url_safe(text: str) -> bool:
    return "-" in text or "_" in text


# --- what is no plain run ------------------------------------------------------------


def _is_base64(url: re.Match[str]) -> bool:
    return url[1].rpartition(";")[2].strip().lower() == "base64"


def _harmless_url(text: str, url: re.Match[str]) -> None:
    """A `data:` URL in which no picture was found; refuse what may be one all the same."""
    payload = text[url.end() : url.end() + 4 * _HEAD_CHARACTERS]
    kind = url[1].partition(";")[0].strip().lower()
    if not _is_base64(url):
        if looks_like(unquote_to_bytes(payload)[:HEAD]) or kind == "image/svg+xml":
            raise unexaminable("a data: URL holds an image in a form that cannot be read")
        return
    compact = _plain(payload).translate(_SPACES)
    image = _RUN.match(compact) and looks_like(_head(compact))
    unknown = _RUN.match(payload.lstrip()) and not kind.startswith(_HARMLESS)
    if image or unknown:
        raise unexaminable("a data: URL holds something that cannot be looked into")


def _not_disguised(text: str) -> None:
    """Refuse pictures in a text within the text, escaped once more, and those in hexadecimal.

    Raises:
        Refusal: there is one.
    """
    plain = _plain(text)
    hidden = plain is not text and any(_new_runs(text, plain))
    if hidden or _HEXADECIMAL.search(text):
        raise unexaminable("the text holds an image in a form that cannot be read")


def _plain(text: str) -> str:
    """The text without the escapes of JSON, scripts, HTML and addresses; itself if it has none."""
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    if "%" in text:
        text = unquote(text)
    return html.unescape(text) if "&" in text else text


def _unescaped(escape: re.Match[str]) -> str:
    return "+" if escape.group().lower().endswith("2b") else "/"


def _new_runs(text: str, plain: str) -> Iterator[bool]:
    seen = {run.group() for run in _RUN.finditer(text)}
    for run in _RUN.finditer(plain):
        yield run.group() not in seen and _start(run) is not None
