"""From what people have of a record to the record: its id, its manifest, its mark or its file."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from provenance.errors import ArgumentError

from .console import shown

if TYPE_CHECKING:
    from provenance.model import Record, SystemRef
    from provenance.registry import RecordStore

_RECORD_ID: Final = re.compile(r"(?:urn:c2pa:)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_MARK_ID: Final = re.compile(r"[0-9a-f]{12}")


class Named(NamedTuple):
    """A record, or when it was erased; neither where there never was one."""

    record: Record | None
    erased_at: datetime | None = None


def find_named(store: RecordStore, system: SystemRef, text: str) -> Named:
    """The record that somebody names.

    Args:
        store: the registry.
        system: whose mark it is, where a mark is named.
        text: a record id, a manifest label (`urn:c2pa:...`), a mark id of twelve hexadecimal
            digits, or the SHA-256 of an issued file.

    Raises:
        ArgumentError: it is nothing of that, or several records have this file.
        RegistryError: the registry cannot be read.
    """
    from provenance.model import MarkId

    name = text.strip().lower()
    if match := _RECORD_ID.fullmatch(name):
        record = store.find_by_id(match[1])
        return Named(record, None if record else store.erased_at(record_id=match[1]))
    if _SHA256.fullmatch(name):
        return _of_file(store.find_by_sha256(name))
    if _MARK_ID.fullmatch(name):
        mark = (-1 if system.id is None else system.id, MarkId.parse(name))
        record = store.find_by_mark(*mark)
        return Named(record, None if record else store.erased_at(mark=mark))
    raise ArgumentError(
        f"{shown(text, 80)} names no record",
        hint="a record id, a manifest (urn:c2pa:...), a mark id of twelve hexadecimal digits, or "
        "the SHA-256 of an issued file",
    )


def _of_file(found: tuple[Record, ...]) -> Named:
    if len(found) > 1:
        ids = ", ".join(record.record_id for record in found[:4])
        raise ArgumentError(f"{len(found)} records have this file", hint=f"name one: {ids}")
    return Named(found[0] if found else None)


def absence(named: Named) -> str:
    """What there is to say where there is no record."""
    if named.erased_at is None:
        return "no such record"
    return f"the record was erased on {named.erased_at:%Y-%m-%d}"
