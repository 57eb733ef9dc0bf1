"""Talking to people and programs: data on stdout, everything else on stderr.

All text may come from a hostile file. What is shown on a terminal goes through `shown`,
which spells out control and direction-changing characters; JSON is written in ASCII.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path

from provenance.errors import ProvenanceError
from provenance.printable import shown


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


def out_json_text(text: str) -> None:
    """JSON that is text already, flushed at once so that a reader can follow."""
    sys.stdout.write(text)
    sys.stdout.flush()


def complain(error: ProvenanceError, *, about: str | Path = "") -> None:
    """An error in one line on stderr: which file, what is wrong, what to do."""
    complain_of(error.code.value, error.message, error.hint, about)


def complain_of(code: str, message: str, hint: str, about: str | Path = "") -> None:
    """The same, of an error that is only known by its parts."""
    where = f"{shown_path(about)}: " if str(about) else ""
    advice = f" (hint: {shown(hint)})" if hint else ""
    talk(f"error: {where}{shown(message)}{advice} [{code}]")


def error_fields(error: ProvenanceError) -> dict[str, str]:
    """An error for JSON."""
    message, hint = (
        text.encode("utf-8", "backslashreplace").decode() for text in (error.message, error.hint)
    )
    return {"code": error.code.value, "message": message, "hint": hint}
