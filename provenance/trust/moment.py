"""Moments in time as reports and users write them: RFC 3339, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from provenance.errors import ArgumentError

_RFC_3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]00:00)", re.ASCII
)


def parse_moment(text: str) -> datetime:
    """A moment in UTC, e.g. ``2026-11-22T19:24:46Z``.

    Raises:
        ArgumentError: not RFC 3339, or not in UTC: a local time would be a guess.
    """
    try:
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:
        pass  # a month 13 has the right form
    raise ArgumentError(
        f"{text!r} is not a time in UTC", hint="write it like 2026-11-22T19:24:46Z (RFC 3339)"
    )


def moment_text(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
