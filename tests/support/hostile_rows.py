"""Rows with an attacker's text in every column that takes text."""

from __future__ import annotations

from support import runs
from support.attack_strings import ALL

from provenance.audit.row import COLUMNS, Row
from provenance.printable import utf8

#: Set by our own code from closed sets, or from bytes; an attacker does not choose them.
_OURS = frozenset({"sha256", "sha1", "md5", "verdict", "error_code", "issued_at", "tool_version"})


def hostile_rows() -> list[Row]:
    """For each text one row that was examined and one that was not."""
    found = []
    for number, (name, whole) in enumerate(ALL.items()):
        text = utf8(whole)
        texts = {c: text for c, (kind, _) in COLUMNS.items() if kind == "text" and c not in _OURS}
        lists = {c: [text, text] for c, (kind, _) in COLUMNS.items() if kind == "texts"}
        verdict = ("TRACED", "CONFLICT", "OTHER_SYSTEM")[number % 3]
        key = {"key": f"{number} {text}"}
        seen = runs.traced(name) | texts | lists | key | {"verdict": verdict, "error_message": None}
        found += [seen, runs.error(f"e{number} {text}", message=text, milliseconds=10 + number)]
    return found
