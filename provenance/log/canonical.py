"""Values that can be written in one way only, so that equal texts mean equal things."""

from __future__ import annotations

import base64
import binascii
import re


def base64_text(data: bytes) -> str:
    """Base64 (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def base64_bytes(text: str) -> bytes | None:
    """What a base64 text stands for; None unless it is exactly what `base64_text` writes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return data if base64_text(data) == text else None


def decimal(text: str) -> int | None:
    """A number below 2**63 without leading zeroes; None if it is written otherwise."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text, re.ASCII):
        return None
    number = int(text)
    return number if number < 1 << 63 else None
