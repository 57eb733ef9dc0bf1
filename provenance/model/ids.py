"""Identifiers: what names a record, a mark, a manifest and a generating system."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self

_MARK_ID: Final = re.compile(r"[0-9a-fA-F]{12}")
_MANIFEST_URN: Final = "urn:c2pa:"
SYSTEM_ID_BITS: Final = 20
MARK_ID_BITS: Final = 48


@dataclass(frozen=True, slots=True, order=True)
class MarkId:
    """The 48-bit identifier that the watermark carries; unique in its system.

    It is drawn at random: no counter, no time and no account can be read out of it.
    """

    value: int

    def __post_init__(self) -> None:
        if not 0 <= self.value < 1 << MARK_ID_BITS:
            raise ValueError(f"mark id must fit in {MARK_ID_BITS} bits")

    def __str__(self) -> str:
        return f"{self.value:012x}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the twelve hexadecimal digits that `str()` writes."""
        if not _MARK_ID.fullmatch(text):
            raise ValueError("a mark id is twelve hexadecimal digits")
        return cls(int(text, 16))

    @classmethod
    def random(cls, *, bits: int = MARK_ID_BITS) -> Self:
        """A fresh unguessable id; for layouts that carry fewer bits the rest is zero."""
        return cls(secrets.randbits(bits) << (MARK_ID_BITS - bits))

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        """How saved documents keep an id: as the text of `str()`. pydantic's own protocol."""
        text = {
            "type": "function-after",
            "function": {"type": "no-info", "function": cls.parse},
            "schema": handler(str),
        }
        either = {"type": "union", "choices": [{"type": "is-instance", "cls": cls}, text]}
        return {
            "type": "json-or-python",
            "json_schema": text,
            "python_schema": either,
            "serialization": {"type": "to-string"},
        }


@dataclass(frozen=True, slots=True)
class SystemRef:
    """A generating system: a deployment that issues marks under its own secret.

    `id` is the 20-bit number in the payload; it is None for a system that is known
    only by the name in its signing certificate.
    """

    id: int | None
    name: str

    def __post_init__(self) -> None:
        if self.id is not None and not 0 <= self.id < 1 << SYSTEM_ID_BITS:
            raise ValueError(f"system id must fit in {SYSTEM_ID_BITS} bits")

    def __str__(self) -> str:
        return self.name if self.id is None else f"{self.name} (#{self.id})"


def new_record_id() -> str:
    """A random UUID; names the record and, through `manifest_id_for`, its manifest."""
    return str(uuid.uuid4())


def manifest_id_for(record_id: str) -> str:
    """The manifest label of a record, known before anything is signed.

    C2PA 2.4, clause "Unique Identifiers": ``urn:c2pa:`` followed by a UUID.
    """
    return f"{_MANIFEST_URN}{uuid.UUID(record_id)}"


def record_id_of(manifest_id: str) -> str:
    """The record that a label of `manifest_id_for` names; another label names no record."""
    return manifest_id.removeprefix(_MANIFEST_URN)
