"""Bodies with every picture in them stamped. Runs in a worker thread: nothing here waits."""

from __future__ import annotations

from dataclasses import dataclass, field

from provenance.errors import ProvenanceError
from provenance.gateway import find, json_text, multiparts
from provenance.gateway.magic import HEAD, begins_like_image, looks_like
from provenance.gateway.multiparts import Part, media_type, parameter
from provenance.gateway.refusal import BAD_GATEWAY, Refusal, unexaminable, unreadable
from provenance.gateway.settings import GatewayLimits, Policy
from provenance.imaging import Encoding, ImageFormat
from provenance.imaging.formats import sniff
from provenance.model.generation import Generation, TimeStampOutcome
from provenance.stamp import Stamper

_WRITTEN = frozenset(
    {ImageFormat.PNG, ImageFormat.JPEG, ImageFormat.WEBP, ImageFormat.TIFF, ImageFormat.AVIF}
)


@dataclass(slots=True, kw_only=True)
class Stamps:
    """Stamps the pictures of one exchange.

    Attributes:
        stamper: shared by all.
        generation: what made them.
        parents: encoded files that the request gave, as sources of an edit.
        policy: how they are written, and what passes.
        limits: of the answer.
        of_images: the request went to an interface for images.
        count: how many were stamped.
        untimed: how many of them lack a time stamp that was asked for.
    """

    stamper: Stamper
    generation: Generation
    policy: Policy
    limits: GatewayLimits
    parents: tuple[bytes, ...] = field(default=(), repr=False)
    of_images: bool = False
    count: int = 0
    untimed: int = 0

    def picture(self, data: bytes) -> tuple[bytes, str]:
        """The stamped file and its media type.

        Raises:
            Refusal: it cannot be stamped.
        """
        if self.count >= self.limits.images:
            raise unexaminable(f"the answer has more than {self.limits.images} images")
        try:
            encoding = self.policy.encoding or _same(data)
            stamped = self.stamper.stamp(
                data, self.generation, parents=self.parents, encoding=encoding
            )
        except ProvenanceError as error:
            # The message may name files and keys of this machine: the client gets the code.
            raise Refusal(
                BAD_GATEWAY,
                "not_stamped",
                f"an image of the answer could not be stamped ({error.code.value}) and was not "
                "passed on",
                cause=error.code.value,
            ) from error
        self.count += 1
        self.untimed += stamped.time_stamp.outcome is TimeStampOutcome.FAILED
        return stamped.data, encoding.format.mime

    def body(self, data: bytes, content_type: str) -> tuple[bytes, str]:
        """A whole body with every picture stamped, and its Content-Type.

        Raises:
            Refusal: it may not pass.
        """
        kind = media_type(content_type)
        if kind.startswith("image/"):
            return self.picture(data)
        if kind.startswith("multipart/"):
            return self._multipart(data, content_type), content_type
        seen = looks_like(data[:HEAD])
        if seen:
            raise unexaminable(f"the body is called text and begins like {seen}")
        _check_charset(content_type)
        if is_json(kind):
            text = json_text.text_of(data)
            changed = self.json(text)
        else:
            text = _plain(data)
            changed = self.text(text)
        return (data if changed is text else changed.encode("utf-8")), content_type

    def json(self, text: str) -> str:
        """A JSON text with every picture stamped; the same object where there is none."""
        json_text.check(text, self.limits)
        return json_text.rewritten(text, self.string)

    def string(self, token: json_text.Token) -> str | None:
        """What a string of a JSON text is replaced with; None where it has no picture."""
        if not self.policy.pass_links:
            json_text.check_address(token, of_images=self.of_images)
        changed = self.text(token.value)
        if token.is_key and changed is not token.value:
            raise json_text.refused_key()
        if token.key in json_text.PICTURE_FIELDS and token.value and changed is token.value:
            raise unexaminable(f"the field {token.key} holds no image that is known")
        return None if changed is token.value else changed

    def text(self, text: str) -> str:
        """A text with every picture stamped; the same object where there is none."""
        if not self.policy.pass_links:
            find.check_links(text)
        found = find.pictures(text)
        if not found:
            return text
        return find.replaced(text, found, [self.picture(item.data) for item in found])

    def _multipart(self, data: bytes, content_type: str) -> bytes:
        found = multiparts.parts(data, content_type, self.limits.parts)
        return multiparts.joined([self._part(part) for part in found], content_type)

    def _part(self, part: Part) -> Part:
        if part.header(b"content-transfer-encoding").lower() not in ("", "binary", "8bit", "7bit"):
            raise unexaminable("a part of the answer is encoded")
        for name, value in part.headers:
            check_header(name, value)
        content_type = part.header(b"content-type") or "text/plain"
        if media_type(content_type).startswith("multipart/"):
            raise unexaminable("a part of the answer has parts itself")
        check_type(media_type(content_type), self.policy)
        if not is_examined(media_type(content_type)):
            check_head(part.body[:HEAD])
            return part
        body, kind = self.body(part.body, content_type)
        return part if body is part.body else part.changed(body, kind)


def is_json(kind: str) -> bool:
    """The media type is JSON."""
    return kind == "application/json" or kind.endswith("+json")


def is_examined(kind: str) -> bool:
    """Bodies of this media type are looked into, whatever else the operator lets pass."""
    text_or_image = kind.startswith(("image/", "text/", "multipart/")) or is_json(kind)
    return text_or_image and kind != "multipart/byteranges"


def check_type(kind: str, policy: Policy) -> None:
    """Refuse media types that cannot be looked into.

    Raises:
        Refusal: it is not on the list.
    """
    if not (is_examined(kind) or kind in policy.pass_types):
        raise unexaminable("the answer is of a media type that cannot be looked into")


def check_header(name: bytes, value: bytes) -> None:
    """Refuse a header that holds a picture.

    Raises:
        Refusal: it does.
    """
    if find.pictures(value.decode("latin-1")):
        raise unexaminable(f"the header {name.decode('latin-1')[:40]} holds an image")


def check_head(head: bytes) -> None:
    """Refuse a body that passes unseen and begins like an image.

    Raises:
        Refusal: it does.
    """
    if begins_like_image(head):
        raise unexaminable(f"the body begins like {looks_like(head)} under another media type")


def _same(data: bytes) -> Encoding:
    """The format of the file where that can be written, else PNG."""
    kind = sniff(data)
    return Encoding(format=kind if kind in _WRITTEN else ImageFormat.PNG)


def _check_charset(content_type: str) -> None:
    charset = parameter(content_type, "charset").strip().lower()
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise unexaminable("the answer is text in another character set than UTF-8")


def _plain(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise unreadable("the text is not UTF-8") from None
