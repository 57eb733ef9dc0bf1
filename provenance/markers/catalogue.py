"""The known markers: data files of this package, checked when they are loaded.

A new marker is one more entry in one of three files, one for each class, and one more fixture
in `tests/support/markers.py`. Nothing else has to change.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

from provenance.errors import ConfigError

_FOLDER: Final = Path(__file__).parent / "data"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,60}")
#: What is left of a pattern without escapes and character classes must not repeat without
#: bound: the text is hostile, and unbounded repetition is how a search becomes endless.
_PLAIN: Final = re.compile(r"\\.|\[\^?\]?[^\]]*\]")
_UNBOUNDED: Final = re.compile(r"[*+]|\{\d*,\}")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every marker has.

    `id` names it in reports, `system` is who it points to (empty: it names nobody, or the
    value says who), `oracle` whom to ask, `source` where we know it from.
    """

    id: str
    system: str
    source: str
    oracle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One remark that has to be there: under one of these keys, with this in its text.

    The group `shown` of the pattern is what reports quote, else all that matched, else the
    key. The group `system` names the system.
    """

    keys: frozenset[str]
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMarker(Entry):
    """Unsigned metadata: every condition has to be met by some remark in the file."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerMarker(Entry):
    """A C2PA manifest by its signer, its claim generator, or both.

    `ai_source`: only where that manifest states an AI digital source type, because the same
    signer also signs camera pictures or ordinary edits.
    """

    signer: re.Pattern[str] | None = None
    generator: re.Pattern[str] | None = None
    ai_source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftBindingMarker(Entry):
    """A soft binding that a C2PA manifest declares, by the beginning of its `alg`."""

    alg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPayload(Entry):
    """A payload that a system writes into its pixels without a key, as bits."""

    bits: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All known markers, by class."""

    texts: tuple[TextMarker, ...]
    signers: tuple[SignerMarker, ...]
    soft_bindings: tuple[SoftBindingMarker, ...]
    payloads: tuple[PublicPayload, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them."""
        return (*self.signers, *self.soft_bindings, *self.payloads, *self.texts)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The markers of this installation.

    Raises:
        ConfigError: a data file is not valid.
    """
    names = ("signed", "public_watermark", "unsigned_metadata")
    signed, public, unsigned = ((_FOLDER / f"{n}.toml").read_text("utf-8") for n in names)
    return parse(signed=signed, public_watermark=public, unsigned_metadata=unsigned)


def parse(*, signed: str, public_watermark: str, unsigned_metadata: str) -> Catalogue:
    """A catalogue from the text of its three files.

    Raises:
        ConfigError: not TOML, an unknown or missing field, a pattern that is not one or
            repeats without bound, an id that is used twice.
    """
    tables = _tables(signed, "signer", "soft_binding")
    found = Catalogue(
        signers=_all(tables["signer"], _signer),
        soft_bindings=_all(tables["soft_binding"], _soft_binding),
        payloads=_all(_tables(public_watermark, "payload")["payload"], _payload),
        texts=_all(_tables(unsigned_metadata, "text")["text"], _text),
    )
    ids = [entry.id for entry in found.entries]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise ConfigError(f"marker data: {', '.join(twice)} is there twice")
    return found


def _tables(text: str, *names: str) -> dict[str, list[dict[str, Any]]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"marker data is not TOML: {error}") from error
    unknown = set(document) - set(names)
    if unknown:
        raise ConfigError(f"marker data: unknown table {', '.join(sorted(unknown))}")
    return {name: document.get(name, []) for name in names}


def _all(tables: list[dict[str, Any]], make: Callable[[dict[str, Any]], _T]) -> tuple[_T, ...]:
    return tuple(_made(dict(table), make) for table in tables)


def _made(table: dict[str, Any], make: Callable[[dict[str, Any]], _T]) -> _T:
    name = table.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise ConfigError(f"marker data: {name!r} is not an id")
    try:
        made = make(table)
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise ConfigError(f"marker data: {name}: {type(error).__name__}: {error}") from error
    if table:
        raise ConfigError(f"marker data: {name}: unknown field {', '.join(sorted(table))}")
    return made


# --- one entry; each takes its fields out of the table ---------------------------------


def _common(table: dict[str, Any]) -> dict[str, str]:
    common = {name: table.pop(name) for name in ("id", "system", "source")}
    common["oracle"] = table.pop("oracle", "")
    if not all(isinstance(value, str) for value in common.values()):
        raise TypeError("id, system, source and oracle are texts")
    return common


def _text(table: dict[str, Any]) -> TextMarker:
    conditions = tuple(_condition(dict(item)) for item in table.pop("match"))
    if not conditions:
        raise ValueError("nothing to match")
    return TextMarker(**_common(table), conditions=conditions)


def _condition(table: dict[str, Any]) -> Condition:
    keys, pattern = table.pop("keys"), table.pop("pattern", None)
    if table or not keys or not all(isinstance(key, str) for key in keys):
        raise ValueError("a condition has keys and perhaps a pattern")
    return Condition(keys=frozenset(keys), pattern=_pattern(pattern))


def _signer(table: dict[str, Any]) -> SignerMarker:
    signer, generator = (_pattern(table.pop(name, None)) for name in ("signer", "generator"))
    if signer is None and generator is None:
        raise ValueError("neither signer nor generator")
    ai_source = bool(table.pop("ai_source", False))
    return SignerMarker(**_common(table), signer=signer, generator=generator, ai_source=ai_source)


def _soft_binding(table: dict[str, Any]) -> SoftBindingMarker:
    return SoftBindingMarker(alg=table.pop("alg"), **_common(table))


def _payload(table: dict[str, Any]) -> PublicPayload:
    """`text` is written byte by byte, `bits` as they stand."""
    if "text" in table:
        raw = table.pop("text").encode("ascii")
        bits = "".join(f"{byte:08b}" for byte in raw)
    else:
        bits = table.pop("bits")
    if len(bits) < 32 or set(bits) != {"0", "1"}:
        raise ValueError("a payload has at least 32 bits, not all the same")
    return PublicPayload(**_common(table), bits=tuple(int(bit) for bit in bits))


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    if _UNBOUNDED.search(_PLAIN.sub("", text)):
        raise ValueError(f"{text!r} repeats without bound")
    return re.compile(text)
