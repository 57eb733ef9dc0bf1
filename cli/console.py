"""Talking to people and programs: data on stdout, everything else on stderr.

All text may come from a hostile file. What is shown on a terminal goes through `shown`,
which spells out control and direction-changing characters; JSON is written in ASCII.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provenance.errors import ProvenanceError
from provenance.printable import file_name, shown, utf8


def shown_path(path: str | Path) -> str:
    """A file name for people and for JSON; bytes that are not UTF-8 are spelled out."""
    return shown(file_name(path)[0])


def path_fields(path: str | Path, key: str) -> dict[str, str]:
    """A file name for JSON; names that are not UTF-8 also come in base64."""
    text, encoded = file_name(path)
    return {key: text, f"{key}_base64": encoded} if encoded else {key: text}


class ReaderGoneError(Exception):
    """Nobody reads standard output any more. Not an `OSError`: click would exit with 1 then."""


def out(text: str = "", *, flush: bool = False) -> None:
    """Data for stdout; flushed where a reader follows line by line.

    Raises:
        ReaderGoneError: once; whatever is written after that goes nowhere.
    """
    with _reader():
        sys.stdout.write(f"{text}\n")
        if flush:
            sys.stdout.flush()


def out_bytes(data: bytes) -> None:
    """Bytes for stdout as they are; see `out`."""
    with _reader():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def flush_output() -> None:
    """Hand over what is still held back; see `out`."""
    with _reader():
        sys.stdout.flush()


@contextmanager
def _reader() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        # Let it lead nowhere, so that nothing fails again when the interpreter flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ReaderGoneError from None


def talk(text: str) -> None:
    """A message for stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def out_json(value: object, *, indent: int | None = 2) -> None:
    """One JSON document on stdout; one line and flushed at once where `indent` is None."""
    text = json.dumps(value, indent=indent, ensure_ascii=True, allow_nan=False)
    out(text, flush=indent is None)


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
    return {"code": error.code.value, "message": utf8(error.message), "hint": utf8(error.hint)}
