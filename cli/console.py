"""Talking to people and programs: data on stdout, everything else on stderr.

All text may come from a hostile file. What is shown on a terminal goes through `shown`,
which spells out control and direction-changing characters; JSON is written in ASCII.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import unicodedata
from pathlib import Path

from provenance.errors import ProvenanceError

_MAX_SHOWN = 400
_MAX_MARKS = 8  # on one character; more than any script needs, they only cover other lines


def shown(text: object) -> str:
    """Text that is safe to print: one line, no control or direction characters."""
    parts = []
    marks = 0
    for character in str(text)[:_MAX_SHOWN]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        # Cc control, Cf format (bidi), Cs surrogate, Co private use, Zl and Zp separators
        if category[0] == "C" or category in ("Zl", "Zp") or marks > _MAX_MARKS:
            code = ord(character)
            parts.append(f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
        else:
            parts.append(character)
    return "".join(parts) + ("..." if len(str(text)) > _MAX_SHOWN else "")


def shown_path(path: str | Path) -> str:
    """A file name for people and for JSON; bytes that are not UTF-8 are spelled out."""
    return shown(os.fsencode(path).decode("utf-8", "backslashreplace"))


def path_fields(path: str | Path, key: str) -> dict[str, str]:
    """A file name for JSON; names that are not UTF-8 also come in base64."""
    raw = os.fsencode(path)
    try:
        return {key: raw.decode("utf-8")}
    except UnicodeDecodeError:
        encoded = base64.b64encode(raw).decode("ascii")
        return {key: raw.decode("utf-8", "backslashreplace"), f"{key}_base64": encoded}


def out(text: str = "") -> None:
    """Data for stdout."""
    sys.stdout.write(text + "\n")


def talk(text: str) -> None:
    """A message for stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def out_json(value: object, *, indent: int | None = 2) -> None:
    """One JSON document on stdout; one line and flushed at once where `indent` is None."""
    out(json.dumps(value, indent=indent, ensure_ascii=True, allow_nan=False))
    if indent is None:
        sys.stdout.flush()


def complain(error: ProvenanceError, *, about: str | Path = "") -> None:
    """An error in one line on stderr: which file, what is wrong, what to do."""
    where = f"{shown_path(about)}: " if str(about) else ""
    hint = f" (hint: {error.hint})" if error.hint else ""
    talk(f"error: {where}{shown(error.message)}{shown(hint)} [{error.code.value}]")


def error_fields(error: ProvenanceError) -> dict[str, str]:
    """An error for JSON."""
    message, hint = (
        text.encode("utf-8", "backslashreplace").decode() for text in (error.message, error.hint)
    )
    return {"code": error.code.value, "message": message, "hint": hint}
