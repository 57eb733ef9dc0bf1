"""Text that came from a file, or is the name of one, made safe to print and to save."""

from __future__ import annotations

import base64
import os
import unicodedata
from pathlib import Path
from typing import Final

#: Nothing that is shown is longer; the saved report holds it all.
MAX_SHOWN: Final = 400


#: Combining marks on one character: more than any script needs only covers other lines.
_MAX_MARKS: Final = 8
#: Cc control, Cf format (bidi), Cs surrogate, Co private use, Cn unassigned; Zl and Zp
#: separate lines.
_STEERING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def shown(text: object, limit: int = MAX_SHOWN, marks_allowed: int = _MAX_MARKS) -> str:
    """One line without control or direction characters, of at most `limit` characters.

    They are spelled out: what could steer a terminal is seen, and steers nothing. So are
    combining marks beyond `marks_allowed` on one character.
    """
    whole = str(text)
    if len(whole) <= limit and whole.isascii() and whole.isprintable():
        return whole  # most of what is ever shown, and nothing below would change it
    parts, marks = [], 0
    for character in whole[:limit]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        steers = category in _STEERING or marks > marks_allowed
        parts.append(_spelled(character) if steers else character)
    return "".join(parts) + ("..." if len(whole) > limit else "")


def utf8(text: str) -> str:
    """Text that JSON takes: half characters, as in file names that are no UTF-8, spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def file_name(path: str | Path) -> tuple[str, str]:
    """A file name as text; where it is not UTF-8 spelled out, and its bytes in base64 as well."""
    raw = os.fsencode(path)
    try:
        return raw.decode("utf-8"), ""
    except UnicodeDecodeError:
        encoded = base64.b64encode(raw).decode("ascii")
        return raw.decode("utf-8", "backslashreplace"), encoded


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
