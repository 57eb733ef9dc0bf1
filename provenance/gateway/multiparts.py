"""Multipart bodies, taken apart and put together again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from email.message import Message

from provenance.errors import ConfigError
from provenance.gateway.refusal import Headers, unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: its headers, names in lower case, and its body."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = field(repr=False)

    def header(self, name: bytes) -> str:
        """The value of a header, empty where there is none.

        Raises:
            Refusal: there are several.
        """
        return one_header(list(self.headers), name)

    @property
    def name(self) -> str:
        """The name of the form field, empty where there is none."""
        return parameter(self.header(b"content-disposition"), "name")

    def changed(self, body: bytes, mime: str) -> Part:
        """This part with another picture in it."""
        kept = [item for item in self.headers if item[0] not in {b"content-type", *STALE}]
        return replace(self, headers=(*kept, (b"content-type", mime.encode("ascii"))), body=body)


#: Headers that are no longer true of a body that was changed.
STALE = frozenset(
    {
        b"content-length",
        b"content-md5",
        b"digest",
        b"content-digest",
        b"repr-digest",
        b"etag",
        b"accept-ranges",
        b"content-range",
        b"signature",
        b"signature-input",
    }
)


def one_header(headers: Headers, name: bytes) -> str:
    """The value of a header that may be there once, empty where it is not.

    Raises:
        Refusal: it is there twice, so that two readers may see two answers.
    """
    values = [value for key, value in headers if key.lower() == name]
    if len(values) > 1:
        raise unreadable(f"the header {name.decode('ascii')} is there {len(values)} times")
    return values[0].decode("latin-1").strip() if values else ""


def media_type(value: str) -> str:
    """The bare media type of a Content-Type, in lower case."""
    return value.partition(";")[0].strip().lower()


def parameter(value: str, name: str) -> str:
    """A parameter of a header like Content-Type, empty where there is none."""
    message = Message()
    message["content-type"] = value if ";" in value else f"{value};"
    found = message.get_param(name, "")
    return found if isinstance(found, str) else ""


def need_parser() -> None:
    """Refuse to start where multipart bodies could not be read.

    Raises:
        ConfigError: the extra `gateway` is not installed.
    """
    try:
        import python_multipart  # noqa: F401 - whether it is there
    except ImportError as error:
        raise ConfigError(
            "python-multipart is not installed", hint="pip install 'provenance[gateway]'"
        ) from error


def parts(body: bytes, content_type: str, at_most: int) -> tuple[Part, ...]:
    """The parts of a body.

    Raises:
        Refusal: it is damaged, does not end, or has too many parts.
    """
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser

    reader = _Reader()
    try:
        parser = MultipartParser(
            parameter(content_type, "boundary"),
            {
                "on_part_begin": reader.begin,
                "on_header_field": reader.name,
                "on_header_value": reader.value,
                "on_header_end": reader.header,
                "on_part_data": reader.data,
                "on_part_end": reader.part,
                "on_end": reader.end,
            },
        )
        parser.write(body)
        parser.finalize()
    except (FormParserError, ValueError):
        raise unreadable("the multipart body is damaged") from None
    if not reader.ended or not reader.found or len(reader.found) > at_most:
        raise unreadable("the multipart body does not end, is empty, or has too many parts")
    return tuple(reader.found)


def joined(found: list[Part], content_type: str) -> bytes:
    """The body with these parts; what stood before, between and behind them is gone."""
    line = b"--" + parameter(content_type, "boundary").encode("latin-1")
    lines = []
    for part in found:
        head = b"".join(name + b": " + value + b"\r\n" for name, value in part.headers)
        lines += [line, b"\r\n", head, b"\r\n", part.body, b"\r\n"]
    return b"".join([*lines, line, b"--\r\n"])


class _Reader:
    """Collects what the parser says."""

    def __init__(self) -> None:
        self.found: list[Part] = []
        self.ended = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._name, self._value, self._body = bytearray(), bytearray(), bytearray()

    def begin(self) -> None:
        self._headers, self._body = [], bytearray()

    def name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header(self) -> None:
        self._headers.append((bytes(self._name).lower(), bytes(self._value)))
        self._name, self._value = bytearray(), bytearray()

    def data(self, data: bytes, start: int, end: int) -> None:
        self._body += data[start:end]

    def part(self) -> None:
        self.found.append(Part(headers=tuple(self._headers), body=bytes(self._body)))

    def end(self) -> None:
        self.ended = True
