"""The one way in which text from a file gets into evidence."""

from __future__ import annotations

from typing import Final

MAX_EXCERPT: Final = 100


def excerpt(text: str) -> str:
    """At most `MAX_EXCERPT` printable characters on one line; others become "?".

    `str.isprintable` is false for control, direction-changing and unassigned characters and
    for separators other than the space. Double quotes become single ones, because sentences
    put the value between double quotes.
    """
    line = " ".join(text[: 4 * MAX_EXCERPT].split())
    safe = "".join(c if c.isprintable() else "?" for c in line).replace('"', "'")
    return safe if len(safe) <= MAX_EXCERPT else safe[: MAX_EXCERPT - 3] + "..."
