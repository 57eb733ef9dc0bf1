"""The questioned file as case systems want it named."""

from __future__ import annotations

import re

from provenance.model import InputFacts
from provenance.report.result import Source


def media_type(facts: InputFacts | None) -> str:
    """The media type of an image that was decoded, else an empty text.

    Every format that is accepted is registered under its own name (IANA, `image/`).
    """
    return f"image/{facts.format}" if facts else ""


def base_name(source: Source) -> str:
    """The last part of the file's name, whichever system wrote it."""
    return re.split(r"[/\\]", source.name)[-1] or source.name
