"""Text that came from a file, made safe to print."""

from __future__ import annotations

import unicodedata
from typing import Final

#: Nothing that is shown is longer; the saved report holds it all.
MAX_SHOWN: Final = 400


def shown(text: object, limit: int = MAX_SHOWN) -> str:
    """One line without control or direction characters, of at most `limit` characters.

    They are spelled out: what could steer a terminal is seen, and steers nothing.
    """
    whole = str(text)
    # Cc control, Cf format (bidi), Cs surrogate, Co private use, Cn unassigned; Zl and Zp
    # separate lines.
    parts = (
        _spelled(character) if unicodedata.category(character) in _STEERING else character
        for character in whole[:limit]
    )
    return "".join(parts) + ("..." if len(whole) > limit else "")


_STEERING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
