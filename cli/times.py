"""Spans of time as people write them."""

from __future__ import annotations

import re
from datetime import timedelta

from provenance.errors import ArgumentError

from .console import shown

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """A number with its unit.

    Raises:
        ArgumentError: it is none.
    """
    match = re.fullmatch(r"([0-9]{1,4})([smhd])", text, re.ASCII)
    if match is None:
        raise ArgumentError(
            f"{shown(text)} is not a time", hint="a number with s, m, h or d, e.g. 90m"
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
