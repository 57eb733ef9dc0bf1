"""Text that came from a file, made safe to print."""

from __future__ import annotations

import unicodedata
from typing import Final

#: Nothing that is shown is longer; the saved report holds it all.
MAX_SHOWN: Final = 400


#: Combining marks on one character: more than any script needs only covers other lines.
_MAX_MARKS: Final = 8
#: Cc control, Cf format (bidi), Cs surrogate, Co private use, Cn unassigned; Zl and Zp
#: separate lines.
_STEERING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def shown(text: object, limit: int = MAX_SHOWN) -> str:
    """One line without control or direction characters, of at most `limit` characters.

    They are spelled out: what could steer a terminal is seen, and steers nothing.
    """
    whole = str(text)
    parts, marks = [], 0
    for character in whole[:limit]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        steers = category in _STEERING or marks > _MAX_MARKS
        parts.append(_spelled(character) if steers else character)
    return "".join(parts) + ("..." if len(whole) > limit else "")


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
